// The guard's table: waiting, going on, signals to one process.
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "child.h"
#include "seccomp/sandbox.h"

namespace waas::seccomp::test {
namespace {

constexpr pid_t NOBODY = 1 << 30;

End guard(const std::function<bool()>& body) { return underFilter(guardProfile(NOBODY), body); }

TEST(GuardTable, WaitsAndLetsGoOn) {
  EXPECT_EQ(guard([] { return waitpid(-1, nullptr, __WALL | WNOHANG) == -1 && errno == ECHILD; }), FINE);
  EXPECT_EQ(guard([] { return ptrace(PTRACE_CONT, NOBODY, 0, 0) == -1 && errno == ESRCH; }), FINE);
  EXPECT_EQ(guard([] { return ptrace(PTRACE_LISTEN, NOBODY, 0, 0) == -1 && errno == ESRCH; }), FINE);
}

TEST(GuardTable, X7NeitherReadsNorReleasesTheTracee) {
  for (long request : {long(PTRACE_PEEKDATA), long(PTRACE_PEEKUSER), long(PTRACE_GETREGS), long(PTRACE_GETREGSET),
                       long(PTRACE_GETFPREGS), long(PTRACE_POKEDATA), long(PTRACE_SETREGS), long(PTRACE_DETACH),
                       long(PTRACE_SEIZE), long(PTRACE_ATTACH), long(PTRACE_INTERRUPT), long(PTRACE_SETOPTIONS),
                       long(PTRACE_SYSCALL), long(PTRACE_SINGLESTEP), long(PTRACE_KILL), 0x100000007L}) {
    EXPECT_EQ(guard([&] { return syscall(SYS_ptrace, request, NOBODY, 0, 0), true; }), KILLED) << request;
  }
  EXPECT_EQ(guard([] { return syscall(SYS_process_vm_readv, NOBODY, 0, 0, 0, 0, 0), true; }), KILLED);
  EXPECT_EQ(guard([] { return syscall(SYS_openat, -100, "/proc/1/mem", 0), true; }), KILLED);
}

TEST(GuardTable, X4SignalsOnlyItsOwnChild) {
  EXPECT_EQ(guard([] { return syscall(SYS_kill, NOBODY, SIGTERM) == -1 && errno == ESRCH; }), FINE);
  for (pid_t other : {0, -1, 1, NOBODY + 1, -NOBODY}) {
    EXPECT_EQ(guard([&] { return syscall(SYS_kill, other, 0), true; }), KILLED) << other;
  }
}

}  // namespace
}  // namespace waas::seccomp::test
