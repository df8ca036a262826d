#pragma once
// The connections of the daemon's socket that the vault has looked at itself, by handle.
#include <cstdint>
#include <mutex>
#include <optional>

#include "daemon/vault/config.h"
#include "daemon/vault/ordinary-array.h"

namespace waas::vault {

// Who sits at the other end of a connection, as the kernel said when it connected.
struct Peer {
  uid_t uid = 0;
  Roles roles;
};

// At most `capacity` peers (V6). A handle has 64 bits, is never 0, and can't be guessed: its low bits name a slot, the
// others are random. Handles end with the broker's connection (`clear`). Safe to use from all workers.
class PeerTable {
 public:
  explicit PeerTable(size_t capacity = MAX_PEERS);

  // A handle for the peer; nothing when the table is full.
  std::optional<uint64_t> add(const Peer& peer);
  // The peer behind a handle that is valid now.
  std::optional<Peer> find(uint64_t handle) const;
  // Forgets a peer; unknown handles are ignored.
  void drop(uint64_t handle);
  void clear();
  size_t size() const;

 private:
  struct Slot {
    uint64_t handle;  // 0: free
    Peer peer;
  };
  static constexpr uint64_t SLOT_MASK = 0xffff;

  mutable std::mutex mutex;
  OrdinaryArray<Slot> slots;
  OrdinaryArray<uint16_t> free;  // a stack of free slots
  size_t freeCount;
};

}  // namespace waas::vault
