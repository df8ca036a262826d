#pragma once
// Shares 2 and 3 once more, beside share 1, for the day when the Redis servers have lost them.
//
//   envelope = format (1) = 1 | kind (1) = 4 | recovery key version (4) | ephemeral X25519 public key (32)
//            | ciphertext of share 2 | share 3 (64) | tag (16)
//   key      = HKDF(salt = ephemeral public key | recovery public key, ikm = X25519(ephemeral secret, recovery public
//   key),
//                   info = "waas recovery 1", 32), AES-256-GCM with a zero nonce
//
// Sealing needs the public half of the recovery key only; the private half may be kept elsewhere.
#include "daemon/vault/envelope.h"

namespace waas::vault {

constexpr size_t RECOVERY_ENVELOPE_BYTES = ENVELOPE_OVERHEAD + 64;

// Seals under the newest recovery key. `context` is the wallet's, its index is not looked at. Where this host can't
// open the envelope afterwards, it is opened at once by the ephemeral key, all of it computed anew. False, with `out`
// zero, when the key agreement fails (a recovery key that is a point of low order) or it did not open to both shares.
[[nodiscard]] bool sealRecovery(const Keyring& keyring, ShareContext context, const Secret<32>& share2,
                                const Secret<32>& share3, Random& random,
                                std::span<uint8_t, RECOVERY_ENVELOPE_BYTES> out);

// Opens with the private half of the version that the envelope names; PRIVATE_KEY_ABSENT when this host has only the
// public half of it. Both shares are zero unless OPENED. Whoever knows the public half can make such an envelope, so
// what was in it is to be believed only once it gave the wallet's public key.
[[nodiscard]] Opened openRecovery(const Keyring& keyring, ShareContext context, Bytes envelope, Secret<32>& share2,
                                  Secret<32>& share3);

}  // namespace waas::vault
