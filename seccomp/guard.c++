// The guard's table: it can wait for its tracee, let it go on, and send it signals. It can neither read the tracee's
// registers or memory nor release it, so neither can code that somebody injects here.
#include <sys/ptrace.h>
#include <time.h>

#include "seccomp/sandbox.h"

namespace waas::seccomp {

Profile guardProfile(pid_t child) {
  constexpr const char* TRACE = "the tracee";
  constexpr const char* RUNTIME = "signals and the end";
  return {"guard",
          {
              {WAAS_CALL(wait4), {}, ALLOW, TRACE, "stops and the end of the vault's threads"},
              {WAAS_CALL(ptrace), {{longIs(0, PTRACE_CONT)}}, ALLOW, TRACE, "go on after a stop"},
              {WAAS_CALL(ptrace), {{longIs(0, PTRACE_LISTEN)}}, ALLOW, TRACE, "stay stopped until SIGCONT"},
              {WAAS_CALL(kill), {{intIs(0, child)}}, ALLOW, TRACE, "hand on the signals that end it"},
              {WAAS_CALL(rt_sigtimedwait), {}, ALLOW, RUNTIME, "one place to wait for signals and for the tracee"},
              {WAAS_CALL(clock_gettime),
               {{intIs(0, CLOCK_MONOTONIC)}},
               ALLOW,
               RUNTIME,
               "how long a program may take to end, where the vDSO has no clock"},
              {WAAS_CALL(restart_syscall), {}, ALLOW, RUNTIME, "a wait goes on after SIGCONT"},
              {WAAS_CALL(exit_group), {}, ALLOW, RUNTIME, "the end, with the vault's code"},
          }};
}

}  // namespace waas::seccomp
