#pragma once
// A run over many wallets: rotates what is due, everything, or recovers what has lost a share.
//
// It walks the wallets by id, a page at a time, asks both Redis about each without fetching anything, takes leases on
// those that want work, and advances a few of them side by side. Its memory does not depend on how many there are. It
// may end at any moment: what was done is done, leases run out by themselves, and the next run goes over the wallets
// again and finds only what is left. Runs on many hosts may go on at once: whoever gets the lease does the work.
//
// While signatures are asked for, fewer wallets are worked on at once.
#include <kj/function.h>
#include <kj/vector.h>

#include <deque>

#include "refresh.h"

namespace waas::broker {

struct RunOrder {
  kj::Maybe<OwnerId> whose;     // null: everybody's
  Wanted wanted = Wanted::DUE;  // ALWAYS: every one that nobody has rotated since the run began
  uint64_t limit = 0;           // wallets to advance at most; 0: no bound
};

struct RunFailure {
  Id walletId{};
  Fault fault;
  kj::String detail;  // what `fault.detail` points to
};

// What a run did.
struct RunCounts {
  uint64_t checked = 0;
  uint64_t rotated = 0;  // of these, `recovered` had lost a share
  uint64_t recovered = 0;
  uint64_t skipped = 0;
  uint64_t failed = 0;
  uint64_t total = 0;
  kj::Vector<RunFailure> failures;
};

class RotationRun {
 public:
  // `goesOn` is asked between wallets; when it says no, the run ends early. The references must outlive the run.
  RotationRun(Parts& parts, RunOrder order, kj::Maybe<const Asker&> asker, kj::Function<bool(const RunCounts&)> goesOn);
  KJ_DISALLOW_COPY(RotationRun);

  // Resolves at the end. Faults: postgresUnreachable when the wallets can't be read any more.
  kj::Promise<void> go();

  const RunCounts& counts() const { return done; }

 private:
  struct Candidate {
    WalletBrief brief;
    bool wants = false;
    bool failed = false;
  };

  kj::Promise<void> begin();
  kj::Promise<void> nextPage();
  kj::Promise<void> workOff(kj::Array<WalletBrief> page);
  kj::Promise<void> look(Candidate& candidate);
  kj::Promise<void> keepAlive(const Id& walletId, kj::ArrayPtr<kj::Maybe<ShareStore::State>> states);
  kj::Promise<void> tidyTombstone(const WalletBrief& brief);
  kj::Promise<void> claimed(kj::Array<WalletRow> rows);
  kj::Promise<void> worker(std::deque<WalletRow>& rows);
  kj::Promise<void> advanceOne(const Id& walletId, kj::Maybe<WalletRow> row, uint32_t attempt);
  void note(const Id& walletId, Refreshed outcome);
  void note(const Id& walletId, const kj::Exception& exception);
  bool isOver() const { return stopped || (order.limit > 0 && done.rotated >= order.limit); }
  uint32_t workers() const;

  Parts& parts;
  const RunOrder order;
  kj::Maybe<const Asker&> asker;
  kj::Function<bool(const RunCounts&)> goesOn;
  Id holder{};
  uint64_t since = 0;  // when it began, by the database's clock
  kj::Maybe<Id> after;
  uint32_t pageAttempts = 0;
  bool stopped = false;
  uint32_t atWork = 0;
  RunCounts done;
};

}  // namespace waas::broker
