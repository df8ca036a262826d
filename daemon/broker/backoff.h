#pragma once
// Exponential back-off with jitter, for connections that are made anew for ever.
#include <kj/common.h>
#include <kj/time.h>

#include <algorithm>
#include <random>

namespace waas::broker {

// Delays that double from `least` to `most`; each is drawn from the upper half of its step, so that hosts which lost a
// server together do not come back together. A value.
class Backoff {
 public:
  Backoff(kj::Duration least, kj::Duration most, uint32_t seed) : least(least), most(most), step(least), random(seed) {}

  kj::Duration next() {
    int64_t whole = std::max<int64_t>(step / kj::NANOSECONDS, 2);
    step = std::min(step * 2, most);
    return std::uniform_int_distribution<int64_t>(whole / 2, whole)(random) * kj::NANOSECONDS;
  }
  void reset() { step = least; }

 private:
  kj::Duration least, most, step;
  std::minstd_rand random;
};

}  // namespace waas::broker
