#pragma once
// What was found, for people and for programs.
#include <set>
#include <string>
#include <vector>

#include "search.h"

namespace waas::memscan {

struct Summary {
  int rounds = 0;
  double seconds = 0;
  // Methods that read a process and did not see the canary there: they prove nothing.
  std::vector<std::string> blind;
};

std::vector<std::string> blindMethods(const Search& search, const Forms& forms, const std::set<std::string>& processes);
void printReport(const Search& search, const Forms& forms, const Summary& summary);
bool writeJson(const std::string& path, const Search& search, const Forms& forms, const Summary& summary);

}  // namespace waas::memscan
