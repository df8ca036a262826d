#pragma once
// Whether a request could be served now: the daemon's socket, its stores, our database.
#include <kj/async.h>
#include <kj/timer.h>

#include "postgres/database.h"
#include "signer/daemon-link.h"

namespace waas::gateway {

class Readiness {
 public:
  Readiness(kj::Timer& timer, DaemonLink& daemon, Database& database)
      : timer(timer), daemon(daemon), database(database) {}
  KJ_DISALLOW_COPY(Readiness);

  struct Report {
    kj::Maybe<client::ErrorCode> daemon, database;  // null: reached
    bool ready() const { return daemon == nullptr && database == nullptr; }
  };

  // Asks both, or says what they said within limits::READY_FOR. Never fails.
  kj::Promise<Report> report();

  // What was said last.
  bool wasReady() const { return last.ready(); }

 private:
  kj::Promise<void> ask();
  kj::Promise<void> askDaemon();

  kj::Timer& timer;
  DaemonLink& daemon;
  Database& database;
  Report last{client::ErrorCode::SIGNER_UNREACHABLE, nullptr};
  kj::TimePoint asked = kj::origin<kj::TimePoint>();
  bool everAsked = false;
  kj::Maybe<kj::ForkedPromise<void>> asking;
};

}  // namespace waas::gateway
