#pragma once
// Landlock: which files, ports and neighbours a process may still reach, as a table that is adapted to the kernel.
//
// Landlock binds the calling thread and what it starts later, so it comes before the first thread.
#include <cstdint>
#include <string>
#include <vector>

#include "seccomp/failure.h"

namespace waas::seccomp {

// A path that stays reachable, with all below it.
struct PathRule {
  std::string path;
  enum class Access : uint8_t { READ } access = Access::READ;
  // What if there is no such path: fail, or go on without the rule (for files that a host may or may not have).
  enum class Absent : uint8_t { REFUSE, SKIP } absent = Absent::SKIP;
};

// Everything that is not named is denied, as far as the kernel's Landlock can.
struct LandlockRules {
  std::vector<PathRule> paths;         // empty: no file system at all
  std::vector<uint16_t> connectPorts;  // TCP ports that connect() may go to; binding TCP is always denied (ABI 4)
  bool abstractSockets = false;        // may connect to abstract Unix sockets made outside (ABI 6)
  bool signals = false;                // may send signals to processes outside (ABI 6)
};

// What the kernel really enforces, for the health report.
struct LandlockReport {
  int abi = 0;  // 0: the kernel has no Landlock
  bool files = false;
  bool tcp = false;
  bool scopes = false;
};

// Applies the rules to this thread and all that it will start. A kernel without Landlock, or with an older ABI, is no
// failure: seccomp alone must hold then, and `report` says what was left out. Any other error is one.
Outcome restrictSelf(const LandlockRules& rules, LandlockReport& report);

}  // namespace waas::seccomp
