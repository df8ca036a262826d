#pragma once
// The one run of "rotate what is due" that the gateway has under way, however many ask for it.
#include <kj/async.h>
#include <kj/timer.h>

#include "client/lib/maintenance.h"
#include "signer/daemon-link.h"

namespace waas::gateway {

class CronRun {
 public:
  CronRun(kj::Timer& timer, DaemonLink& daemon) : timer(timer), daemon(daemon) {}
  KJ_DISALLOW_COPY(CronRun);

  struct Report {
    bool done = false;
    uint64_t startedAt = 0;  // Unix milliseconds
    client::Rotation run;    // when done
  };

  // Starts a run, or joins the one that is under way, and waits for its end, but not longer than this. Fails as the run
  // does.
  kj::Promise<Report> join(kj::Duration patience, uint32_t limit);

 private:
  kj::Promise<void> start(uint32_t limit);

  kj::Timer& timer;
  DaemonLink& daemon;
  uint64_t startedAt = 0;
  client::Rotation last;
  kj::Maybe<kj::ForkedPromise<void>> running;
};

}  // namespace waas::gateway
