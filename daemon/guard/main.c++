// waas-vault-guard: starts a program, here the vault, and stays its tracer, so that nobody else can become it.
//
//   waas-vault-guard -- PROGRAM ARGUMENTS…    (PROGRAM is a path)
//
// Exit code: the program's; 128 and the signal that ended it; 2 for wrong usage or a guard that could not be set up.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <variant>

#include "daemon/guard/tracee.h"
#include "daemon/guard/watch.h"
#include "seccomp/process-limits.h"
#include "seccomp/sandbox.h"

namespace {

constexpr int SET_UP_FAILED = 2;

int complain(const waas::seccomp::Failure& failure) {
  dprintf(STDERR_FILENO, "waas-vault-guard: %s\n", failure.sentence);
  return SET_UP_FAILED;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3 || strcmp(arguments[1], "--") != 0) {
    dprintf(STDERR_FILENO, "usage: waas-vault-guard -- PROGRAM ARGUMENTS…\n");
    return SET_UP_FAILED;
  }
  // Before the fork, so that no signal is lost and the program starts without a way to new privileges. Undumpable the
  // guard becomes later: nobody but root may trace the child of an undumpable process, so neither might we.
  sigset_t watched = waas::guard::watchedSignals(), before;
  sigprocmask(SIG_BLOCK, &watched, &before);
  if (auto failure = waas::seccomp::renounceNewPrivileges()) return complain(*failure);

  auto started = waas::guard::startTraced(arguments + 2, before);
  if (auto* failure = std::get_if<waas::seccomp::Failure>(&started)) return complain(*failure);
  pid_t child = std::get<pid_t>(started);

  // Closes stderr too: a failure here can only be told by the exit code, and takes the program along (EXITKILL).
#ifndef WAAS_UNSANDBOXED_BUILD
  if (waas::seccomp::enterGuardSandbox(child)) _exit(SET_UP_FAILED);
#endif
  // Not by return: what libraries do at exit may need more than the table gives.
  _exit(waas::guard::watchUntilEnd(child));
}
