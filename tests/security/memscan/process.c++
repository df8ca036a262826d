#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace waas::memscan {

std::string slurp(const std::string& path) {
  std::string text;
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char part[65536];
  ssize_t got = 0;
  while ((got = read(file, part, sizeof part)) > 0) text.append(part, static_cast<size_t>(got));
  close(file);
  return text;
}

std::string procPath(pid_t process, const std::string& file) { return "/proc/" + std::to_string(process) + "/" + file; }

std::vector<int> numbersIn(const std::string& folder) {
  std::vector<int> numbers;
  DIR* open = opendir(folder.c_str());
  if (open == nullptr) return numbers;
  while (dirent* entry = readdir(open)) {
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') numbers.push_back(atoi(entry->d_name));
  }
  closedir(open);
  return numbers;
}

bool isAlive(pid_t process) {
  std::string stat = slurp(procPath(process, "stat"));
  size_t name = stat.rfind(") ");
  return name != std::string::npos && name + 2 < stat.size() && stat[name + 2] != 'Z' && stat[name + 2] != 'X';
}

std::string processName(pid_t process) {
  std::string name = slurp(procPath(process, "comm"));
  if (name.empty()) return "gone";
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return std::to_string(process) + "/" + name;
}

void addTree(pid_t process, std::vector<pid_t>& out) {
  if (kill(process, 0) != 0 || process == getpid() || std::find(out.begin(), out.end(), process) != out.end()) return;
  out.push_back(process);
  for (int thread : numbersIn(procPath(process, "task"))) {
    std::istringstream children(slurp(procPath(process, "task/" + std::to_string(thread) + "/children")));
    for (pid_t child = 0; children >> child;) addTree(child, out);
  }
}

std::vector<Mapping> mappingsOf(pid_t process) {
  std::vector<Mapping> found;
  std::istringstream lines(slurp(procPath(process, "maps")));
  for (std::string line; std::getline(lines, line);) {
    unsigned long begin = 0, end = 0;
    char permissions[8] = {};
    int offset = 0;
    if (sscanf(line.c_str(), "%lx-%lx %7s %*s %*s %*s %n", &begin, &end, permissions, &offset) < 3) continue;
    auto nameAt = static_cast<size_t>(offset);
    bool named = nameAt != 0 && nameAt < line.size();
    found.push_back({begin, end, permissions, named ? line.substr(nameAt) : "[anon]"});
  }
  return found;
}

}  // namespace waas::memscan
