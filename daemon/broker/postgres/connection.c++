#include "connection.h"

#include <daemon/broker/fault.h>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

bool allowsStandby(const PostgresTarget& target) {
  for (auto& setting : target.settings) {
    if (setting.keyword == "target_session_attrs") return setting.value != "read-write" && setting.value != "primary";
  }
  return true;
}

// Servers and libraries end their texts with newlines, and a server may put anything into them.
kj::String printable(kj::StringPtr text) {
  kj::Vector<char> clean;
  for (char c : text) {
    if (clean.size() == 300) break;
    clean.add(c >= ' ' && c <= '~' ? c : ' ');
  }
  while (!clean.empty() && clean.back() == ' ') clean.removeLast();
  return kj::heapString(clean);
}

kj::Exception unusable(kj::StringPtr reason) {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__, kj::heapString(reason));
}

}  // namespace

PostgresConnection::PostgresConnection(kj::StringPtr name, const PostgresOptions& options, const PostgresTarget& target,
                                       kj::Network& network, kj::UnixEventPort& events, StoreObserver& observer)
    : name(name),
      options(options),
      target(target),
      network(network),
      events(events),
      observer(observer),
      backoff(options.minBackoff, options.maxBackoff, options.jitterSeed),
      mayBeStandby(allowsStandby(target)),
      task(live().eagerlyEvaluate(nullptr)) {}

kj::Promise<PostgresAnswer> PostgresConnection::query(kj::StringPtr sql, PostgresParameters& parameters,
                                                      Statement kind) {
  if (ready) {
    KJ_IF_MAYBE (current, session) {
      return (*current)->query(sql, parameters, kind);
    }
  }
  return makeFault(ErrorCode::POSTGRES_UNREACHABLE, "there is no connection");
}

kj::Duration PostgresConnection::roundTrip() const {
  KJ_IF_MAYBE (current, session) {
    return (*current)->roundTrip();
  }
  return lastRoundTrip;
}

kj::Promise<void> PostgresConnection::live() {
  return liveOnce()
      .catch_([this](kj::Exception&& e) {
        ready = false;
        KJ_IF_MAYBE (current, session) {
          lastRoundTrip = (*current)->roundTrip();
        }
        session = nullptr;
        tellLost(printable(e.getDescription()));
      })
      .then([this]() { return events.getTimer().afterDelay(backoff.next()); })
      .then([this]() { return live(); });
}

// Never resolves; is rejected with the reason why it is over.
kj::Promise<void> PostgresConnection::liveOnce() {
  return events.getTimer()
      .timeoutAfter(options.connectTimeout, resolve(target, network))
      .then([this](kj::Vector<PostgresEndpoint> found) {
        endpoints = kj::mv(found);
        if (endpoints.empty()) kj::throwFatalException(unusable("no host name could be looked up"));
        return tryFrom(0);
      });
}

kj::Promise<void> PostgresConnection::tryFrom(size_t at) {
  return events.getTimer()
      .timeoutAfter(options.connectTimeout, connectPostgres(target, endpoints[at], events))
      .then([this](LibpqConnection connection) { return serve(std::move(connection)); },
            [this, at](kj::Exception&& e) -> kj::Promise<void> {
              if (at + 1 < endpoints.size()) return tryFrom(at + 1);
              return kj::mv(e);
            });
}

kj::Promise<void> PostgresConnection::serve(LibpqConnection connection) {
  auto& current = *session.emplace(kj::heap<PostgresSession>(
      std::move(connection), events,
      PostgresSession::Limits{options.deadline, options.probeEvery, options.namedStatements}));
  return current.run().exclusiveJoin(admit(current).then([]() -> kj::Promise<void> { return kj::NEVER_DONE; }));
}

// A session serves only after the server has said what it is.
kj::Promise<void> PostgresConnection::admit(PostgresSession& current) {
  return current.probe().then([this, &current]() {
    version = current.serverVersion();
    lastFacts = current.facts();
    if (lastFacts.inRecovery && !mayBeStandby) kj::throwFatalException(unusable("the server is in recovery"));
    ready = true;
    made++;
    backoff.reset();
    toldReason = nullptr;
    observer.storeConnected(name);
  });
}

void PostgresConnection::tellLost(kj::StringPtr reason) {
  if (toldReason == reason) return;
  toldReason = kj::heapString(reason);
  observer.storeLost(name, reason);
}

}  // namespace waas::broker
