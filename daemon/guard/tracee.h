#pragma once
// Starts a program that has its tracer already when its first instruction runs.
#include <signal.h>
#include <sys/types.h>

#include <variant>

#include "seccomp/failure.h"

namespace waas::guard {

// Forks, seizes the child, and only then lets it exec `command` (null-terminated; command[0] is a path).
//
// A process has one tracer, so from that moment nobody else, root included, can attach and read its registers; and
// PTRACE_O_EXITKILL ends it in the instant in which the guard ends. Threads and children that it starts are held too.
//
// The child inherits all descriptors, `mask` as its signal mask, and this environment but for the variables that name
// the process they are meant for (LISTEN_PID, WATCHDOG_PID): these get the child's own id.
//
// If exec fails the child says so on stderr and exits with 127 (no such program) or 126.
std::variant<pid_t, seccomp::Failure> startTraced(char* const* command, const sigset_t& mask);

}  // namespace waas::guard
