#pragma once
// What /proc says of a process.
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace waas::memscan {

std::string slurp(const std::string& path);
std::string procPath(pid_t process, const std::string& file);
// Names in a folder that are numbers: threads, descriptors.
std::vector<int> numbersIn(const std::string& folder);

bool isAlive(pid_t process);
// "pid/name"; "gone" when there is no such process.
std::string processName(pid_t process);
// The process and all its descendants, appended.
void addTree(pid_t process, std::vector<pid_t>& out);

struct Mapping {
  uint64_t begin, end;
  std::string permissions, name;
  std::string label() const { return name + " " + permissions; }
};
std::vector<Mapping> mappingsOf(pid_t process);

}  // namespace waas::memscan
