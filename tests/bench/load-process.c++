#include "load-process.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace waas::load {
namespace {

// Parent of each process. Processes may end while we look.
std::map<int, int> parents() {
  std::map<int, int> found;
  for (auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    std::ifstream in(entry.path() / "stat");
    std::string line;
    if (!std::getline(in, line)) continue;
    // The command in brackets may hold anything; what follows the last bracket does not.
    std::istringstream rest(line.substr(line.rfind(')') + 1));
    char state;
    int parent;
    if (rest >> state >> parent) found[std::stoi(name)] = parent;
  }
  return found;
}

std::vector<int> pidsOf(const Watched& process) {
  std::vector<int> pids = {process.pid};
  if (!process.withChildren) return pids;
  auto parentOf = parents();
  for (size_t i = 0; i < pids.size(); i++) {
    for (auto& [pid, parent] : parentOf) {
      if (parent == pids[i]) pids.push_back(pid);
    }
  }
  return pids;
}

uint64_t threadTime(const std::filesystem::path& thread) {
  std::ifstream in(thread / "schedstat");
  uint64_t running = 0;
  in >> running;
  return running;
}

}  // namespace

std::vector<Watched> parseWatched(const std::string& text) {
  std::vector<Watched> all;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, ',');) {
    size_t equals = item.find('=');
    bool plus = item.ends_with('+');
    if (equals == 0 || equals == item.npos) throw std::invalid_argument("not name=pid: " + item);
    std::string digits = item.substr(equals + 1, item.size() - equals - 1 - (plus ? 1 : 0));
    all.push_back({item.substr(0, equals), std::stoi(digits), plus});
  }
  return all;
}

std::string watchedFromEnvironment() {
  struct Known {
    const char *variable, *name, *children;
  };
  constexpr Known KNOWN[] = {{"WAAS_BROKER_PID", "broker", ""},
                             {"WAAS_VAULT_PID", "vault", ""},
                             {"POSTGRES_PID", "postgres", "+"},
                             {"REDIS_1_PID", "redis1", ""},
                             {"REDIS_2_PID", "redis2", ""}};
  std::string text;
  for (auto& known : KNOWN) {
    const char* pid = getenv(known.variable);
    if (pid == nullptr || *pid == '\0') continue;
    text += (text.empty() ? "" : ",") + std::string(known.name) + "=" + pid + known.children;
  }
  return text;
}

uint64_t processorTime(const Watched& process) {
  uint64_t sum = 0;
  for (int pid : pidsOf(process)) {
    std::error_code error;
    std::filesystem::directory_iterator threads("/proc/" + std::to_string(pid) + "/task", error);
    if (error) continue;
    for (auto& thread : threads) sum += threadTime(thread.path());
  }
  return sum;
}

uint64_t residentMemory(const Watched& process) {
  uint64_t sum = 0;
  for (int pid : pidsOf(process)) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; in >> word;) {
      uint64_t kib = 0;
      if (word == "VmRSS:" && in >> kib) sum += kib;
    }
  }
  return sum;
}

}  // namespace waas::load
