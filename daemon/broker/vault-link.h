#pragma once
// The broker's connection to the vault: requests in, answers out, in as few datagrams as there are turns of the loop.
//
// Requests that are submitted in one turn travel together, split over as many records as the vault has workers free.
// Every request is answered or failed exactly once, unless it is destroyed first. When the link breaks, everything that
// waits fails with vaultUnreachable, and the link is made again with back-off; then the vault's unacknowledged audit
// records are taken over, open connections are presented anew, and only then other requests are let through.
#include <capnp/serialize.h>
#include <kj/async-unix.h>
#include <kj/function.h>
#include <kj/io.h>
#include <kj/refcount.h>
#include <protocol/vault.capnp.h>

#include <vector>

#include "fault.h"
#include "loop-turn.h"

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

class VaultLink final : private LoopTurn::Task {
 public:
  // Nothing happens before start(). `path` is the vault's socket.
  VaultLink(kj::UnixEventPort& port, LoopTurn& turn, kj::String path);
  ~VaultLink() noexcept(false);
  KJ_DISALLOW_COPY(VaultLink);

  // Connects, and connects again whenever the link breaks. The listeners must outlive the link.
  void start(kj::ArrayPtr<VaultListener* const> listeners);

  // True when requests are let through.
  bool isReady() const { return state == State::READY; }

  // Takes a request for the record of this turn. Fails it before returning when the link is not ready or the queue
  // full.
  void submit(VaultRequest& request);

  // Takes a request that may wait for the next record that leaves anyway; only one at a time. False: there is one, or
  // the link is not ready.
  [[nodiscard]] bool submitAlong(VaultRequest& request);

  // Sends what submitAlong() took and what has not left yet.
  void flushAlong();

  // The same by promise, for what is not on the hot path. `passed` is a descriptor that travels along; it must stay
  // open until the answer is there. Dropping the promise drops the answer, not the request's effect.
  kj::Promise<VaultAnswer> ask(size_t words, kj::Function<void(inner::Request::Builder)> write, int passed = -1);

  // Like ask(), but also while the link is being made: for listeners in vaultReturned().
  kj::Promise<VaultAnswer> askWhileGreeting(size_t words, kj::Function<void(inner::Request::Builder)> write,
                                            int passed = -1);

  uint32_t workers() const { return vaultWorkers; }
  uint64_t reconnects() const { return connections == 0 ? 0 : connections - 1; }
  uint32_t inFlight() const { return recordsInFlight; }
  size_t waiting() const { return queueLength; }

 private:
  friend class VaultRequest;
  class Asking;
  enum class State : uint8_t { AWAY, GREETING, READY };
  struct Slot {
    VaultRequest* request = nullptr;
    uint32_t generation = 0;
    bool inFlight = false;
  };

  void endOfTurn() override;
  bool sendRecord();
  bool writeRequest(VaultRequest& request, inner::Request::Builder out);
  size_t chooseBatch(kj::ArrayPtr<VaultRequest*> batch, size_t& words);
  bool transmit(kj::ArrayPtr<const capnp::word> segment, int passed);
  void enqueue(VaultRequest& request);
  void unlink(VaultRequest& request);
  uint32_t takeSlot(VaultRequest& request);
  void releaseSlot(uint32_t slot);

  kj::Promise<void> run();
  bool connectOnce();
  kj::Promise<void> greet();
  kj::Promise<void> replay(uint64_t from, uint64_t until);
  kj::Promise<void> watchReadable();
  kj::Promise<void> watchWritable();
  kj::Promise<void> watchProgress();
  void receiveAll();
  void receiveOne(kj::ArrayPtr<const kj::byte> datagram);
  void lose(const char* why);
  void failAll();

  kj::UnixEventPort& port;
  LoopTurn& turn;
  kj::String path;
  kj::ArrayPtr<VaultListener* const> listeners;

  State state = State::AWAY;
  VaultRequest* first = nullptr;
  VaultRequest* last = nullptr;
  VaultRequest* along = nullptr;
  size_t queueLength = 0;
  uint64_t queueWeight = 0;
  std::vector<Slot> slots;
  std::vector<uint32_t> freeSlots;
  uint32_t recordsInFlight = 0;
  uint32_t vaultWorkers = 1;
  uint64_t connections = 0;
  uint64_t replies = 0;
  kj::Duration backOff;
  bool connected = false;
  bool writeBlocked = false;

  kj::Array<capnp::word> recordSpace;  // the one segment of a record; zero between records
  kj::Array<capnp::word> replySpace;

  kj::AutoCloseFd fd;
  kj::Maybe<kj::Own<kj::UnixEventPort::FdObserver>> observer;  // after fd
  kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> lost;
  kj::Promise<void> writableWatch = kj::READY_NOW;
  kj::Promise<void> running = kj::READY_NOW;  // last: ends first
};

}  // namespace waas::broker
