#include "daemon/vault/listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace waas::vault {
namespace {

constexpr int BACKLOG = 4;
constexpr int FIRST_PASSED = 3;  // SD_LISTEN_FDS_START

// Fills a name; 0 when the path doesn't fit.
socklen_t nameOf(const std::string& path, sockaddr_un& name) {
  name = {};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) return 0;
  memcpy(name.sun_path, path.data(), path.size());
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '@' ? 0 : 1));
}

bool isListening(int fd) {
  int type = 0, listening = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET &&
         getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening == 1;
}

// Removes a socket file that nobody listens on. False when somebody does.
bool removeStale(const std::string& path, const sockaddr_un& name, socklen_t size) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return true;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  bool alive = connect(fd, reinterpret_cast<const sockaddr*>(&name), size) == 0;
  close(fd);
  return !alive && unlink(path.c_str()) == 0;
}

}  // namespace

bool isSocketPassed() {
  const char* count = getenv("LISTEN_FDS");
  const char* pid = getenv("LISTEN_PID");
  if (count == nullptr || pid == nullptr || strcmp(count, "1") != 0) return false;
  long meant = strtol(pid, nullptr, 10);
  return meant == getpid() || meant == getppid();
}

std::string openListener(const std::string& path, int at) {
  int fd = FIRST_PASSED;
  if (isSocketPassed()) {
    if (!isListening(fd)) return "the passed descriptor is no listening SOCK_SEQPACKET socket";
  } else {
    sockaddr_un name;
    socklen_t size = nameOf(path, name);
    if (size == 0) return "--listen needs the path of a socket, of at most 107 bytes";
    if (!removeStale(path, name, size)) return "another process listens on the socket already";
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&name), size) != 0 || listen(fd, BACKLOG) != 0) {
      return "the socket can't be bound: " + std::string(strerror(errno));
    }
  }
  int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) return "SO_PASSCRED can't be set";
  if (fd == at) return "";
  bool moved = dup3(fd, at, O_CLOEXEC) == at;
  close(fd);
  return moved ? "" : "the socket can't be moved";
}

void notifyReady() {
  const char* path = getenv("NOTIFY_SOCKET");
  if (path == nullptr) return;
  sockaddr_un name;
  socklen_t size = nameOf(path, name);
  if (size == 0) return;
  if (name.sun_path[0] == '@') name.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  constexpr char READY[] = "READY=1";
  // A manager that can't be told finds out by itself, by its time limit.
  (void)!sendto(fd, READY, sizeof READY - 1, MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&name), size);
  close(fd);
}

}  // namespace waas::vault
