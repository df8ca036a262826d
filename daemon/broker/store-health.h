#pragma once
// What a store says about itself, and what is told when a connection to one comes or goes.
#include <kj/common.h>
#include <kj/string.h>
#include <kj/time.h>

namespace waas::broker {

// A store's state for the health report. A value.
struct StoreHealth {
  bool reachable = false;
  kj::Duration roundTrip = 0 * kj::NANOSECONDS;  // of the last answer; 0 = none yet
  uint64_t reconnects = 0;                       // connections made after the first one
  kj::String version;                            // as the server says it, printable ASCII, at most 64 bytes
  kj::String detail;                             // a sentence of ours: role, or why it is not reachable; may be shown
  kj::Array<kj::String> risks;                   // sentences of ours: what of this server's set-up endangers shares

  // Redis only: tells whether two addresses are one server. Empty when not known.
  kj::String runId;
  kj::String replicationId;
  bool durableAtOnce = false;  // known to have each write on disk before it answers
};

// Told by a store's connection when it is made, lost, or could not be made. Must not throw and must not call the store.
class StoreObserver {
 public:
  virtual ~StoreObserver() noexcept(false) = default;

  // A connection is ready for use.
  virtual void storeConnected(kj::StringPtr store) = 0;

  // A connection was lost, or an attempt failed. `reason` may hold text of the server or of a library (addresses, too)
  // with everything unprintable replaced: for the daemon's own log only, never towards a peer. Never holds a password.
  // Told once for each change, not for each attempt with the same reason.
  virtual void storeLost(kj::StringPtr store, kj::StringPtr reason) = 0;
};

}  // namespace waas::broker
