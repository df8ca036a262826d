#include "daemon/vault/passed-socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>

namespace waas::vault {
namespace {

bool optionIs(int fd, int option, int expected) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && size == sizeof value && value == expected;
}

bool isNamed(int fd, std::string_view path) {
  sockaddr_un name{};
  socklen_t size = sizeof name;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0 || name.sun_family != AF_UNIX) return false;
  // Path names come back with their terminating zero, which is not part of what was bound.
  if (size != offsetof(sockaddr_un, sun_path) + path.size() + 1 || size > sizeof name) return false;
  return std::string_view(name.sun_path, path.size()) == path && name.sun_path[path.size()] == '\0';
}

bool peerHasNoName(int fd) {
  sockaddr_un name{};
  socklen_t size = sizeof name;
  return getpeername(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0 && size == sizeof(sa_family_t);
}

}  // namespace

PassedDescriptor::~PassedDescriptor() {
  if (fd < 0) return;
  // A TCP socket with SO_LINGER could make close() wait as long as its sender wishes.
  linger off{0, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
  close(fd);
}

std::optional<PeerIdentity> readPeer(int fd, std::string_view socketPath) {
  if (!optionIs(fd, SO_DOMAIN, AF_UNIX) || !optionIs(fd, SO_TYPE, SOCK_STREAM) || !optionIs(fd, SO_ACCEPTCONN, 0)) {
    return std::nullopt;
  }
  if (!isNamed(fd, socketPath) || !peerHasNoName(fd)) return std::nullopt;

  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 || size != sizeof credentials) {
    return std::nullopt;
  }
  constexpr uid_t NOBODY = static_cast<uid_t>(-1);
  if (credentials.uid == NOBODY || credentials.gid == static_cast<gid_t>(-1)) return std::nullopt;

  PeerIdentity peer;
  peer.uid = credentials.uid;
  peer.groups[0] = credentials.gid;
  socklen_t groupBytes = MAX_GROUPS * sizeof(gid_t);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &peer.groups[1], &groupBytes) != 0) return std::nullopt;
  peer.groupCount = 1 + groupBytes / sizeof(gid_t);
  return peer;
}

}  // namespace waas::vault
