#pragma once
// Sign-in challenges: what makes a recorded login box worthless.
#include <array>
#include <cstdint>
#include <mutex>

#include "daemon/vault/keyring.h"
#include "daemon/vault/ordinary-array.h"
#include "protocol/login-box.h"

namespace waas::vault {

// What came of a challenge. Zero is a refusal.
enum class ChallengeVerdict : uint8_t {
  INVALID = 0,     // not of this vault life, forged, expired, or used before
  OVERLOADED = 1,  // too many were accepted within the last minute to remember one more
  ACCEPTED = 2,
};

// Makes challenges and accepts each of them at most once, within CHALLENGE_LIFE_MS (V5). A challenge is not remembered
// until it is accepted; then until it expires. Bounded: when there is no place to remember one, it is refused, never
// forgotten. Safe to use from all workers.
class ChallengeBook {
 public:
  // Keeps the references. `instance` is this life of the vault: no other one accepts its challenges.
  ChallengeBook(size_t capacity, const Id& instance, const Keyring& keyring);

  std::array<uint8_t, CHALLENGE_BYTES> make(uint64_t now, Random& random) const;
  ChallengeVerdict accept(Bytes challenge, uint64_t now);

 private:
  struct Used {
    uint64_t expires;  // free when this is past
    Id nonce;
  };
  static constexpr size_t PROBES = 32;

  const Id instance;
  const Keyring& keyring;
  std::mutex mutex;
  OrdinaryArray<Used> used;  // a nonce lies within PROBES places from where its first bytes point to
};

}  // namespace waas::vault
