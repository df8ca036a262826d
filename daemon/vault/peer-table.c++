#include "daemon/vault/peer-table.h"

#include <sodium.h>

namespace waas::vault {

PeerTable::PeerTable(size_t capacity) : slots(capacity), free(capacity) { clear(); }

std::optional<uint64_t> PeerTable::add(const Peer& peer) {
  uint64_t random;
  randombytes_buf(&random, sizeof random);
  std::lock_guard lock(mutex);
  if (freeCount == 0) return std::nullopt;
  uint16_t slot = free[--freeCount];
  // The set bit keeps the handle of slot 0 from ever being 0.
  uint64_t handle = (random & ~SLOT_MASK) | (uint64_t(1) << 63) | slot;
  slots[slot] = Slot{handle, peer};
  return handle;
}

std::optional<Peer> PeerTable::find(uint64_t handle) const {
  size_t slot = handle & SLOT_MASK;
  std::lock_guard lock(mutex);
  if (handle == 0 || slot >= slots.size() || slots[slot].handle != handle) return std::nullopt;
  return slots[slot].peer;
}

void PeerTable::drop(uint64_t handle) {
  size_t slot = handle & SLOT_MASK;
  std::lock_guard lock(mutex);
  if (handle == 0 || slot >= slots.size() || slots[slot].handle != handle) return;
  slots[slot] = Slot{};
  free[freeCount++] = static_cast<uint16_t>(slot);
}

void PeerTable::clear() {
  std::lock_guard lock(mutex);
  for (size_t i = 0; i < slots.size(); i++) {
    slots[i] = Slot{};
    free[i] = static_cast<uint16_t>(slots.size() - 1 - i);
  }
  freeCount = slots.size();
}

size_t PeerTable::size() const {
  std::lock_guard lock(mutex);
  return slots.size() - freeCount;
}

}  // namespace waas::vault
