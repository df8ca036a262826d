#pragma once
// What stands in a wallet's place once it was deleted: its certificate, a last version, no envelopes.
//
//   signature = Ed25519(answer key, "waas wallet tombstone 1" | epoch | tag | certificate)
//   mac       = HMAC-SHA256(record key, "waas tombstone mac 1" | epoch | tag | certificate)
//
// Neither can be mistaken for those of a living wallet, whose domains are others.
#include "daemon/vault/wallet-keys.h"

namespace waas::vault {

struct Tombstone {
  uint64_t epoch = 0;
  uint64_t tag = 0;
  Signature signature{};
  Hash mac{};
};

// Makes the tombstone of a wallet with this certificate. False when it could not be signed twice alike.
[[nodiscard]] bool makeTombstone(const Keyring& keyring, Bytes certificate, uint64_t epoch, Random& random,
                                 Tombstone& out);

// Whether `mac` is the vault's own over a tombstone, under any version of the record key.
bool tombstoneIsOurs(const Keyring& keyring, Bytes certificate, uint64_t epoch, uint64_t tag, Bytes mac);

}  // namespace waas::vault
