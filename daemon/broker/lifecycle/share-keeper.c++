#include "share-keeper.h"

#include <kj/debug.h>
#include <sodium.h>

#include "../health.h"
#include "../log.h"
#include "refresh.h"

namespace waas::broker {

using protocol::ErrorCode;

// One recovery that several signatures may wait for.
struct ShareKeeper::Recovery {
  explicit Recovery(kj::Promise<void> work) : done(work.fork()) {}
  kj::ForkedPromise<void> done;
};

ShareKeeper::ShareKeeper(kj::Timer& timer, const kj::Clock& clock) : timer(timer), clock(clock), tasks(*this) {
  randombytes_buf(holder.data(), holder.size());
}

ShareKeeper::~ShareKeeper() noexcept(false) {}

void ShareKeeper::taskFailed(kj::Exception&& exception) { logFault("B9001", "care for shares failed", exception); }

void ShareKeeper::start(Parts& all, kj::Function<void()> same) {
  parts = &all;
  sameServer = kj::mv(same);
  tasks.add(watch());
}

uint64_t ShareKeeper::now() const {
  int64_t ours = (clock.now() - kj::UNIX_EPOCH) / kj::MILLISECONDS;
  return static_cast<uint64_t>(ours + ahead.orDefault(0));
}

// --- Recovery
// --------------------------------------------------------------------------------------------------------------

kj::Promise<void> ShareKeeper::recover(const Id& walletId, Wanted wanted) {
  if (parts == nullptr) return makeFault(ErrorCode::SHARE_MISSING);
  auto known = recoveries.find(walletId);
  if (known != recoveries.end()) return known->second->done.addBranch();
  if (recoveries.size() >= limits::RECOVERIES_WAITING) {
    return makeFault(ErrorCode::OVERLOADED, "too many wallets have to be recovered"_kj);
  }
  auto made = kj::heap<Recovery>(recoverNow(walletId, wanted));
  auto branch = made->done.addBranch();
  // Goes on when nobody waits any more, and takes itself out at the end.
  tasks.add(made->done.addBranch()
                .catch_([this, walletId](kj::Exception&& exception) {
                  counted.failed++;
                  logFault("B9002", "a wallet was not recovered", exception);
                })
                .then([this, walletId]() { recoveries.erase(walletId); }));
  recoveries.emplace(walletId, kj::mv(made));
  return branch;
}

kj::Promise<void> ShareKeeper::recoverNow(const Id& walletId, Wanted wanted) {
  constexpr uint32_t ATTEMPTS = 4;
  return takeTurn().then([this, walletId, wanted]() {
    return recoverUntilWhole(walletId, wanted, ATTEMPTS).attach(kj::defer([this]() { endTurn(); }));
  });
}

// Somebody else may be at it, too: whoever is slower looks again.
kj::Promise<void> ShareKeeper::recoverUntilWhole(const Id& walletId, Wanted wanted, uint32_t attempts) {
  return refresh(*parts, walletId, nullptr, wanted, nullptr)
      .then([this, walletId, attempts](Refreshed outcome) -> kj::Promise<void> {
        if (outcome != Refreshed::LOST || attempts <= 1) return kj::READY_NOW;
        // What another version lacks would be another damage.
        return recoverUntilWhole(walletId, Wanted::BROKEN, attempts - 1);
      });
}

kj::Promise<void> ShareKeeper::takeTurn() {
  if (turnsTaken < limits::RECOVERIES_AT_ONCE) {
    turnsTaken++;
    return kj::READY_NOW;
  }
  auto turn = kj::newPromiseAndFulfiller<void>();
  turnsWanted.push_back(kj::mv(turn.fulfiller));
  return kj::mv(turn.promise);
}

void ShareKeeper::endTurn() {
  if (turnsWanted.empty()) {
    turnsTaken--;
    return;
  }
  auto next = kj::mv(turnsWanted.front());
  turnsWanted.pop_front();
  next->fulfill();
}

// --- What signatures notice
// ------------------------------------------------------------------------------------------------

void ShareKeeper::noticeDue(const Id& walletId) {
  if (parts == nullptr || due.size() >= limits::DUE_WAITING || !dueKnown.insert(walletId).second) return;
  due.push_back(walletId);
  if (working) return;
  working = true;
  tasks.add(workOffDue());
}

// One after the other: there is time, and signatures come first.
kj::Promise<void> ShareKeeper::workOffDue() {
  if (due.empty()) {
    working = false;
    return kj::READY_NOW;
  }
  Id walletId = due.front();
  due.pop_front();
  return rotateOne(walletId)
      .catch_([this](kj::Exception&& exception) {
        counted.failed++;
        // A part that is away is told of elsewhere; the next signature asks again.
        Fault fault = faultOf(exception);
        if (fault.code == ErrorCode::UNKNOWN) logFault("B9003", "a wallet was not rotated", exception);
        return timer.afterDelay(limits::RUN_RETRY_FIRST);
      })
      .then([this, walletId]() {
        dueKnown.erase(walletId);
        return workOffDue();
      });
}

// With a lease, so that of many hosts that notice it one does it.
kj::Promise<void> ShareKeeper::rotateOne(const Id& walletId) {
  return parts->wallets.wallet(walletId).then([this, walletId](kj::Maybe<WalletRow>&& found) -> kj::Promise<void> {
    KJ_IF_MAYBE (row, found) {
      if (row->deleted) return kj::READY_NOW;
      WalletBrief brief{walletId, row->version, row->expiresAt, 0, 0};
      return parts->wallets.claim(holder, kj::arrayPtr(&brief, 1), limits::LEASE)
          .then([this, walletId](kj::Array<WalletRow>&& rows) -> kj::Promise<void> {
            if (rows.size() == 0) return kj::READY_NOW;
            return refresh(*parts, walletId, kj::mv(rows[0]), Wanted::DUE, nullptr)
                .then([this, walletId](Refreshed outcome) -> kj::Promise<void> {
                  if (outcome == Refreshed::ROTATED || outcome == Refreshed::RECOVERED) return kj::READY_NOW;
                  return parts->wallets.release(holder, kj::arrayPtr(&walletId, 1));
                });
          });
    }
    return kj::READY_NOW;
  });
}

void ShareKeeper::noticeDegraded(const Id& walletId, uint32_t away) {
  counted.degraded++;
  if (parts == nullptr) return;
  auto known = degraded.find(walletId);
  if (known == degraded.end()) {
    if (degraded.size() >= limits::DEGRADED_KNOWN) return;
  } else if (timer.now() - known->second < limits::EXTEND_AGAIN) {
    return;
  }
  degraded.insert_or_assign(walletId, timer.now());
  for (uint32_t i = 0; i < 2; i++) {
    if (away == i + 1) continue;
    tasks.add(parts->writers[i].extend(walletId, parts->settings.shareDays * kj::DAYS).catch_([](kj::Exception&&) {}));
  }
}

void ShareKeeper::noticeDamaged(uint8_t share) {
  counted.damaged++;
  logError("B9004", "a share was there and not authentic: somebody or something has changed it", {{"share", share}});
}

// --- Watching
// --------------------------------------------------------------------------------------------------------------

kj::Promise<void> ShareKeeper::watch() {
  return readClock()
      .catch_([](kj::Exception&&) {})
      .then([this]() {
        lookAtServers();
        return timer.afterDelay(limits::WATCH_TICK);
      })
      .then([this]() { return watch(); });
}

kj::Promise<void> ShareKeeper::readClock() {
  auto before = timer.now();
  return parts->wallets.clock().then([this, before](uint64_t database) {
    int64_t ours = (clock.now() - kj::UNIX_EPOCH) / kj::MILLISECONDS;
    int64_t onTheWay = (timer.now() - before) / kj::MILLISECONDS / 2;
    ahead = static_cast<int64_t>(database) + onTheWay - ours;
  });
}

void ShareKeeper::lookAtServers() {
  auto one = parts->redis1.health(), two = parts->redis2.health();
  if (HealthReport::isSameServer(one, two)) sameServer();
  // A Redis that is back is asked about the wallets that were used meanwhile; what it has lost is written anew.
  bool away[2] = {!one.reachable, !two.reachable};
  bool isBack = (wasAway[0] && !away[0]) || (wasAway[1] && !away[1]);
  for (int i = 0; i < 2; i++) wasAway[i] = away[i];
  if (!isBack || away[0] || away[1]) return;
  for (auto& [walletId, when] : degraded) noticeDue(walletId);
  degraded.clear();
}

void ShareKeeper::addRisks(kj::Vector<kj::String>& risks) const {
  KJ_IF_MAYBE (ms, ahead) {
    if (*ms > limits::CLOCK_APART / kj::MILLISECONDS || -*ms > limits::CLOCK_APART / kj::MILLISECONDS) {
      risks.add(kj::str("The clocks of this host and of PostgreSQL are ", (*ms < 0 ? -*ms : *ms) / 1000, " s apart."));
    }
  }
  if (counted.damaged > 0) {
    risks.add(kj::str("Shares of ", counted.damaged, " wallets were found changed since the start: tampering."));
  }
  if (!degraded.empty()) {
    risks.add(kj::str("Signatures are asked for with the recovery envelope, because a Redis does not answer (",
                      degraded.size(), " wallets)."));
  }
  if (due.size() * 2 > limits::DUE_WAITING) risks.add(kj::str("More wallets are due for rotation than are rotated."));
}

}  // namespace waas::broker
