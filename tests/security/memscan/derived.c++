#include "derived.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <array>
#include <cstring>

namespace waas::memscan {
namespace {

uint8_t doubled(uint8_t a) { return static_cast<uint8_t>((a << 1) ^ ((a & 0x80) != 0 ? 0x1b : 0)); }

uint8_t product(uint8_t a, uint8_t b) {
  uint8_t result = 0;
  for (; b != 0; b = static_cast<uint8_t>(b >> 1)) {
    if ((b & 1) != 0) result ^= a;
    a = doubled(a);
  }
  return result;
}

uint8_t rotated(uint8_t v, int n) { return static_cast<uint8_t>((v << n) | (v >> (8 - n))); }

// FIPS 197's table, made by walking the field's powers of 3 and of its inverse side by side.
std::array<uint8_t, 256> makeSubstitution() {
  std::array<uint8_t, 256> box{};
  uint8_t p = 1, q = 1;
  do {
    p = static_cast<uint8_t>(p ^ doubled(p));
    q = static_cast<uint8_t>(q ^ (q << 1));
    q = static_cast<uint8_t>(q ^ (q << 2));
    q = static_cast<uint8_t>(q ^ (q << 4));
    if ((q & 0x80) != 0) q ^= 0x09;
    box[p] = static_cast<uint8_t>(q ^ rotated(q, 1) ^ rotated(q, 2) ^ rotated(q, 3) ^ rotated(q, 4) ^ 0x63);
  } while (p != 1);
  box[0] = 0x63;
  return box;
}

}  // namespace

Bytes aesSchedule(const Bytes& key) {
  static const std::array<uint8_t, 256> S = makeSubstitution();
  Bytes words = key;
  uint8_t round = 1;
  for (size_t i = 8; i < 60; i++) {
    uint8_t t[4];
    memcpy(t, &words[(i - 1) * 4], 4);
    if (i % 8 == 0) {
      uint8_t first = t[0];
      t[0] = static_cast<uint8_t>(S[t[1]] ^ round);
      t[1] = S[t[2]];
      t[2] = S[t[3]];
      t[3] = S[first];
      round = doubled(round);
    } else if (i % 8 == 4) {
      for (uint8_t& c : t) c = S[c];
    }
    for (size_t j = 0; j < 4; j++) words.push_back(static_cast<uint8_t>(words[(i - 8) * 4 + j] ^ t[j]));
  }
  return words;
}

Bytes aesInverseSchedule(const Bytes& schedule) {
  Bytes out = schedule;
  for (size_t column = 16; column < 224; column += 4) {
    uint8_t a[4];
    memcpy(a, &schedule[column], 4);
    for (size_t j = 0; j < 4; j++) {
      out[column + j] = static_cast<uint8_t>(product(a[j], 14) ^ product(a[(j + 1) % 4], 11) ^
                                             product(a[(j + 2) % 4], 13) ^ product(a[(j + 3) % 4], 9));
    }
  }
  return out;
}

Bytes ghashKey(const Bytes& key) {
  Bytes zero(16), h(16);
  int written = 0;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nullptr, key.data(), nullptr);
  EVP_CIPHER_CTX_set_padding(context, 0);
  EVP_EncryptUpdate(context, h.data(), &written, zero.data(), 16);
  EVP_CIPHER_CTX_free(context);
  return h;
}

Bytes doubledGhashKey(const Bytes& h) {
  Bytes t = h;
  for (size_t i = 0; i < 16; i++) t[i] = static_cast<uint8_t>((h[i] << 1) | (i < 15 ? h[i + 1] >> 7 : 0));
  if ((h[0] & 0x80) != 0) {
    t[0] ^= 0xc2;
    t[15] ^= 1;
  }
  return t;
}

Bytes expandSeed(const Bytes& seed) {
  Bytes hash(64);
  crypto_hash_sha512(hash.data(), seed.data(), 32);
  return hash;
}

Bytes clamped(Bytes scalar) {
  scalar[0] &= 248;
  scalar[31] = static_cast<uint8_t>((scalar[31] & 127) | 64);
  return scalar;
}

Bytes reduced(const Bytes& scalar) {
  Bytes wide = scalar, out(32);
  wide.resize(64);
  crypto_core_ed25519_scalar_reduce(out.data(), wide.data());
  return out;
}

Bytes wideNonce(const Bytes& seed, const Bytes& message) {
  Bytes hash = expandSeed(seed), wide(64);
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, hash.data() + 32, 32);
  crypto_hash_sha512_update(&state, message.data(), message.size());
  crypto_hash_sha512_final(&state, wide.data());
  return wide;
}

Bytes seedAndPublicKey(const Bytes& seed) {
  Bytes publicKey(32), both(64);
  crypto_sign_seed_keypair(publicKey.data(), both.data(), seed.data());
  return both;
}

Bytes limbs21(const Bytes& scalar) {
  Bytes out;
  for (size_t limb = 0; limb < 12; limb++) {
    uint64_t value = 0;
    size_t bits = limb == 11 ? 25 : 21;
    for (size_t b = 0; b < bits; b++) {
      size_t bit = 21 * limb + b;
      if (bit < 256 && ((scalar[bit / 8] >> (bit % 8)) & 1) != 0) value |= 1ull << b;
    }
    for (size_t j = 0; j < 8; j++) out.push_back(static_cast<uint8_t>(value >> (8 * j)));
  }
  return out;
}

Bytes radix16(const Bytes& scalar) {
  Bytes digits(64);
  for (size_t i = 0; i < 32; i++) {
    digits[2 * i] = scalar[i] & 15;
    digits[2 * i + 1] = static_cast<uint8_t>(scalar[i] >> 4);
  }
  int carry = 0;
  for (size_t i = 0; i < 63; i++) {
    int value = static_cast<int>(digits[i]) + carry;
    carry = (value + 8) >> 4;
    digits[i] = static_cast<uint8_t>(value - carry * 16);
  }
  digits[63] = static_cast<uint8_t>(digits[63] + carry);
  return digits;
}

Bytes hmacState(const Bytes& key, uint8_t pad) {
  Bytes block = key;
  block.resize(64);
  block = xored(block, pad);
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, block.data(), block.size());
  Bytes words(32);
  memcpy(words.data(), state.state, 32);
  return words;
}

Bytes xored(Bytes bytes, uint8_t with) {
  for (uint8_t& b : bytes) b ^= with;
  return bytes;
}

}  // namespace waas::memscan
