#pragma once
// Mints and checks session tokens: the one fixed form of protocol/token.h.
#include <array>
#include <string_view>

#include "daemon/vault/envelope.h"
#include "protocol/token.h"

namespace waas::vault {

// What a token says. Times are Unix seconds.
struct SessionToken {
  Id user{};
  uint64_t generation = 0;
  Id session{};
  Id token{};
  uint64_t sessionStart = 0;
  uint64_t issuedAt = 0;
  uint64_t expiresAt = 0;
  std::array<uint8_t, SESSION_KEY_ENVELOPE_BYTES> key{};  // the session key's envelope
};

constexpr size_t base64Size(size_t bytes) { return (bytes * 4 + 2) / 3; }

constexpr size_t TOKEN_HEADER_BYTES = 34 + 8 + 2;
constexpr size_t TOKEN_PAYLOAD_BYTES =
    27 + 32 + 9 + 16 + 9 + 32 + 9 + 32 + 8 + 10 + 7 + 10 + 7 + 10 + 8 + base64Size(SESSION_KEY_ENVELOPE_BYTES) + 2;
// All tokens have one size.
constexpr size_t TOKEN_BYTES =
    base64Size(TOKEN_HEADER_BYTES) + 1 + base64Size(TOKEN_PAYLOAD_BYTES) + 1 + base64Size(32);
static_assert(TOKEN_BYTES <= MAX_TOKEN_BYTES);

using TokenText = std::array<char, TOKEN_BYTES>;

// Writes a token under the newest token key.
void mintToken(const Keyring& keyring, const SessionToken& token, TokenText& out);

// Reads a token if it is byte for byte one that this vault's keys could have minted. The MAC is checked before anything
// but the key version is read; then the token is rendered again and compared. Says nothing about time or revocation.
[[nodiscard]] bool checkToken(const Keyring& keyring, Bytes text, SessionToken& out);

}  // namespace waas::vault
