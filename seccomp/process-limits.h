#pragma once
// What a process gives up about itself before it does anything else.
#include <sys/resource.h>

#include <cstddef>
#include <initializer_list>
#include <optional>

#include "seccomp/failure.h"

namespace waas::seccomp {

// One resource limit, soft and hard.
struct ResourceLimit {
  int resource;  // RLIMIT_…
  rlim_t value;
};

// Sets no_new_privs: no exec from here on, by this process or its children, gives more rights than it has.
Outcome renounceNewPrivileges();

// Makes the process undumpable (no core file, no ptrace or /proc/PID/mem for the same user), sets RLIMIT_CORE 0 and
// no_new_privs. Must be repeated after a change of user or an exec, which undo the first.
Outcome becomePrivate();

// Closes every inherited descriptor from `first` on. The starter may have leaked anything.
Outcome closeDescriptorsFrom(unsigned first);

// Lowers limits. A value above the hard limit is cut to it: a limit is only ever lowered here.
Outcome limitResources(std::initializer_list<ResourceLimit> limits);

// Whether a tracer holds this process (TracerPid in /proc/self/status). Nothing when that can't be read.
std::optional<bool> isTraced();

}  // namespace waas::seccomp
