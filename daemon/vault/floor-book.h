#pragma once
// The highest numbers of records that this vault has seen, so that what is put back is noticed (protocol/floor.h).
#include <mutex>

#include "daemon/vault/keyring.h"
#include "daemon/vault/ordinary-array.h"
#include "protocol/floor.h"

namespace waas::vault {

using FloorBytes = std::array<uint8_t, FLOOR_BYTES>;

// A floor with its MAC under the newest record key.
FloorBytes makeFloor(const Keyring& keyring, FloorKind kind, const Id& id, uint64_t number);

// The number of a floor, if it is authentic and of this kind and thing; else 0.
uint64_t floorNumber(const Keyring& keyring, FloorKind kind, const Id& id, Bytes floor);

// Bounded: when its corner of the table is full, what was not asked for or noted for longest is forgotten. What is
// forgotten here still stands in the Redis servers. Safe to use from all workers.
class FloorBook {
 public:
  explicit FloorBook(size_t capacity);

  // The highest number noted of a thing; 0 when there is none.
  uint64_t highest(FloorKind kind, const Id& id) const;

  // Notes a number of a record that was authentic and committed, or of an authentic floor. Never goes down.
  void note(FloorKind kind, const Id& id, uint64_t number);

 private:
  struct Entry {
    uint64_t number;  // 0: free
    uint64_t used;
    Id id;
    FloorKind kind;
  };
  static constexpr size_t WAYS = 8;  // entries in which a thing can be

  size_t corner(FloorKind kind, const Id& id) const;

  mutable std::mutex mutex;
  mutable OrdinaryArray<Entry> entries;
  mutable uint64_t clock = 0;
};

}  // namespace waas::vault
