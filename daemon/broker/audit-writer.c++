#include "audit-writer.h"

#include <kj/debug.h>
#include <protocol/audit-record.h>

#include <algorithm>
#include <cstring>

#include "limits.h"
#include "log.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

// How long a log that can't be written keeps calls waiting before they are refused.
constexpr kj::Duration PATIENCE = 1 * kj::SECONDS;
// An acknowledgement travels with the next record to the vault, or by itself after this.
constexpr kj::Duration ACKNOWLEDGE_AFTER = 100 * kj::MILLISECONDS;

Bytes bytesOf(capnp::Data::Reader data) { return Bytes(data.begin(), data.size()); }

}  // namespace

const size_t AuditWriter::MAX_WAITING = limits::AUDIT_WAITING;

// --- Waiting
// ---------------------------------------------------------------------------------------------------------------

void AuditWaiter::stopWaiting() {
  if (writer == nullptr) return;
  (previous != nullptr ? previous->next : writer->firstWaiter) = next;
  (next != nullptr ? next->previous : writer->lastWaiter) = previous;
  writer = nullptr;
  previous = next = nullptr;
}

class AuditWriter::Promised final : public AuditWaiter {
 public:
  Promised(kj::PromiseFulfiller<void>& fulfiller, AuditWriter& writer, uint64_t sequence) : fulfiller(fulfiller) {
    writer.wait(*this, sequence);
  }

 private:
  void durable() override { fulfiller.fulfill(); }
  void notDurable(ErrorCode code, kj::StringPtr detail) override { fulfiller.reject(makeFault(code, detail)); }
  kj::PromiseFulfiller<void>& fulfiller;
};

kj::Promise<void> AuditWriter::whenDurable(uint64_t sequence) {
  return kj::newAdaptedPromise<void, Promised>(*this, sequence);
}

void AuditWriter::wait(AuditWaiter& waiter, uint64_t sequence) {
  uint64_t position = base + sequence;
  if (sequence == 0 || position <= durablePosition) return waiter.durable();
  if (failing) return waiter.notDurable(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj);
  waiter.stopWaiting();
  waiter.writer = this;
  waiter.position = position;
  AuditWaiter* before = lastWaiter;
  while (before != nullptr && before->position > position) before = before->previous;
  waiter.previous = before;
  waiter.next = before != nullptr ? before->next : firstWaiter;
  (before != nullptr ? before->next : firstWaiter) = &waiter;
  (waiter.next != nullptr ? waiter.next->previous : lastWaiter) = &waiter;
}

void AuditWriter::release() {
  while (firstWaiter != nullptr && firstWaiter->position <= durablePosition) {
    AuditWaiter& waiter = *firstWaiter;
    waiter.stopWaiting();
    waiter.durable();
  }
}

void AuditWriter::refuseFrom(uint64_t position, ErrorCode code, kj::StringPtr detail) {
  while (lastWaiter != nullptr && lastWaiter->position >= position) {
    AuditWaiter& waiter = *lastWaiter;
    waiter.stopWaiting();
    waiter.notDurable(code, detail);
  }
}

// --- Records come
// ------------------------------------------------------------------------------------------------------------

// Tells the vault how far its log is durable. Reused: there is only ever one under way.
class AuditWriter::Acknowledge final : public VaultRequest {
 public:
  explicit Acknowledge(AuditWriter& writer) : VaultRequest(16, 0), writer(writer) {}
  bool underWay = false;

 private:
  void write(inner::Request::Builder request) override {
    sent = writer.durableSequence();
    request.setAcknowledgeAudit(sent);
  }
  void answered(VaultReply&, inner::Answer::Reader answer) override {
    underWay = false;
    if (!answer.isDone()) return;
    writer.acknowledged = std::max(writer.acknowledged, sent);
    writer.acknowledge();  // what became durable meanwhile
  }
  void failed(ErrorCode, kj::StringPtr) override { underWay = false; }

  AuditWriter& writer;
  uint64_t sent = 0;
};

AuditWriter::AuditWriter(WalletStore& store, VaultLink& link, LoopTurn& turn, kj::Timer& timer)
    : store(store),
      link(link),
      turn(turn),
      timer(timer),
      backOff(limits::AUDIT_RETRY_FIRST),
      acknowledging(kj::heap<Acknowledge>(*this)) {}

AuditWriter::~AuditWriter() noexcept(false) {
  while (firstWaiter != nullptr) firstWaiter->stopWaiting();
}

void AuditWriter::vaultGreeted(inner::Hello::Reader hello) {
  Id now{};
  if (hello.getInstance().size() != now.size()) kj::throwFatalException(makeFault(ErrorCode::UNKNOWN));
  memcpy(now.data(), hello.getInstance().begin(), now.size());
  if (greeted && now == instance) {
    // The same vault: what was lost on the way comes again with the replay. It must not have forgotten what we miss.
    if (hello.getFirstUnacknowledged() > nextSequence) {
      logError("B3001", "the vault no longer has audit records that were never stored");
      nextSequence = hello.getFirstUnacknowledged();
    }
    return;
  }
  // Another life. Records of the old one that have others missing before them can't join the log any more; their
  // results were never released.
  uint64_t end = base + nextSequence;
  early.clear();
  refuseFrom(end, ErrorCode::VAULT_UNREACHABLE, "the vault was started anew"_kj);
  base = end;
  instance = now;
  greeted = true;
  nextSequence = hello.getFirstUnacknowledged();
  acknowledged = nextSequence - 1;
  if (queue.empty()) durablePosition = base + nextSequence - 1;
  logInfo("B3002", "audit log of another life of the vault", {{"next", static_cast<int64_t>(nextSequence)}});
}

void AuditWriter::vaultWrote(inner::Reply::Reader reply) {
  auto head = reply.getHead();
  for (auto data : reply.getAudit()) {
    AuditRecord record;
    if (!record.parse(bytesOf(data)) || record.instance != instance) {
      logError("B3003", "the vault sent something that is no audit record of its present life");
      continue;
    }
    if (record.sequence < nextSequence) continue;  // known: a replay
    AuditRow row;
    row.instance = record.instance;
    row.sequence = record.sequence;
    memcpy(row.record.data(), data.begin(), row.record.size());
    if (head.getSequence() == record.sequence && head.getSignature().size() == sizeof(Signature)) {
      Signature signature;
      memcpy(signature.data(), head.getSignature().begin(), signature.size());
      row.headSignature = signature;
    }
    append(kj::mv(row));
  }
}

void AuditWriter::append(AuditRow row) {
  if (row.sequence != nextSequence) {
    early.emplace(row.sequence, kj::mv(row));
    return;
  }
  enqueue(kj::mv(row));
  while (!early.empty() && early.begin()->first <= nextSequence) {
    auto node = early.extract(early.begin());
    if (node.key() < nextSequence) continue;
    enqueue(kj::mv(node.mapped()));
  }
  turn.atEnd(*this);
}

void AuditWriter::enqueue(AuditRow row) {
  uint64_t position = base + row.sequence;
  if (queue.size() == inCommit) gatheringSince = timer.now();
  queue.push_back({kj::mv(row), position});
  nextSequence++;
}

kj::Promise<void> AuditWriter::vaultReturned() {
  acknowledge();
  return kj::READY_NOW;
}

// What arrived is kept; what was on its way comes with the replay, or never.
void AuditWriter::vaultLost() {}

// --- Records go
// --------------------------------------------------------------------------------------------------------------

void AuditWriter::endOfTurn() {
  // A commit costs both sides much more than a record in it. While the vault still works on records that will come back
  // soon, their audit records are waited for; not for long, and not when enough is there already.
  bool soon = link.inFlight() > 0 && queue.size() < limits::AUDIT_GATHER;
  if (!soon || committing || timer.now() - gatheringSince >= limits::AUDIT_GATHER_TIME) return commit();
  if (gatherTimer) return;
  gatherTimer = true;
  gatherWatch = timer.afterDelay(limits::AUDIT_GATHER_TIME)
                    .then([this]() {
                      gatherTimer = false;
                      commit();
                    })
                    .eagerlyEvaluate([](kj::Exception&& e) { logFault("B3004", "the audit writer failed", e); });
}

void AuditWriter::commit() {
  if (committing || queue.empty()) return;
  committing = true;
  // After an unknown outcome the very same rows go again; they are idempotent.
  inCommit = std::min(queue.size(), limits::AUDIT_BATCH);
  batch.resize(0);
  for (size_t i = 0; i < inCommit; i++) batch.add(queue[i].row);
  commitTask = store.appendAudit(batch.asPtr())
                   .then([this]() { committed(batch.size()); }, [this](kj::Exception&& e) { failed(e); })
                   .eagerlyEvaluate([](kj::Exception&& e) { logFault("B3004", "the audit writer failed", e); });
}

void AuditWriter::committed(size_t count) {
  committing = false;
  inCommit = 0;
  if (failing) logInfo("B3005", "the audit log is written again");
  failing = false;
  failingSince = nullptr;
  backOff = limits::AUDIT_RETRY_FIRST;
  durablePosition = queue[count - 1].position;
  queue.erase(queue.begin(), queue.begin() + static_cast<ptrdiff_t>(count));
  if (queue.empty()) durablePosition = base + nextSequence - 1;
  release();
  if (!queue.empty()) turn.atEnd(*this);
  acknowledge();
}

void AuditWriter::failed(const kj::Exception& exception) {
  logFault("B3006", "audit records could not be stored", exception);
  auto now = timer.now();
  if (failingSince == nullptr) failingSince = now;
  if (now - KJ_ASSERT_NONNULL(failingSince) >= PATIENCE) {
    if (!failing) logError("B3007", "the audit log can't be written, nothing is signed");
    failing = true;
    refuseFrom(0, ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj);
  }
  auto pause = backOff;
  backOff = kj::min(2 * backOff, limits::AUDIT_RETRY_MAX);
  retryWatch = timer.afterDelay(pause)
                   .then([this]() {
                     committing = false;
                     commit();
                   })
                   .eagerlyEvaluate([](kj::Exception&& e) { logFault("B3004", "the audit writer failed", e); });
}

void AuditWriter::acknowledge() {
  if (durableSequence() <= acknowledged || acknowledging->underWay) return;
  acknowledging->underWay = link.submitAlong(*acknowledging);
  if (!acknowledging->underWay || acknowledgeTimer) return;
  acknowledgeTimer = true;
  acknowledgeWatch = acknowledgeLater().eagerlyEvaluate([this](kj::Exception&& e) {
    acknowledgeTimer = false;
    logFault("B3008", "acknowledging audit records failed", e);
  });
}

// Where no other record leaves in time, the acknowledgement goes by itself.
kj::Promise<void> AuditWriter::acknowledgeLater() {
  return timer.afterDelay(ACKNOWLEDGE_AFTER).then([this]() {
    acknowledgeTimer = false;
    link.flushAlong();
  });
}

}  // namespace waas::broker
