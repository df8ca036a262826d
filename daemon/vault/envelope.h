#pragma once
// How records rest outside the vault: AES-256-GCM, with everything that they belong to as associated data.
//
//   envelope = format (1) = 1 | kind (1) | key version (4) | salt (32) | ciphertext | tag (16)
//   key      = HKDF-Expand(PRK of purpose and key version, "waas envelope 1 " | kind (1) | salt, 32)
//   nonce    = 12 zero bytes: each envelope has a fresh key, so the nonce never meets a key twice
//   head     = the envelope's first 38 bytes (format, kind, key version, salt), part of every associated data
//
// A record that is moved to another wallet, user, index or version, or changed in any bit, doesn't open. Opening and
// sealing allocate nothing and throw nothing; what is written in the clear must be secret memory.
#include "daemon/vault/keyring.h"
#include "protocol/bytes.h"

#include <string_view>

namespace waas::vault {

enum class EnvelopeKind : uint8_t { SHARE = 1, ACCOUNT = 2, SESSION_KEY = 3, RECOVERY = 4, KEYRING = 5 };

constexpr size_t ENVELOPE_HEAD_BYTES = 1 + 1 + 4 + 32;
constexpr size_t ENVELOPE_OVERHEAD = ENVELOPE_HEAD_BYTES + 16;
constexpr size_t SHARE_ENVELOPE_BYTES = ENVELOPE_OVERHEAD + 32;
constexpr size_t SESSION_KEY_ENVELOPE_BYTES = ENVELOPE_OVERHEAD + 32;
constexpr size_t MAX_CONTEXT_EMAIL_BYTES = 254;

// What came of opening an envelope. Zero is a refusal.
enum class Opened : uint8_t {
  DAMAGED = 0,              // not authentic in this context: changed, cut, moved, forged
  UNKNOWN_KEY_VERSION = 1,  // well formed, but this host doesn't have the key that it names
  OPENED = 2,
  KEY_RETIRED = 3,         // the key that it names is here, and was retired
  PRIVATE_KEY_ABSENT = 4,  // recovery envelopes: this host has only the public half of the key that it names
};

// The associated data of a share (kind 1): "waas share 1" | head | wallet id | owner (17) | public key | epoch | tag |
// index | threshold. A recovery envelope (kind 4) has the same with index 0.
struct ShareContext {
  Id walletId{};
  OwnerId owner;
  PublicKey publicKey{};
  uint64_t epoch = 0;
  uint64_t tag = 0;
  uint8_t index = 0;  // the share's coordinate
  uint8_t threshold = 0;
};

// Of an account record (kind 2): "waas account 1" | head | user id | version | e-mail.
struct AccountContext {
  Id userId{};
  uint64_t version = 0;
  std::string_view email;  // canonical
};

// Of the session key in a token (kind 3): "waas session 1" | head | user id | session id.
struct SessionKeyContext {
  Id userId{};
  Id sessionId{};
};

// Whether this processor can do AES-256-GCM as libsodium does it (AES-NI, PCLMUL). Start refuses without; the other
// functions here must not be called then.
bool aesAvailable();

// Seals under the newest key of the kind's purpose (SHARE, RECORD, TOKEN). `out` must have exactly ENVELOPE_OVERHEAD
// more bytes than `plain`, and not overlap it. False, with `out` zero, when it has another size or the e-mail is too
// long.
[[nodiscard]] bool sealEnvelope(const Keyring& keyring, const ShareContext& context, const Secret<32>& share,
                                Random& random, std::span<uint8_t, SHARE_ENVELOPE_BYTES> out);
[[nodiscard]] bool sealEnvelope(const Keyring& keyring, const AccountContext& context, std::span<const uint8_t> plain,
                                Random& random, std::span<uint8_t> out);
[[nodiscard]] bool sealEnvelope(const Keyring& keyring, const SessionKeyContext& context, const Secret<32>& key,
                                Random& random, std::span<uint8_t, SESSION_KEY_ENVELOPE_BYTES> out);

// Opens an envelope under the key version that it names. `plain` must have exactly ENVELOPE_OVERHEAD bytes less; it is
// written only with authentic bytes, and zeroed otherwise.
[[nodiscard]] Opened openEnvelope(const Keyring& keyring, const ShareContext& context, Bytes envelope,
                                  Secret<32>& share);
[[nodiscard]] Opened openEnvelope(const Keyring& keyring, const AccountContext& context, Bytes envelope,
                                  std::span<uint8_t> plain);
[[nodiscard]] Opened openEnvelope(const Keyring& keyring, const SessionKeyContext& context, Bytes envelope,
                                  Secret<32>& key);

}  // namespace waas::vault
