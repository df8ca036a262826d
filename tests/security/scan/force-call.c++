// waas-force-call PID NUMBER: makes the main thread of another process, which waits in a system call, make a call of
// our choice, as code injected there could. Prints how that ended: "signal N", "exit N", or "returned N".
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

int report(const char* what, long number) {
  printf("%s %ld\n", what, number);
  return 0;
}

// Waits for the next stop or end; false, after saying so, when it is the end.
bool stopped(pid_t process, int& status) {
  if (waitpid(process, &status, __WALL) != process) return false;
  if (WIFEXITED(status)) report("exit", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) report("signal", WTERMSIG(status));
  return WIFSTOPPED(status);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  pid_t process = atoi(arguments[1]);
  int status = 0;
  if (ptrace(PTRACE_SEIZE, process, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT) != 0) {
    perror("PTRACE_SEIZE");
    return 1;
  }
  ptrace(PTRACE_INTERRUPT, process, 0, 0);
  if (!stopped(process, status)) return 1;
  user_regs_struct registers{};
  ptrace(PTRACE_GETREGS, process, 0, &registers);
  constexpr unsigned SYSCALL_INSTRUCTION = 2;  // bytes; the process stands behind it
  registers.rip -= SYSCALL_INSTRUCTION;
  unsigned long long number = strtoull(arguments[2], nullptr, 0);
  registers.rax = number;
  registers.orig_rax = ~0ull;  // no call is restarted
  registers.rdi = registers.rsi = registers.rdx = 0;
  ptrace(PTRACE_SETREGS, process, 0, &registers);
  // Into the call, out of it again. A filter that kills gives the registers back as they were, and then the signal.
  for (int stops = 0; stops < 2 || registers.rax == number;) {
    ptrace(PTRACE_SYSCALL, process, 0, 0);
    if (!stopped(process, status)) return 0;
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) stops++;
    if (stops > 2) break;
    ptrace(PTRACE_GETREGS, process, 0, &registers);
  }
  return report("returned", static_cast<long>(registers.rax));
}
