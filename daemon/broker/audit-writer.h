#pragma once
// Makes the vault's audit records durable, in their order and without gaps, and says when.
//
// Many records make one commit; while one commit is on its way the next batch gathers. A record is kept until a commit
// has taken it: a database that is away is asked again for ever, and nothing is lost as long as the vault or this
// process lives. Results wait here (AuditWaiter) until every record they need is durable.
#include <kj/async.h>
#include <kj/timer.h>
#include <kj/vector.h>

#include <deque>
#include <map>

#include "rows.h"
#include "vault-link.h"
#include "wallet-store.h"

namespace waas::broker {

class AuditWriter;

// A result that may be released once the log is durable up to a record. A resource; leaves by itself when it ends.
class AuditWaiter {
 public:
  AuditWaiter() = default;
  virtual ~AuditWaiter() noexcept(false) { stopWaiting(); }
  KJ_DISALLOW_COPY(AuditWaiter);

  void stopWaiting();

 protected:
  // Every record up to the one that was waited for is durable.
  virtual void durable() = 0;

  // That won't happen in time, or never.
  virtual void notDurable(protocol::ErrorCode code, kj::StringPtr detail) = 0;

 private:
  friend class AuditWriter;
  AuditWriter* writer = nullptr;
  AuditWaiter* previous = nullptr;
  AuditWaiter* next = nullptr;
  uint64_t position = 0;
};

class AuditWriter final : public VaultListener, private LoopTurn::Task {
 public:
  AuditWriter(WalletStore& store, VaultLink& link, LoopTurn& turn, kj::Timer& timer);
  ~AuditWriter() noexcept(false);
  KJ_DISALLOW_COPY(AuditWriter);

  // Has `waiter` told when the records of the vault's present life are durable up to `sequence`; at once, before this
  // returns, when they are already. To be called in the same turn in which the reply came.
  void wait(AuditWaiter& waiter, uint64_t sequence);

  // The same by promise.
  kj::Promise<void> whenDurable(uint64_t sequence);

  // False while the log can't be written, or too much waits: then nothing that makes records should be started.
  bool accepts() const { return !failing && waitingRecords() < MAX_WAITING; }

  uint64_t durableSequence() const { return durablePosition > base ? durablePosition - base : 0; }
  size_t waitingRecords() const { return queue.size() + early.size(); }
  bool isFailing() const { return failing; }

  // The vault life that answered last; zeros before the first.
  const Id& vaultInstance() const { return instance; }

  void vaultGreeted(inner::Hello::Reader hello) override;
  void vaultWrote(inner::Reply::Reader reply) override;
  kj::Promise<void> vaultReturned() override;
  void vaultLost() override;

 private:
  friend class AuditWaiter;
  class Promised;
  class Acknowledge;
  static const size_t MAX_WAITING;

  void endOfTurn() override;
  void append(AuditRow row);
  void enqueue(AuditRow row);
  void commit();
  void committed(size_t count);
  void failed(const kj::Exception& exception);
  void release();
  void refuseFrom(uint64_t position, protocol::ErrorCode code, kj::StringPtr detail);
  void acknowledge();
  kj::Promise<void> acknowledgeLater();

  WalletStore& store;
  VaultLink& link;
  LoopTurn& turn;
  kj::Timer& timer;

  // Sequences start anew with each life of a vault; positions don't: position = base + sequence.
  Id instance{};
  bool greeted = false;
  uint64_t base = 0;
  uint64_t nextSequence = 1;  // the next one that may join the queue
  uint64_t durablePosition = 0;

  struct Queued {
    AuditRow row;
    uint64_t position;
  };
  std::deque<Queued> queue;            // contiguous; the first `inCommit` are on their way
  std::map<uint64_t, AuditRow> early;  // by sequence: some before them are missing yet
  kj::Vector<AuditRow> batch;
  size_t inCommit = 0;
  kj::TimePoint gatheringSince = kj::origin<kj::TimePoint>();
  bool committing = false;
  bool gatherTimer = false;

  bool failing = false;
  kj::Maybe<kj::TimePoint> failingSince;
  kj::Duration backOff;

  AuditWaiter* firstWaiter = nullptr;  // by position
  AuditWaiter* lastWaiter = nullptr;

  uint64_t acknowledged = 0;
  kj::Own<Acknowledge> acknowledging;
  bool acknowledgeTimer = false;

  // Last: end first.
  kj::Promise<void> acknowledgeWatch = kj::READY_NOW;
  kj::Promise<void> gatherWatch = kj::READY_NOW;
  kj::Promise<void> retryWatch = kj::READY_NOW;
  kj::Promise<void> commitTask = kj::READY_NOW;
};

}  // namespace waas::broker
