#pragma once
// The recovery key among custodians: split into parts that are sealed to them, and put together again from their parts
// for a while (protocol/key-box.h).
#include <atomic>
#include <optional>

#include "daemon/vault/keyring.h"
#include "protocol/key-box.h"

namespace waas::vault {

// How long the recovery key is held at most once custodians gave their parts; longer runs ask them again.
constexpr uint64_t CUSTODY_HELD_MS = 3600'000;

using SealedPart = std::array<uint8_t, SEALED_PART_BYTES>;

enum class SplitOutcome : uint8_t {
  FAULT = 0,
  MEANINGLESS = 1,     // threshold below 2 or above the number of recipients; one of them twice, or no key
  PRIVATE_ABSENT = 2,  // the private half isn't here for good: custodians have it already
  SPLIT = 3,
};

// Splits the newest recovery key's private half: parts[i] is for recipients[i], with the vault's signature. The keyring
// stays as it is. `parts` must have as many places; they are zero unless SPLIT.
SplitOutcome splitRecoveryKey(const Keyring& keyring, uint8_t threshold, std::span<const PublicKey> recipients,
                              Random& random, std::span<SealedPart> parts);

// What came of one custodian's part. Zero is a refusal.
enum class PartTaken : uint8_t {
  BOX_REFUSED = 0,  // not sealed to this vault, damaged, or of another kind
  EXPIRED = 1,      // sealed too long ago, or by a clock that is wrong
  MISTYPED = 2,     // its check does not fit
  OTHER_KEY = 3,    // a part of a recovery key that is not this keyring's, or retired
  OTHER_SET = 4,    // of another splitting than the parts before it
  WRONG = 5,        // enough parts, but they don't give the key: at least one is false. All of them are forgotten
  FAULT = 6,
  TAKEN = 7,  // more are needed
  HELD = 8,   // the recovery key is here now
};

// The parts that were given so far, and how long the key may stay. Lives in secret memory. Whoever uses it has the
// keyring for himself.
class Custody {
 public:
  PartTaken take(Keyring& keyring, Bytes box, uint64_t now);

  // Wipes the parts, and the key where it was lent.
  [[nodiscard]] bool forget(Keyring& keyring);

  // Whether the time of a lent key, or of parts that wait for others, is over.
  bool isOver(uint64_t now) const {
    uint64_t end = endsAt;
    return end != 0 && now >= end;
  }

  uint8_t threshold() const { return needed; }
  uint8_t given() const { return count; }

  // Whether this vault has split the key, so that it may forget its own half.
  bool wasSplit = false;

 private:
  void wipeParts();

  std::array<Secret<32>, MAX_CUSTODIANS> shares;
  std::array<uint8_t, MAX_CUSTODIANS> numbers{};
  Id set{};
  uint32_t version = 0;
  uint8_t needed = 0, count = 0;
  std::atomic<uint64_t> endsAt{0};  // looked at without the lock, to find out whether the lock is needed
};

}  // namespace waas::vault
