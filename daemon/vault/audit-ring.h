#pragma once
// The audit records that the broker has not yet confirmed as durable, and the end of their hash chain (V7).
#include <cstdint>
#include <mutex>
#include <span>

#include "daemon/vault/clock.h"
#include "daemon/vault/ordinary-array.h"
#include "protocol/audit-record.h"

namespace waas::vault {

using AuditBytes = std::array<uint8_t, AUDIT_RECORD_BYTES>;

// Bounded. Room is reserved before a key is used, so that a use of a key is never without its record: when there is no
// room, nothing is signed. Records are chained in the order of `append`, whichever worker calls it. One per vault life.
class AuditRing {
 public:
  // Neither reference is kept beyond the ring's life. `clock` must be safe to use from all workers.
  AuditRing(size_t capacity, const Id& instance, const Clock& clock);

  // Reserves room for `count` records. False when there is not enough, and then nothing is reserved.
  [[nodiscard]] bool reserve(size_t count);

  // Gives each event its instance, sequence, previous hash and time, in order and without a gap, and keeps its bytes.
  // Uses up `reserved` of the reservation, which must cover the events. Returns the hash of the last one; with no
  // events, only the reservation is given back.
  Hash append(std::span<AuditRecord> events, size_t reserved);

  // Forgets all records up to `sequence`. Never goes backwards; false for a sequence that was never given.
  [[nodiscard]] bool acknowledge(uint64_t sequence);

  // Copies unacknowledged records from `sequence` on, as many as fit; returns how many.
  size_t replay(uint64_t sequence, std::span<AuditBytes> out) const;

  struct Position {
    uint64_t next;                 // sequence of the next record
    uint64_t firstUnacknowledged;  // `next` when there is none
  };
  Position position() const;
  size_t capacity() const { return ring.size(); }

 private:
  const Id instance;
  const Clock& clock;
  mutable std::mutex mutex;
  OrdinaryArray<AuditBytes> ring;  // the record of a sequence is at sequence % capacity
  uint64_t next = 1;
  uint64_t firstUnacknowledged = 1;
  size_t reservedCount = 0;
  Hash lastHash{};
};

}  // namespace waas::vault
