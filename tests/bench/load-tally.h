#pragma once
// What a run counts: latencies and signatures inside the measured window, errors and checks over all of it.
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/lib/error.h"

namespace waas::load {

using Clock = std::chrono::steady_clock;

class Tally {
 public:
  Tally(Clock::duration warmUp, Clock::duration measured) : warmUp(warmUp), measured(measured) {}

  void start() { begin = Clock::now(); }

  // Whether a loop should go on. Counts the window's beginning and end.
  bool goesOn();

  // One call has been answered, with this many signatures.
  void answered(Clock::time_point sent, uint64_t signatures);

  void failed(client::ErrorCode code);

  // Whether the next signature is among those that are checked: the first 40, and every 1000th.
  bool wantsCheck() { return seen++ < 40 || seen % 1000 == 0; }
  void checked(bool good) { (good ? goodChecks : badChecks)++; }

  bool inWindow() const { return windowBegun && !windowEnded; }
  bool windowBegun = false, windowEnded = false;

  double seconds() const;
  uint64_t signatures() const { return made; }
  uint64_t calls() const { return latencies.size(); }
  uint64_t good() const { return goodChecks; }
  uint64_t bad() const { return badChecks; }
  const std::map<std::string, uint64_t>& errors() const { return failures; }

  // Latency in microseconds below which this part of the calls lay.
  double quantile(double part);

 private:
  Clock::duration warmUp, measured;
  Clock::time_point begin, windowBegin, windowEnd;
  std::vector<uint32_t> latencies;  // nanoseconds, saturated
  uint64_t made = 0, seen = 0, goodChecks = 0, badChecks = 0;
  std::map<std::string, uint64_t> failures;
};

}  // namespace waas::load
