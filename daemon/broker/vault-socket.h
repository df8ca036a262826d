#pragma once
// The socket to the vault: one connection, one datagram a record or reply. Knows nothing of what is in them.
#include <capnp/common.h>
#include <kj/async-unix.h>

namespace waas::broker {

class VaultSocket {
 public:
  enum class Sent : uint8_t { WHOLE, NO_ROOM, BROKEN };
  enum class Received : uint8_t { ONE, NOTHING_YET, BROKEN };

  VaultSocket(kj::UnixEventPort& port, kj::String path);
  KJ_DISALLOW_COPY(VaultSocket);

  // Connects at once or not at all. False: the vault can't be reached.
  [[nodiscard]] bool connect();
  void close();

  // One datagram, whole or not at all: segment table and one segment. `passed` is a descriptor that travels along, or
  // -1.
  [[nodiscard]] Sent send(kj::ArrayPtr<const capnp::word> segment, int passed);

  // One reply into a space of its own, which the next call overwrites. A reply that is too large breaks the link.
  [[nodiscard]] Received receive(kj::ArrayPtr<const kj::byte>& datagram);

  // Only while connected. Dropped by close().
  kj::Promise<void> whenReadable();
  kj::Promise<void> whenWritable();

  // Why it is broken, for the log.
  const char* reason() const { return why; }

 private:
  kj::UnixEventPort& port;
  kj::String path;
  const char* why = "";
  kj::Array<capnp::word> space;
  kj::AutoCloseFd fd;
  kj::Maybe<kj::Own<kj::UnixEventPort::FdObserver>> observer;  // after fd
};

}  // namespace waas::broker
