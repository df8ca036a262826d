#include "load-tally.h"

#include <algorithm>

namespace waas::load {

bool Tally::goesOn() {
  if (windowEnded) return false;
  auto now = Clock::now();
  if (!windowBegun && now - begin >= warmUp) {
    windowBegun = true;
    windowBegin = now;
  }
  if (windowBegun && now - windowBegin >= measured) {
    windowEnded = true;
    windowEnd = now;
  }
  return !windowEnded;
}

void Tally::answered(Clock::time_point sent, uint64_t signatures) {
  if (!inWindow()) return;
  auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - sent).count();
  latencies.push_back(static_cast<uint32_t>(std::min<int64_t>(ns, UINT32_MAX)));
  made += signatures;
}

void Tally::failed(client::ErrorCode code) { failures[client::describe(code).name.cStr()]++; }

double Tally::seconds() const { return std::chrono::duration<double>(windowEnd - windowBegin).count(); }

double Tally::quantile(double part) {
  if (latencies.empty()) return 0;
  auto at = std::min(latencies.size() - 1, static_cast<size_t>(part * static_cast<double>(latencies.size())));
  auto place = latencies.begin() + static_cast<ptrdiff_t>(at);
  std::nth_element(latencies.begin(), place, latencies.end());
  return *place / 1000.0;
}

}  // namespace waas::load
