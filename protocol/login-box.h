#pragma once
// The sealed box in which a stretched password and a fresh session key travel to the vault, and the sealed answer.
//
//   stretched = Argon2id(password, salt, passes, memory), 32 bytes; salt, passes and memory come with the challenge
//   box  = crypto_box_seal(sealing key of vault.pub,
//            "waas login box 1" (16) | purpose (1) | SHA-256(canonical e-mail) (32) | challenge (72) | k (32) |
//            stretched (32))
//   answer = nonce (24) | XChaCha20-Poly1305-IETF(k, nonce, plaintext, ad = "waas login answer 1" | challenge)
//   plaintext = user id (16) | expires at, Unix ms (8) | token (rest, ASCII)
//
// The answer to `refresh` has the old token's id (16 bytes) in place of the challenge. The box is worth nothing to who
// records it: the challenge is accepted once, and only the client and the vault know k.
//
//   challenge = instance (16) | expires at, Unix ms (8) | random (16) | HMAC-SHA256 (32), made and checked by the vault
#include "bytes.h"

#include <string_view>

namespace waas {

constexpr size_t CHALLENGE_BYTES = 72;
constexpr size_t LOGIN_BOX_PLAIN_BYTES = 16 + 1 + 32 + CHALLENGE_BYTES + 32 + 32;
constexpr size_t LOGIN_BOX_BYTES = LOGIN_BOX_PLAIN_BYTES + 48;  // crypto_box_SEALBYTES
constexpr size_t LOGIN_ANSWER_OVERHEAD = 24 + 16;
constexpr std::string_view LOGIN_BOX_MAGIC = "waas login box 1";
constexpr std::string_view LOGIN_ANSWER_DOMAIN = "waas login answer 1";

// Below these a client refuses to stretch a password, whoever asks (OWASP's floor for Argon2id is lower).
constexpr uint32_t MIN_ARGON2_PASSES = 2;
constexpr uint64_t MIN_ARGON2_MEMORY = 64ull << 20;

enum class LoginPurpose : uint8_t { SIGN_UP = 1, SIGN_IN = 2 };

// Offsets in the box's plaintext.
struct LoginBoxLayout {
  static constexpr size_t PURPOSE = 16, EMAIL_HASH = 17, CHALLENGE = 49, KEY = 121, STRETCHED = 153;
};

}  // namespace waas
