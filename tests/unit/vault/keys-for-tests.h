#pragma once
// Keyrings and secrets for tests. Tests run with ordinary stacks: their secrets are throw-away.
#include <algorithm>

#include "daemon/vault/keyring.h"
#include "secret/secret.h"
#include "vectors.h"

namespace waas::vault {

constexpr SecretAccess TEST_ACCESS = SecretAccess::here();

template <size_t N>
void put(Secret<N>& secret, Bytes bytes) {
  if (bytes.size() != N) abort();
  std::copy(bytes.begin(), bytes.end(), secret.fill(TEST_ACCESS).begin());
}

template <size_t N>
Octets get(const Secret<N>& secret) {
  auto bytes = secret.reveal(TEST_ACCESS);
  return Octets(bytes.begin(), bytes.end());
}

template <size_t N>
bool isZero(const Secret<N>& secret) {
  return sodium_is_zero(secret.reveal(TEST_ACCESS).data(), N) == 1;
}

// A generator whose bytes are known beforehand: SHA-512 over a counter.
class Replayed final : public Random {
 public:
  explicit Replayed(uint64_t seed = 1) : seed(seed) {}
  void fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) {
      if (left == 0) {
        uint64_t input[2] = {seed, count++};
        crypto_hash_sha512(block, reinterpret_cast<const uint8_t*>(input), sizeof input);
        left = sizeof block;
      }
      byte = block[--left];
    }
  }

 private:
  uint64_t seed, count = 0;
  uint8_t block[64];
  size_t left = 0;
};

// A keyring with version 1 of everything.
struct FreshKeyring : Keyring {
  explicit FreshKeyring(uint64_t seed = 1) {
    Replayed random(seed);
    if (sodium_init() < 0 || !generate(random)) abort();
  }
};

// The keyring of tests/vectors/envelope: share key in versions 1 and 2, everything else in version 7.
struct ForeignKeyring : Keyring {
  ForeignKeyring() : vectors(namedVectors("envelope/envelopes.txt")) {
    Secret<32> root;
    put(root, vectors.at("root"));
    if (sodium_init() < 0 || load(vectors.at("keyring"), root) != KeyringLoaded::LOADED) abort();
  }
  std::map<std::string, Octets> vectors;
};

}  // namespace waas::vault
