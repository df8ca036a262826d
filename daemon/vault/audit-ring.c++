#include "daemon/vault/audit-ring.h"

#include <algorithm>

namespace waas::vault {

AuditRing::AuditRing(size_t capacity, const Id& instance, const Clock& clock)
    : instance(instance), clock(clock), ring(capacity) {}

bool AuditRing::reserve(size_t count) {
  std::lock_guard lock(mutex);
  size_t used = static_cast<size_t>(next - firstUnacknowledged) + reservedCount;
  if (count > ring.size() - used) return false;
  reservedCount += count;
  return true;
}

Hash AuditRing::append(std::span<AuditRecord> events, size_t reserved) {
  std::lock_guard lock(mutex);
  reservedCount -= reserved;
  uint64_t now = clock.now();
  for (AuditRecord& event : events) {
    event.instance = instance;
    event.sequence = next;
    event.previous = lastHash;
    event.time = now;
    AuditBytes& bytes = ring[next % ring.size()];
    event.write(bytes);
    lastHash = auditHash(bytes);
    next++;
  }
  return lastHash;
}

bool AuditRing::acknowledge(uint64_t sequence) {
  std::lock_guard lock(mutex);
  if (sequence >= next) return false;
  firstUnacknowledged = std::max(firstUnacknowledged, sequence + 1);
  return true;
}

size_t AuditRing::replay(uint64_t sequence, std::span<AuditBytes> out) const {
  std::lock_guard lock(mutex);
  sequence = std::max(sequence, firstUnacknowledged);
  size_t count = 0;
  for (; sequence < next && count < out.size(); sequence++) out[count++] = ring[sequence % ring.size()];
  return count;
}

AuditRing::Position AuditRing::position() const {
  std::lock_guard lock(mutex);
  return {next, firstUnacknowledged};
}

}  // namespace waas::vault
