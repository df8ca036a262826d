#pragma once
// How many calls may be in flight, for one connection and for all: what is beyond is refused at once, before it costs.
#include <kj/common.h>

#include <cstdint>

namespace waas::broker {

// The counts of the whole process.
class Admission {
 public:
  Admission(uint32_t maxCalls, uint32_t maxPerConnection) : maxCalls(maxCalls), maxPerConnection(maxPerConnection) {}
  KJ_DISALLOW_COPY(Admission);

  // The counts of one connection.
  struct Share {
    uint32_t inFlight = 0;
    uint32_t sessions = 0;
  };

  // One admitted call; gives its place back when it ends. Moves, does not copy.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept : admission(other.admission), share(other.share) { other.admission = nullptr; }
    Ticket& operator=(Ticket&&) = delete;
    Ticket(const Ticket&) = delete;
    ~Ticket() { giveBack(); }

    explicit operator bool() const { return admission != nullptr; }

   private:
    friend class Admission;
    Ticket(Admission* admission, Share* share) : admission(admission), share(share) {}
    void giveBack() {
      if (admission == nullptr) return;
      admission->inFlight--;
      share->inFlight--;
      admission = nullptr;
    }

    Admission* admission = nullptr;
    Share* share = nullptr;
  };

  // Admits a call, or returns an empty ticket. `share` must outlive the ticket.
  Ticket admit(Share& share) {
    if (inFlight >= maxCalls || share.inFlight >= maxPerConnection || draining) {
      refused++;
      return {};
    }
    inFlight++;
    share.inFlight++;
    return Ticket(this, &share);
  }

  // From now on nothing is admitted; calls in flight go on.
  void drain() { draining = true; }

  uint32_t callsInFlight() const { return inFlight; }
  uint64_t callsRefused() const { return refused; }

 private:
  uint32_t maxCalls;
  uint32_t maxPerConnection;
  uint32_t inFlight = 0;
  uint64_t refused = 0;
  bool draining = false;
};

}  // namespace waas::broker
