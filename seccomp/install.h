#pragma once
// Loads a table into the kernel, and prints it.
#include <string>

#include "seccomp/failure.h"
#include "seccomp/profile.h"

namespace waas::seccomp {

// Sets no_new_privs and loads the filter into every thread of the process (TSYNC). Calls of other architectures (i386)
// and of the x32 ABI end the process whatever their number. Needs no memory from malloc, and nothing after it does.
// On a Failure no filter is in place; the caller must end.
Outcome install(const Profile& profile);

// The table as text, one row a line under its headings: call, conditions, action, reason. For `--print-sandbox`.
std::string describe(const Profile& profile);

}  // namespace waas::seccomp
