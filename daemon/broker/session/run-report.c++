#include "run-report.h"

#include "../lifecycle/share-keeper.h"
#include "../public-error.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

constexpr kj::Duration REPORT_EVERY = 100 * kj::MILLISECONDS;

void writeCounts(protocol::Rotation::Builder out, const RunCounts& counts) {
  out.setChecked(counts.checked);
  out.setRotated(counts.rotated);
  out.setRecovered(counts.recovered);
  out.setSkipped(counts.skipped);
  out.setFailed(counts.failed);
  out.setTotal(kj::max(counts.total, counts.checked));
}

void writeFailures(protocol::Rotation::Builder out, const RunCounts& counts) {
  auto list = out.initFailures(static_cast<unsigned int>(counts.failures.size()));
  for (unsigned int i = 0; i < counts.failures.size(); i++) {
    auto& failure = counts.failures[i];
    list[i].setWalletId(dataOf(failure.walletId));
    refuse(list[i].initRefusal(), failure.fault.code, failure.detail, failure.fault.share);
  }
}

class Reported {
 public:
  Reported(Parts& parts, kj::Own<Peer> peerParam, RunOrder order, kj::Own<Asker> askerParam,
           kj::Maybe<protocol::Progress::Client> progress)
      : parts(parts),
        peer(kj::mv(peerParam)),
        asker(kj::mv(askerParam)),
        progress(kj::mv(progress)),
        lastReport(parts.timer.now()),
        run(parts, kj::mv(order), askerOrNull(), [this](const RunCounts& counts) { return goesOn(counts); }) {
    parts.keeper.runs++;
  }
  ~Reported() noexcept(false) { parts.keeper.runs--; }
  KJ_DISALLOW_COPY(Reported);

  RotationRun& operator*() { return run; }

 private:
  kj::Maybe<const Asker&> askerOrNull() const {
    if (asker.get() == nullptr) return nullptr;
    return *asker;
  }

  bool goesOn(const RunCounts& counts) {
    if (peer->hasLeft() || unwanted) return false;
    KJ_IF_MAYBE (listener, progress) {
      if (reporting || parts.timer.now() - lastReport < REPORT_EVERY) return true;
      lastReport = parts.timer.now();
      reporting = true;
      auto request = listener->reportRequest();
      writeCounts(request.initSoFar(), counts);
      report = request.send()
                   .then([this](auto&&) { reporting = false; },
                         [this](kj::Exception&&) {
                           reporting = false;
                           unwanted = true;
                         })
                   .eagerlyEvaluate(nullptr);
    }
    return true;
  }

  Parts& parts;
  kj::Own<Peer> peer;
  kj::Own<Asker> asker;
  kj::Maybe<protocol::Progress::Client> progress;
  kj::TimePoint lastReport;
  bool reporting = false;
  bool unwanted = false;
  RotationRun run;
  kj::Promise<void> report = kj::READY_NOW;  // last: ends first
};

}  // namespace

kj::Promise<void> carryOut(Parts& parts, kj::Own<Peer> peer, RunOrder order, kj::Own<Asker> asker,
                           kj::Maybe<protocol::Progress::Client> progress,
                           kj::Function<protocol::Rotation::Builder()> result) {
  if (parts.keeper.runs >= limits::RUNS) {
    return makeFault(ErrorCode::OVERLOADED, "too many runs are under way"_kj);
  }
  auto run = kj::heap<Reported>(parts, kj::mv(peer), kj::mv(order), kj::mv(asker), kj::mv(progress));
  auto& it = **run;
  return it.go()
      .then([&it, result = kj::mv(result)]() mutable {
        auto out = result();
        writeCounts(out, it.counts());
        writeFailures(out, it.counts());
      })
      .attach(kj::mv(run));
}

}  // namespace waas::broker
