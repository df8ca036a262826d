#pragma once
// A connection to PostgreSQL that is made anew for ever: tries the endpoints in order, then waits and tries again.
#include <daemon/broker/backoff.h>
#include <daemon/broker/postgres/connector.h>
#include <daemon/broker/postgres/session.h>

namespace waas::broker {

// Starts at once and goes on until it is destroyed. A resource.
class PostgresConnection {
 public:
  // `name` is for the observer. The references must outlive the connection.
  PostgresConnection(kj::StringPtr name, const PostgresOptions& options, const PostgresTarget& target,
                     kj::Network& network, kj::UnixEventPort& events, StoreObserver& observer);
  KJ_DISALLOW_COPY(PostgresConnection);

  // Sends one statement, see PostgresSession::query; the fault postgresUnreachable at once when there is no connection.
  kj::Promise<PostgresAnswer> query(kj::StringPtr sql, PostgresParameters& parameters, Statement kind);

  bool connected() const { return ready; }
  uint64_t reconnects() const { return made > 0 ? made - 1 : 0; }
  // Of the present or the last session.
  kj::Duration roundTrip() const;
  kj::StringPtr serverVersion() const { return version; }
  const PostgresSession::Facts& facts() const { return lastFacts; }

 private:
  kj::Promise<void> live();
  kj::Promise<void> liveOnce();
  kj::Promise<void> tryFrom(size_t at);
  kj::Promise<void> serve(LibpqConnection connection);
  kj::Promise<void> admit(PostgresSession& current);
  void tellLost(kj::StringPtr reason);

  kj::StringPtr name;
  const PostgresOptions& options;
  const PostgresTarget& target;
  kj::Network& network;
  kj::UnixEventPort& events;
  StoreObserver& observer;
  Backoff backoff;
  bool mayBeStandby;

  kj::Vector<PostgresEndpoint> endpoints;
  kj::Maybe<kj::Own<PostgresSession>> session;
  bool ready = false;
  uint64_t made = 0;
  kj::String toldReason;
  kj::String version;
  PostgresSession::Facts lastFacts;
  kj::Duration lastRoundTrip = 0 * kj::NANOSECONDS;
  kj::Promise<void> task = nullptr;  // last: uses all of the above
};

}  // namespace waas::broker
