#include "daemon/vault/attempt-limiter.h"

#include <algorithm>
#include <cstring>

#include "daemon/vault/limits.h"

namespace waas::vault {

AttemptLimiter::AttemptLimiter(size_t accounts) : entries(accounts / WAYS * WAYS) {
  randombytes_buf(hashKey, sizeof hashKey);
}

uint64_t AttemptLimiter::begin(std::string_view email, uint64_t now) {
  uint8_t key[sizeof Entry::key];
  keyOf(email, key);
  std::lock_guard lock(mutex);
  Entry* bucket = bucketOf(key);
  Entry* entry = std::find_if(bucket, bucket + WAYS, [&](const Entry& e) {
    return e.lastFailure != 0 && sodium_memcmp(e.key, key, sizeof key) == 0;
  });
  if (entry == bucket + WAYS) {
    entry = std::min_element(bucket, bucket + WAYS,
                             [](const Entry& a, const Entry& b) { return a.lastFailure < b.lastFailure; });
    *entry = Entry{};
    memcpy(entry->key, key, sizeof key);
  } else if (now > entry->lastFailure + FORGET_FAILURES_MS) {
    entry->failures = 0;
  } else {
    // Two workers' clocks may differ by a little, so `now` may lie before the last failure even where nothing is to be
    // waited for. And a clock that was set back must not make a delay longer than the cap.
    uint64_t delay = delayAfter(entry->failures), until = entry->lastFailure + delay;
    if (delay > 0 && now < until) return std::min(until - now, LONGEST_DELAY_MS);
  }
  entry->failures = std::min(entry->failures + 1, 1000u);
  entry->lastFailure = std::max<uint64_t>(now, 1);
  return 0;
}

void AttemptLimiter::succeeded(std::string_view email) {
  uint8_t key[sizeof Entry::key];
  keyOf(email, key);
  std::lock_guard lock(mutex);
  Entry* bucket = bucketOf(key);
  for (Entry* e = bucket; e < bucket + WAYS; e++) {
    if (sodium_memcmp(e->key, key, sizeof key) == 0) *e = Entry{};
  }
}

uint64_t AttemptLimiter::delayAfter(uint32_t failures) {
  if (failures < FREE_ATTEMPTS) return 0;
  uint32_t doublings = std::min(failures - FREE_ATTEMPTS, 20u);
  return std::min(FIRST_DELAY_MS << doublings, LONGEST_DELAY_MS);
}

void AttemptLimiter::keyOf(std::string_view email, uint8_t* key) const {
  crypto_shorthash_siphashx24(key, reinterpret_cast<const uint8_t*>(email.data()), email.size(), hashKey);
}

AttemptLimiter::Entry* AttemptLimiter::bucketOf(const uint8_t* key) {
  uint64_t hash;
  memcpy(&hash, key, sizeof hash);
  return &entries[hash % (entries.size() / WAYS) * WAYS];
}

}  // namespace waas::vault
