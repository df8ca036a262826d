#pragma once
// What other processes cost: processor time and memory, as the kernel counts them.
#include <cstdint>
#include <string>
#include <vector>

namespace waas::load {

// A process to be watched; `withChildren` sums over those that descend from it, too.
struct Watched {
  std::string name;
  int pid = 0;
  bool withChildren = false;
};

// Reads "broker=12,postgres=34+": a plus means with children. Throws std::invalid_argument.
std::vector<Watched> parseWatched(const std::string& text);

// The processes that scripts/stack names in the environment; empty when there are none.
std::string watchedFromEnvironment();

// Nanoseconds on a processor so far, of all threads.
uint64_t processorTime(const Watched& process);

// Resident memory in KiB; pages that children share are counted once for each.
uint64_t residentMemory(const Watched& process);

}  // namespace waas::load
