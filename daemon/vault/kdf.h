#pragma once
// HMAC-SHA256 and HKDF-SHA256 (RFC 2104, RFC 5869).
//
// Objects of these classes hold key material: they live in secret memory only (the keyring's region, a worker's scratch
// or stack).
#include "protocol/bytes.h"
#include "secret/secret.h"

#include <initializer_list>

namespace waas::vault {

// A key for HMAC-SHA256, kept as the two hash states after the key's own blocks, so that a MAC over up to 55 bytes
// costs two SHA-256 compressions instead of four.
class HmacKey {
 public:
  explicit HmacKey(Bytes key);
  ~HmacKey();
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;

  // MAC over the concatenation of the parts; the first form for MACs that may be shown, the second for secret ones.
  Hash mac(std::initializer_list<Bytes> parts) const;
  void mac(std::initializer_list<Bytes> parts, Secret<32>& out) const;

  // Whether `expected` is the MAC over the parts; constant time in both.
  [[nodiscard]] bool verify(std::initializer_list<Bytes> parts, Bytes expected) const;

 private:
  crypto_auth_hmacsha256_state state;
};

// HKDF-Extract: prk = HMAC(salt, input key material).
void hkdfExtract(Bytes salt, Bytes keyMaterial, Secret<32>& prk);

// HKDF-Expand to any length up to 255 * 32 bytes; false for more, with nothing written.
[[nodiscard]] bool hkdfExpand(const Secret<32>& prk, Bytes info, std::span<uint8_t> out);

// HKDF-Expand of one PRK to many 32-byte keys.
class KeyDeriver {
 public:
  explicit KeyDeriver(const Secret<32>& prk);

  // key = HKDF-Expand(prk, info, 32): HMAC(prk, info | 1).
  void derive(Bytes info, Secret<32>& key) const;

 private:
  HmacKey hmac;
};

}  // namespace waas::vault
