#pragma once
// The secrets to look for, and every form of each that is looked for.
#include <string>
#include <vector>

#include "encodings.h"

namespace waas::memscan {

struct Secret {
  std::string kind, name;
};

// One form of one secret. A part of it counts as found from `fromMemory` bytes on in memory, `fromRegisters` in
// registers (0: not looked for there).
struct Needle {
  size_t secret;
  std::string form;
  Bytes bytes;
  size_t fromMemory, fromRegisters;
};

class Forms {
 public:
  // `shortestRun`: how many bytes in a row of a binary form count as found in memory.
  explicit Forms(size_t shortestRun) : shortestRun(shortestRun) {}

  // Reads a file of secrets (format: README.md). Returns the complaint, empty when all is well.
  std::string load(const std::string& path);

  const std::vector<Secret>& secrets() const { return known; }
  const std::vector<Needle>& needles() const { return all; }
  // Index of the canary; -1 without one.
  long canary() const { return canaryAt; }

 private:
  std::string add(const std::string& kind, const std::string& name, const Bytes& value, const Bytes* message);
  void need(const std::string& form, const Bytes& bytes, size_t fromMemory, size_t fromRegisters = 0);
  void binary(const std::string& form, const Bytes& bytes);
  void text(const std::string& form, const Bytes& bytes);
  void scalar(const std::string& form, const Bytes& bytes);
  void aes(const Bytes& key);
  void hmac(const Bytes& key);
  void seed(const Bytes& seed);
  void nonce(const Bytes& seed, const Bytes& message);
  void password(const Bytes& password);

  size_t shortestRun;
  std::vector<Secret> known;
  std::vector<Needle> all;
  long canaryAt = -1;
};

}  // namespace waas::memscan
