#include "readiness.h"

#include "limits.h"

namespace waas::gateway {

kj::Promise<Readiness::Report> Readiness::report() {
  if (everAsked && asking == nullptr && timer.now() - asked < limits::READY_FOR) return last;
  if (asking == nullptr) asking = ask().fork();
  return KJ_ASSERT_NONNULL(asking).addBranch().then([this]() { return last; });
}

kj::Promise<void> Readiness::ask() {
  auto daemonAnswer =
      askDaemon().then([this]() { last.daemon = nullptr; },
                       [this](kj::Exception&& exception) { last.daemon = client::failureOf(exception).code; });
  auto databaseAnswer =
      database.ping().then([this]() { last.database = nullptr; },
                           [this](kj::Exception&& exception) { last.database = client::failureOf(exception).code; });
  auto both = kj::heapArrayBuilder<kj::Promise<void>>(2);
  both.add(kj::mv(daemonAnswer));
  both.add(kj::mv(databaseAnswer));
  return kj::joinPromises(both.finish()).then([this]() {
    asked = timer.now();
    everAsked = true;
    // Not now: this is a part of that very promise.
    asking = nullptr;
  });
}

kj::Promise<void> Readiness::askDaemon() {
  return daemon.connection(0).then([this](kj::Own<DaemonConnection> connection) -> kj::Promise<void> {
    auto& ref = *connection;
    KJ_IF_MAYBE (maintenance, ref.maintenance()) {
      return maintenance->ready()
          .catch_([this, &ref](kj::Exception&& exception) {
            if (client::failureOf(exception).code == client::ErrorCode::SIGNER_UNREACHABLE) daemon.lost(ref);
            kj::throwFatalException(kj::mv(exception));
          })
          .attach(kj::mv(connection));
    }
    return client::makeFailure(client::ErrorCode::NOT_ALLOWED, "the gateway's user has no maintenance role");
  });
}

}  // namespace waas::gateway
