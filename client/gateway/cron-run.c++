#include "cron-run.h"

#include "routes/answers.h"

namespace waas::gateway {
namespace {

// The counts; failures are in the daemon's log and in `waas shares rotate`.
client::Rotation counts(const client::Rotation& run) {
  client::Rotation copy;
  copy.checked = run.checked;
  copy.rotated = run.rotated;
  copy.recovered = run.recovered;
  copy.skipped = run.skipped;
  copy.failed = run.failed;
  copy.total = run.total;
  return copy;
}

}  // namespace

kj::Promise<CronRun::Report> CronRun::join(kj::Duration patience, uint32_t limit) {
  if (running == nullptr) {
    startedAt = nowUnixMs();
    running = start(limit).fork();
  }
  auto ended = KJ_ASSERT_NONNULL(running).addBranch().then([this]() { return Report{true, startedAt, counts(last)}; });
  auto impatient = timer.afterDelay(patience).then([this]() { return Report{false, startedAt, {}}; });
  return ended.exclusiveJoin(kj::mv(impatient));
}

kj::Promise<void> CronRun::start(uint32_t limit) {
  return daemon.connection(0)
      .then([this, limit](kj::Own<DaemonConnection> connection) -> kj::Promise<client::Rotation> {
        auto& ref = *connection;
        KJ_IF_MAYBE (maintenance, ref.maintenance()) {
          return maintenance->rotateDue(limit)
              .catch_([this, &ref](kj::Exception&& exception) -> client::Rotation {
                if (client::failureOf(exception).code == ErrorCode::SIGNER_UNREACHABLE) daemon.lost(ref);
                kj::throwFatalException(kj::mv(exception));
              })
              .attach(kj::mv(connection));
        }
        return client::makeFailure(ErrorCode::NOT_ALLOWED, "the gateway's user has no maintenance role");
      })
      .then(
          [this](client::Rotation run) {
            last = kj::mv(run);
            running = nullptr;
          },
          [this](kj::Exception&& exception) {
            running = nullptr;
            kj::throwFatalException(kj::mv(exception));
          });
}

}  // namespace waas::gateway
