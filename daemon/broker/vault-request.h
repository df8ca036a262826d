#pragma once
// What is asked of the vault, and how it waits for its turn.
#include <capnp/serialize.h>
#include <kj/async.h>
#include <kj/refcount.h>
#include <protocol/vault.capnp.h>

#include <vector>

#include "fault.h"

namespace waas::broker {

namespace inner = protocol::vault;

// One reply of the vault, shared by whoever still reads an answer in it.
class VaultReply final : public kj::Refcounted {
 public:
  explicit VaultReply(kj::Array<capnp::word> words);

  inner::Reply::Reader root() { return reply; }

 private:
  kj::Array<capnp::word> words;
  capnp::FlatArrayMessageReader message;
  inner::Reply::Reader reply;
};

// A request on its way. A resource: its owner keeps it alive until it is answered or failed; destroying it earlier
// means that nobody wants the answer any more.
class VaultRequest {
 public:
  // `words` bounds what write() puts into a record; `signatures` is how many the vault will make for it.
  VaultRequest(size_t words, uint32_t signatures) : words(words), signatures(signatures) {}
  VaultRequest() : VaultRequest(0, 0) {}
  virtual ~VaultRequest() noexcept(false);
  KJ_DISALLOW_COPY(VaultRequest);

 protected:
  // Fills in everything but the id.
  virtual void write(inner::Request::Builder request) = 0;

  // The answer, which may be a refusal. `reply` may be kept by kj::addRef.
  virtual void answered(VaultReply& reply, inner::Answer::Reader answer) = 0;

  // There will be no answer.
  virtual void failed(protocol::ErrorCode code, kj::StringPtr detail) = 0;

  size_t words;
  uint32_t signatures;
  int passed = -1;        // a descriptor that travels along, in a record of its own
  bool alone = false;     // in a record of its own
  bool greeting = false;  // part of making the link

 private:
  friend class VaultLink;
  friend class VaultQueue;
  friend class VaultSlots;
  class VaultLink* link = nullptr;
  VaultRequest* previous = nullptr;
  VaultRequest* next = nullptr;
  bool queued = false;
  uint32_t slot = 0;
};

// An answer for who asks by promise.
struct VaultAnswer {
  kj::Own<VaultReply> reply;
  inner::Answer::Reader answer;
};

// Who has to know about the vault's life. Calls come in the order in which they are listed, for each connection.
class VaultListener {
 public:
  virtual ~VaultListener() noexcept(false) = default;

  // The vault has said hello; the replay of its records follows.
  virtual void vaultGreeted(inner::Hello::Reader hello) = 0;

  // A reply brought audit records. Called before the answers in it are handed out.
  virtual void vaultWrote(inner::Reply::Reader reply) = 0;

  // The link is made, the replay is over. Others' requests are let through when the promise resolves.
  virtual kj::Promise<void> vaultReturned() = 0;

  // The link is broken; what waited has failed already.
  virtual void vaultLost() = 0;
};

// Requests that wait for a record, in order. Holds no request, only the way from one to the next.
class VaultQueue {
 public:
  VaultQueue() = default;
  KJ_DISALLOW_COPY(VaultQueue);

  bool empty() const { return first == nullptr; }
  size_t size() const { return length; }
  // What the requests weigh together: their signatures, at least one each.
  uint64_t weight() const { return load; }
  static uint64_t weightOf(const VaultRequest& request) { return request.signatures > 0 ? request.signatures : 1; }

  VaultRequest* front() const { return first; }
  static VaultRequest* after(const VaultRequest& request) { return request.next; }

  void pushBack(VaultRequest& request);
  void pushFront(VaultRequest& request);
  void remove(VaultRequest& request);

 private:
  VaultRequest* first = nullptr;
  VaultRequest* last = nullptr;
  size_t length = 0;
  uint64_t load = 0;
};

// Requests in flight, by the number that goes over the link with them. A place that is used again has another number,
// so that a late or invented answer finds nobody.
class VaultSlots {
 public:
  VaultSlots() = default;
  KJ_DISALLOW_COPY(VaultSlots);

  // Its number.
  uint64_t take(VaultRequest& request);

  // Nobody waits for the answer any more; the place stays taken until it comes.
  void forget(VaultRequest& request) { slots[request.slot].request = nullptr; }

  // Whether something with this number is in flight.
  bool holds(uint64_t number) const;

  // Ends it. Null: forgotten.
  VaultRequest* release(uint64_t number);

  // Ends all of them; calls `each` for those that were not forgotten.
  template <typename Each>
  void releaseAll(Each each) {
    for (uint32_t i = 0; i < slots.size(); i++) {
      if (!slots[i].inFlight) continue;
      if (VaultRequest* request = release(numberOf(i))) each(*request);
    }
  }

 private:
  struct Slot {
    VaultRequest* request = nullptr;
    uint32_t generation = 0;
    bool inFlight = false;
  };
  uint64_t numberOf(uint32_t index) const { return static_cast<uint64_t>(slots[index].generation) << 32 | index; }

  std::vector<Slot> slots;
  std::vector<uint32_t> unused;
};

}  // namespace waas::broker
