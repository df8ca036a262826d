#include "notify.h"

#include <kj/io.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "log.h"

namespace waas::broker {

void notifySupervisor(kj::StringPtr state) {
  const char* path = getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  size_t size = strlen(path);
  if (size >= sizeof(address.sun_path)) return;
  memcpy(address.sun_path, path, size);
  if (path[0] == '@') address.sun_path[0] = '\0';
  kj::AutoCloseFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  socklen_t length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);
  if (fd.get() < 0 ||
      sendto(fd, state.begin(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), length) < 0) {
    logWarning("B0005", "the supervisor could not be told", {{"errno", errno}});
  }
}

}  // namespace waas::broker
