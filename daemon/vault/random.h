#pragma once
// Where random bytes come from; handed to whoever needs them, so that tests can replay.
#include <cstddef>
#include <cstdint>
#include <span>

namespace waas::vault {

class Random {
 public:
  virtual void fill(std::span<uint8_t> out) = 0;

 protected:
  ~Random() = default;
};

// The kernel's generator, through libsodium (getrandom(2); never fails once the kernel is seeded, else the process
// ends).
class KernelRandom final : public Random {
 public:
  void fill(std::span<uint8_t> out) override;
};

}  // namespace waas::vault
