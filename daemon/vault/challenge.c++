#include "daemon/vault/challenge.h"

#include <algorithm>

#include "daemon/vault/limits.h"

namespace waas::vault {
namespace {

constexpr size_t COVERED = 16 + 8 + 16;  // instance | expires | nonce
constexpr std::string_view DOMAIN = "waas challenge 1";
static_assert(COVERED + 32 == CHALLENGE_BYTES);

Bytes domain() { return asBytes(DOMAIN.data(), DOMAIN.size()); }

}  // namespace

ChallengeBook::ChallengeBook(size_t capacity, const Id& instance, const Keyring& keyring)
    : instance(instance), keyring(keyring), used(capacity) {}

std::array<uint8_t, CHALLENGE_BYTES> ChallengeBook::make(uint64_t now, Random& random) const {
  std::array<uint8_t, CHALLENGE_BYTES> out{};
  Id nonce;
  random.fill(nonce);
  ByteWriter w(out);
  w.bytes(instance);
  w.u64(now + CHALLENGE_LIFE_MS);
  w.bytes(nonce);
  w.bytes(keyring.newest(Purpose::CHALLENGE).hmac().mac({domain(), Bytes(out).first(COVERED)}));
  return out;
}

ChallengeVerdict ChallengeBook::accept(Bytes challenge, uint64_t now) {
  ByteReader r(challenge);
  Id of, nonce;
  r.fill(of);
  uint64_t expires = r.u64();
  r.fill(nonce);
  Bytes mac = r.bytes(32);
  if (!r.done() || of != instance) return ChallengeVerdict::INVALID;
  const HmacKey& key = keyring.newest(Purpose::CHALLENGE).hmac();
  if (!key.verify({domain(), challenge.first(COVERED)}, mac) || now >= expires) return ChallengeVerdict::INVALID;

  uint64_t start;
  memcpy(&start, nonce.data(), sizeof start);
  std::lock_guard lock(mutex);
  Used* place = nullptr;
  for (size_t i = 0; i < PROBES; i++) {
    Used& u = used[(start + i) % used.size()];
    if (u.expires <= now) {
      if (place == nullptr) place = &u;
    } else if (u.nonce == nonce) {
      return ChallengeVerdict::INVALID;
    }
  }
  if (place == nullptr) return ChallengeVerdict::OVERLOADED;
  *place = Used{expires, nonce};
  return ChallengeVerdict::ACCEPTED;
}

}  // namespace waas::vault
