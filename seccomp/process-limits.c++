#include "seccomp/process-limits.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace waas::seccomp {

Outcome renounceNewPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return std::nullopt;
  return failure("no_new_privs refused: %s", strerror(errno));
}

Outcome becomePrivate() {
  // With a pipe as core_pattern the kernel ignores RLIMIT_CORE, so it is the undumpable state that counts.
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failure("PR_SET_DUMPABLE refused: %s", strerror(errno));
  if (Outcome refused = renounceNewPrivileges()) return refused;
  return limitResources({{RLIMIT_CORE, 0}});
}

Outcome closeDescriptorsFrom(unsigned first) {
  if (syscall(__NR_close_range, first, ~0u, 0u) == 0) return std::nullopt;
  return failure("close_range refused: %s", strerror(errno));
}

Outcome limitResources(std::initializer_list<ResourceLimit> limits) {
  for (const ResourceLimit& limit : limits) {
    rlimit now{};
    // glibc's C++ signature takes an enum for the resource.
    auto resource = static_cast<__rlimit_resource_t>(limit.resource);
    if (getrlimit(resource, &now) != 0) return failure("getrlimit %d: %s", limit.resource, strerror(errno));
    rlim_t value = limit.value < now.rlim_max ? limit.value : now.rlim_max;
    rlimit lowered{value, value};
    if (setrlimit(resource, &lowered) != 0) return failure("setrlimit %d: %s", limit.resource, strerror(errno));
  }
  return std::nullopt;
}

std::optional<bool> isTraced() {
  int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  char text[4096];
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return std::nullopt;
  text[size] = 0;
  const char* line = strstr(text, "\nTracerPid:");
  if (line == nullptr) return std::nullopt;
  return strtol(line + strlen("\nTracerPid:"), nullptr, 10) != 0;
}

}  // namespace waas::seccomp
