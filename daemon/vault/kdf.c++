#include "daemon/vault/kdf.h"

#include <algorithm>

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr size_t HASH_BYTES = 32;

}  // namespace

HmacKey::HmacKey(Bytes key) {
  constexpr uint8_t NOTHING = 0;  // an empty salt may have no address, which libsodium does not want
  crypto_auth_hmacsha256_init(&state, key.empty() ? &NOTHING : key.data(), key.size());
}

HmacKey::~HmacKey() { sodium_memzero(&state, sizeof state); }

void HmacKey::mac(std::initializer_list<Bytes> parts, Secret<32>& out) const {
  crypto_auth_hmacsha256_state running = state;
  for (Bytes part : parts) crypto_auth_hmacsha256_update(&running, part.data(), part.size());
  crypto_auth_hmacsha256_final(&running, out.fill(ACCESS).data());
  sodium_memzero(&running, sizeof running);
}

Hash HmacKey::mac(std::initializer_list<Bytes> parts) const {
  Secret<32> result;
  mac(parts, result);
  Hash shown;
  std::copy_n(result.reveal(ACCESS).data(), shown.size(), shown.data());
  return shown;
}

bool HmacKey::verify(std::initializer_list<Bytes> parts, Bytes expected) const {
  if (expected.size() != HASH_BYTES) return false;
  Secret<32> result;
  mac(parts, result);
  return sodium_memcmp(result.reveal(ACCESS).data(), expected.data(), HASH_BYTES) == 0;
}

void hkdfExtract(Bytes salt, Bytes keyMaterial, Secret<32>& prk) { HmacKey(salt).mac({keyMaterial}, prk); }

bool hkdfExpand(const Secret<32>& prk, Bytes info, std::span<uint8_t> out) {
  if (out.size() > 255 * HASH_BYTES) return false;
  HmacKey key(prk.reveal(ACCESS));
  Secret<32> block;
  Bytes previous;  // empty before the first block
  for (uint8_t counter = 1; !out.empty(); counter++) {
    key.mac({previous, info, Bytes(&counter, 1)}, block);
    previous = block.reveal(ACCESS);
    size_t n = std::min(out.size(), HASH_BYTES);
    std::copy_n(previous.data(), n, out.data());
    out = out.subspan(n);
  }
  return true;
}

KeyDeriver::KeyDeriver(const Secret<32>& prk) : hmac(prk.reveal(ACCESS)) {}

void KeyDeriver::derive(Bytes info, Secret<32>& key) const {
  constexpr uint8_t FIRST = 1;
  hmac.mac({info, Bytes(&FIRST, 1)}, key);
}

}  // namespace waas::vault
