#pragma once
// Runs a piece of code in a forked child and tells how the child ended.
#include <functional>
#include <ostream>

#include "seccomp/profile.h"

namespace waas::seccomp::test {

struct End {
  int signal = 0;  // that ended it; 0: it exited
  int code = 0;    // its exit code
  bool operator==(const End&) const = default;
};
std::ostream& operator<<(std::ostream& out, const End& end);

// The child died as a forbidden call makes it die.
extern const End KILLED;
// The child's code returned true.
extern const End FINE;

// Runs `body` in a child; its result is the exit code: true = 0, false = 1. Code under a filter must restrict itself to
// what the filter lets through (raw calls), and the child leaves by exit_group.
End inChild(const std::function<bool()>& body);

// The same under a filter. The filter is loaded after `prepare`.
End underFilter(const Profile& profile, const std::function<bool()>& body);
End underFilter(const Profile& profile, const std::function<void()>& prepare, const std::function<bool()>& body);

// Calls that no table names, and none may.
struct Forbidden {
  const char* name;
  long number;
  long arguments[4];
};
extern const Forbidden FORBIDDEN_EVERYWHERE[];
extern const size_t FORBIDDEN_COUNT;

// Makes the call with these arguments and zeros.
long make(const Forbidden& call);

// Tries every number of the 64-bit table that `profile` does not name, and returns those that did not end a child.
std::vector<long> unnamedCallsThatPass(const Profile& profile);

// A call by the i386 entry (int 0x80), and one with the x32 bit.
void enterAsI386();
void enterAsX32(long number);

}  // namespace waas::seccomp::test
