#pragma once
// A program under the real guard, started as a service manager would.
#include <sys/types.h>

#include <string>
#include <vector>

namespace waas::guard::test {

// How a process ended: its exit code, or minus the signal.
using Code = int;

class Guarded {
 public:
  // Starts `waas-vault-guard -- <command>`; returns once the program runs (has written a line to its stdout).
  explicit Guarded(const std::vector<std::string>& command, const std::vector<std::string>& environment = {});
  // Kills what is left.
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  pid_t guard() const { return guard_; }
  // The traced program's id.
  pid_t program() const { return program_; }
  // The line that it wrote first.
  const std::string& firstLine() const { return line_; }
  // Next line of its output; empty at the end.
  std::string nextLine();
  // Waits for the guard's end; fails the test after ten seconds.
  Code wait();

 private:
  pid_t guard_ = -1;
  pid_t program_ = -1;
  int output_ = -1;
  std::string line_;
};

// The state letter of a process (R, S, T, t, Z …); 0 when there is none of that id.
char stateOf(pid_t process);

// Polls until `ready` holds; false after ten seconds.
bool eventually(bool (*ready)(pid_t), pid_t process);

}  // namespace waas::guard::test
