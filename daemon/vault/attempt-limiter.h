#pragma once
// Slows the guessing of passwords, per account, whoever is asking (V8).
#include <sodium.h>

#include <cstdint>
#include <mutex>
#include <string_view>

#include "daemon/vault/ordinary-array.h"

namespace waas::vault {

// Counts failed attempts by e-mail address, known or not. The first FREE_ATTEMPTS failures cost nothing; each further
// one doubles a delay, up to LONGEST_DELAY_MS, in which nothing is tried, not even the right password. A success, or a
// day without a failure, clears the account. Bounded: when a bucket is full, the entry with the oldest failure makes
// room; which accounts share a bucket follows from a random key, so nobody can aim at it. Safe to use from all workers.
class AttemptLimiter {
 public:
  explicit AttemptLimiter(size_t accounts);

  // Asks for one attempt, and books it as failed until `succeeded` says otherwise, so that attempts in parallel gain
  // nothing. Returns how many milliseconds the caller has to wait; 0: go on.
  uint64_t begin(std::string_view email, uint64_t now);
  void succeeded(std::string_view email);

 private:
  struct Entry {
    uint8_t key[crypto_shorthash_siphashx24_BYTES];
    uint64_t lastFailure;  // 0: free
    uint32_t failures;
  };
  static constexpr size_t WAYS = 8;

  void keyOf(std::string_view email, uint8_t* key) const;
  Entry* bucketOf(const uint8_t* key);
  static uint64_t delayAfter(uint32_t failures);

  uint8_t hashKey[crypto_shorthash_siphashx24_KEYBYTES];
  std::mutex mutex;
  OrdinaryArray<Entry> entries;
};

}  // namespace waas::vault
