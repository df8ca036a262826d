#pragma once
// The broker's connection to the vault: requests in, answers out, in as few datagrams as there are turns of the loop.
//
// Requests that are submitted in one turn travel together, split over as many records as the vault has workers free.
// Every request is answered or failed exactly once, unless it is destroyed first. When the link breaks, everything that
// waits fails with vaultUnreachable, and the link is made again with back-off; then the vault's unacknowledged audit
// records are taken over, open connections are presented anew, and only then other requests are let through.
#include <kj/async-unix.h>
#include <kj/function.h>

#include "loop-turn.h"
#include "vault-request.h"
#include "vault-socket.h"

namespace waas::broker {

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
  size_t waiting() const { return queue.size(); }

 private:
  friend class VaultRequest;
  class Asking;
  enum class State : uint8_t { AWAY, GREETING, READY };

  void endOfTurn() override;
  bool sendRecord();
  bool writeRequest(VaultRequest& request, inner::Request::Builder out);
  size_t chooseBatch(kj::ArrayPtr<VaultRequest*> batch, size_t& words);
  bool transmit(kj::ArrayPtr<const capnp::word> segment, int passed);
  void unlink(VaultRequest& request);

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
  VaultSocket socket;
  kj::ArrayPtr<VaultListener* const> listeners;

  State state = State::AWAY;
  VaultQueue queue;
  VaultRequest* along = nullptr;
  VaultSlots slots;
  uint32_t recordsInFlight = 0;
  uint32_t vaultWorkers = 1;
  uint64_t connections = 0;
  uint64_t replies = 0;
  kj::Duration backOff;
  bool connected = false;
  bool writeBlocked = false;

  kj::Array<capnp::word> recordSpace;  // the one segment of a record; zero between records

  kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> lost;
  kj::Promise<void> writableWatch = kj::READY_NOW;
  kj::Promise<void> running = kj::READY_NOW;  // last: ends first
};

}  // namespace waas::broker
