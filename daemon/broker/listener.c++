// Where the public socket comes from.
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "door.h"
#include "settings.h"

namespace waas::broker {
namespace {

constexpr int PASSED = 3;  // SD_LISTEN_FDS_START
constexpr mode_t MASK_0660 = 0117;

sockaddr_un addressOf(kj::StringPtr path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() == 0 || path.size() >= sizeof(address.sun_path)) {
    throw SettingsError{kj::str("the socket's path must have 1 to ", sizeof(address.sun_path) - 1, " bytes")};
  }
  memcpy(address.sun_path, path.begin(), path.size());
  return address;
}

// Takes away a socket that its daemon has left behind. One that somebody listens on stays.
void removeStale(kj::StringPtr path, const sockaddr_un& address) {
  struct stat found;
  if (lstat(path.cStr(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode))
    throw SettingsError{kj::str("there is something at the socket's path that is no socket")};
  kj::AutoCloseFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  bool alive = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 || errno == EAGAIN;
  if (alive) throw SettingsError{kj::str("another daemon listens on the socket's path")};
  unlink(path.cStr());
}

int optionOf(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

kj::AutoCloseFd bindListener(kj::StringPtr path, kj::Maybe<kj::StringPtr> group) {
  sockaddr_un address = addressOf(path);
  removeStale(path, address);
  kj::AutoCloseFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The mode is right from the first moment on; chmod afterwards would leave a gap.
  mode_t old = umask(MASK_0660);
  int bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  int error = errno;
  umask(old);
  if (bound != 0) throw SettingsError{kj::str("the socket can't be bound: ", strerror(error))};
  KJ_IF_MAYBE (name, group) {
    const struct group* entry = getgrnam(name->cStr());
    if (entry == nullptr) throw SettingsError{kj::str("socket_group names a group that does not exist")};
    if (chown(path.cStr(), static_cast<uid_t>(-1), entry->gr_gid) != 0) {
      throw SettingsError{kj::str("the socket can't be given to socket_group: ", strerror(errno))};
    }
  }
  if (listen(fd, limits::LISTEN_BACKLOG) != 0)
    throw SettingsError{kj::str("the socket can't listen: ", strerror(errno))};
  return fd;
}

kj::Maybe<kj::AutoCloseFd> inheritedListener() {
  const char* count = getenv("LISTEN_FDS");
  const char* pid = getenv("LISTEN_PID");
  if (count == nullptr) return nullptr;
  if (pid != nullptr && strtol(pid, nullptr, 10) != getpid()) return nullptr;
  if (strcmp(count, "1") != 0) throw SettingsError{kj::str("LISTEN_FDS must be 1")};
  kj::AutoCloseFd fd(PASSED);
  if (optionOf(fd, SO_DOMAIN) != AF_UNIX || optionOf(fd, SO_TYPE) != SOCK_STREAM || optionOf(fd, SO_ACCEPTCONN) != 1) {
    throw SettingsError{kj::str("the passed descriptor is no listening Unix stream socket")};
  }
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    throw SettingsError{kj::str("the passed socket can't be made non-blocking")};
  }
  return kj::mv(fd);
}

}  // namespace waas::broker
