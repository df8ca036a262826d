#pragma once
// The public socket: accepts clients, holds them to their limits, and gives each its own bootstrap capability.
#include <capnp/rpc-twoparty.h>
#include <kj/async-unix.h>
#include <kj/map.h>

#include "buffered-stream.h"
#include "parts.h"
#include "peer.h"

namespace waas::broker {

// Binds the public socket with mode 0660, owned by `group` if one is named, and listens. A socket that nobody listens
// on any more is replaced; a living one is not. Throws SettingsError.
kj::AutoCloseFd bindListener(kj::StringPtr path, kj::Maybe<kj::StringPtr> group);

// The socket that systemd passes (LISTEN_FDS=1, descriptor 3), checked to be a listening Unix stream socket; null when
// none was passed to this process. Throws SettingsError.
kj::Maybe<kj::AutoCloseFd> inheritedListener();

class Door final : public VaultListener, private kj::TaskSet::ErrorHandler {
 public:
  // Nothing is accepted before open(). `count` is kept at the number of connections.
  Door(kj::AutoCloseFd listener, StreamPool& pool, Parts& parts, uint32_t& count);
  ~Door() noexcept(false);
  KJ_DISALLOW_COPY(Door);

  void open();

  // Accepts nobody any more, admits no further call, and resolves when all calls in flight are answered or the time for
  // that is over.
  kj::Promise<void> drain();

  void vaultGreeted(inner::Hello::Reader) override {}
  void vaultWrote(inner::Reply::Reader) override {}
  kj::Promise<void> vaultReturned() override;
  void vaultLost() override;

 private:
  struct Connection;

  void taskFailed(kj::Exception&& exception) override;
  kj::Promise<void> watchListener();
  kj::Promise<void> sweep();
  kj::Promise<void> waitUntilIdle(kj::TimePoint end);
  kj::Promise<void> sayGoodbye();
  kj::Promise<void> waitUntilAlone(kj::TimePoint end);
  bool acceptOne();
  void welcome(kj::AutoCloseFd fd, uint32_t uid);

  StreamPool& pool;
  Parts& parts;
  uint32_t& count;
  kj::HashMap<uint32_t, uint32_t> perUid;
  Connection* first = nullptr;

  kj::AutoCloseFd listener;
  kj::Maybe<kj::Own<kj::UnixEventPort::FdObserver>> observer;  // after the listener
  kj::Promise<void> accepting = kj::READY_NOW;
  kj::Promise<void> sweeping = kj::READY_NOW;
  kj::TaskSet connections;
  kj::TaskSet goodbyes;  // last: ends first
};

}  // namespace waas::broker
