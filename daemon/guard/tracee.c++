#include "daemon/guard/tracee.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace waas::guard {
namespace {

// systemd's variables hold the id of the process that they are for, which is the guard's; the program is the child.
void readdress(const char* variable, pid_t guard) {
  const char* value = getenv(variable);
  if (value == nullptr || strtol(value, nullptr, 10) != guard) return;
  char own[16] = {};
  std::to_chars(own, own + sizeof own - 1, getpid());
  setenv(variable, own, 1);
}

// The child's side: waits until it is seized, then becomes the program.
[[noreturn]] void become(char* const* command, const sigset_t& mask, int go, pid_t guard) {
  // Until the seize, this is what ends the child with the guard.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char seized = 0;
  if (getppid() != guard || read(go, &seized, 1) != 1) _exit(126);
  readdress("LISTEN_PID", guard);
  readdress("WATCHDOG_PID", guard);
  unsetenv("LISTEN_PIDFDID");
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  execv(command[0], command);
  int error = errno;
  dprintf(STDERR_FILENO, "waas-vault-guard: %s: %s\n", command[0], strerror(error));
  _exit(error == ENOENT ? 127 : 126);
}

}  // namespace

std::variant<pid_t, seccomp::Failure> startTraced(char* const* command, const sigset_t& mask) {
  int go[2];
  if (pipe2(go, O_CLOEXEC) != 0) return seccomp::failure("pipe: %s", strerror(errno));
  pid_t guard = getpid();
  // Only who has CAP_SYS_PTRACE may seize an undumpable process, and the guard is nobody: the child must be born
  // dumpable. (Its exec would make it so in any case.) The guard itself is again undumpable before the child exists for
  // others.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  pid_t child = fork();
  if (child != 0) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (child < 0) return seccomp::failure("fork: %s", strerror(errno));
  if (child == 0) {
    close(go[1]);
    become(command, mask, go[0], guard);
  }
  close(go[0]);
  unsigned long options = PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
  if (ptrace(PTRACE_SEIZE, child, 0, options) != 0) {
    int error = errno;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return seccomp::failure("the program can't be traced (kernel.yama.ptrace_scope 3?): %s", strerror(error));
  }
  if (write(go[1], "g", 1) != 1) return seccomp::failure("the child did not wait: %s", strerror(errno));
  close(go[1]);
  return child;
}

}  // namespace waas::guard
