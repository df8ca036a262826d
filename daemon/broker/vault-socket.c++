#include "vault-socket.h"

#include <kj/debug.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "limits.h"
#include "log.h"

namespace waas::broker {

using FdObserver = kj::UnixEventPort::FdObserver;

VaultSocket::VaultSocket(kj::UnixEventPort& port, kj::String path)
    : port(port),
      path(kj::mv(path)),
      space(kj::heapArray<capnp::word>(limits::RECORD_BYTES / sizeof(capnp::word) + 1)) {}

bool VaultSocket::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  memcpy(address.sun_path, path.begin(), path.size());
  int made = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return false;
  kj::AutoCloseFd mine(made);
  // Room for all records that may be in flight; less only means waiting.
  int room = static_cast<int>(limits::RECORD_BYTES) * 4;
  setsockopt(mine, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  if (::connect(mine, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    logDebug("B2005", "the vault can't be reached", {{"errno", errno}});
    return false;
  }
  fd = kj::mv(mine);
  observer = kj::heap<FdObserver>(port, fd, FdObserver::OBSERVE_READ_WRITE);
  return true;
}

void VaultSocket::close() {
  observer = nullptr;
  fd = nullptr;
}

VaultSocket::Sent VaultSocket::send(kj::ArrayPtr<const capnp::word> segment, int passed) {
  uint32_t table[2] = {0, htole32(static_cast<uint32_t>(segment.size()))};
  iovec parts[2] = {{table, sizeof(table)}, {const_cast<capnp::word*>(segment.begin()), segment.asBytes().size()}};
  msghdr header{};
  header.msg_iov = parts;
  header.msg_iovlen = 2;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (passed >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &passed, sizeof(int));
  }
  for (;;) {
    if (sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return Sent::WHOLE;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return Sent::NO_ROOM;
    why = "sending failed";
    return Sent::BROKEN;
  }
}

VaultSocket::Received VaultSocket::receive(kj::ArrayPtr<const kj::byte>& datagram) {
  auto bytes = space.asBytes();
  for (;;) {
    ssize_t n = recv(fd, bytes.begin(), bytes.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Received::NOTHING_YET;
    if (n > 0 && static_cast<size_t>(n) <= limits::RECORD_BYTES) {
      datagram = bytes.slice(0, static_cast<size_t>(n));
      return Received::ONE;
    }
    why = n > 0 ? "a reply is too large" : n == 0 ? "the vault closed the link" : "receiving failed";
    return Received::BROKEN;
  }
}

kj::Promise<void> VaultSocket::whenReadable() { return KJ_ASSERT_NONNULL(observer)->whenBecomesReadable(); }

kj::Promise<void> VaultSocket::whenWritable() { return KJ_ASSERT_NONNULL(observer)->whenBecomesWritable(); }

}  // namespace waas::broker
