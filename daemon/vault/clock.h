#pragma once
// The time of day, so that tests can bring their own.
#include <cstdint>

namespace waas::vault {

class Clock {
 public:
  virtual ~Clock() = default;
  // Unix milliseconds.
  virtual uint64_t now() const = 0;
};

// The kernel's, read through the vDSO without a system call.
class SystemClock final : public Clock {
 public:
  uint64_t now() const override;
};

}  // namespace waas::vault
