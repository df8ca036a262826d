#pragma once
// Looks after wallets' shares while the daemon runs: recovers those that a signature finds missing, rotates those that
// a signature finds due, keeps what is left alive while a Redis is away, and watches what endangers shares.
#include <kj/async.h>
#include <kj/function.h>
#include <kj/timer.h>
#include <kj/vector.h>
#include <protocol/bytes.h>

#include <deque>
#include <map>
#include <set>

#include "../limits.h"
#include "../rows.h"
#include "refresh-kinds.h"

namespace waas::broker {

struct Parts;

// What was counted since the start. Missing, unreachable and damaged are three things.
struct KeeperCounts {
  uint64_t rotated = 0;
  uint64_t recovered = 0;
  uint64_t failed = 0;
  uint64_t missing = 0;   // wallets that a signature found without a share
  uint64_t damaged = 0;   // wallets of which a share was there and not authentic: tampering
  uint64_t degraded = 0;  // signatures asked for while a Redis did not answer
};

class ShareKeeper final : private kj::TaskSet::ErrorHandler {
 public:
  // Does nothing before start(). The references must outlive the keeper.
  ShareKeeper(kj::Timer& timer, const kj::Clock& clock);
  ~ShareKeeper() noexcept(false);
  KJ_DISALLOW_COPY(ShareKeeper);

  // `sameServer` is called when both Redis turn out to be one.
  void start(Parts& parts, kj::Function<void()> sameServer);

  // Unix ms by the database's clock, as far as it is known: what hosts have in common.
  uint64_t now() const;

  // Resolves when the wallet has all its shares again, by whomever. Calls for one wallet share one recovery. Faults:
  // those of refresh(); overloaded.
  kj::Promise<void> recover(const Id& walletId, Wanted wanted);

  // A signature found this wallet to be due. Never waits: it is rotated when there is time.
  void noticeDue(const Id& walletId);

  // A signature was asked for while Redis `away` (1 or 2) did not answer: the time to live of the other share is
  // extended, and the wallet is looked at when that Redis is back.
  void noticeDegraded(const Id& walletId, uint32_t away);

  void noticeDamaged(uint8_t share);  // 0: it was not said which
  void noticeMissing() { counted.missing++; }
  void noticeAdvanced(bool recovered) { (recovered ? counted.recovered : counted.rotated)++; }
  void noticeFailed() { counted.failed++; }

  const KeeperCounts& counts() const { return counted; }
  size_t waitingDue() const { return due.size(); }

  // Milliseconds by which the database's clock is ahead of ours; null: not known.
  kj::Maybe<int64_t> clockAhead() const { return ahead; }

  // Runs that callers have under way, counted by who makes them; at most limits::RUNS.
  uint32_t runs = 0;

  // Sentences for the health report.
  void addRisks(kj::Vector<kj::String>& risks) const;

 private:
  struct Recovery;

  kj::Promise<void> recoverNow(const Id& walletId, Wanted wanted);
  kj::Promise<void> recoverUntilWhole(const Id& walletId, Wanted wanted, uint32_t attempts);
  kj::Promise<void> takeTurn();
  void endTurn();
  kj::Promise<void> workOffDue();
  kj::Promise<void> rotateOne(const Id& walletId);
  kj::Promise<void> watch();
  kj::Promise<void> readClock();
  void lookAtServers();
  void taskFailed(kj::Exception&& exception) override;

  kj::Timer& timer;
  const kj::Clock& clock;
  Parts* parts = nullptr;
  kj::Function<void()> sameServer = []() {};
  Id holder{};  // our leases
  KeeperCounts counted;
  kj::Maybe<int64_t> ahead;

  std::map<Id, kj::Own<Recovery>> recoveries;
  uint32_t turnsTaken = 0;
  std::deque<kj::Own<kj::PromiseFulfiller<void>>> turnsWanted;

  std::deque<Id> due;
  std::set<Id> dueKnown;  // in the queue or at work
  bool working = false;

  std::map<Id, kj::TimePoint> degraded;  // when the time to live was extended
  bool wasAway[2] = {false, false};

  kj::TaskSet tasks;  // last: ends first
};

}  // namespace waas::broker
