#pragma once
// The guard's life after its start: hands on signals, lets the traced program go on after each stop, ends with it.
#include <signal.h>
#include <sys/types.h>

namespace waas::guard {

// The signals that the guard waits for, to be blocked before the program is started: SIGCHLD, those that end the
// program (TERM, INT, QUIT, HUP) and those that it may want (USR1, USR2).
sigset_t watchedSignals();

// Returns the exit code for the guard when `child` has ended: the child's own, or 128 and the signal that ended it.
//
// A program that was asked to end and still runs after END_SECONDS is killed. Uses only the calls of the guard's table.
int watchUntilEnd(pid_t child);

constexpr int END_SECONDS = 5;

}  // namespace waas::guard
