#pragma once
// A wallet's key on its way in and out (protocol/key-box.h). The boxes are opened and filled in secret memory only.
#include "daemon/vault/wallet-keys.h"
#include "protocol/key-box.h"

namespace waas::vault {

// Why a box that brings a key was not taken. Zero is a refusal.
enum class BoxOpened : uint8_t {
  REFUSED = 0,  // not sealed to this vault, damaged, or of another kind
  MISFIT = 1,   // for another owner or another name
  EXPIRED = 2,  // made too long ago, or by a clock that is wrong
  OPENED = 3,
};

// Opens an import box for this owner and this wallet name. `keyPair` is zero unless OPENED; whether it is one is for
// `importWallet` to say.
BoxOpened openImportBox(const Keyring& keyring, Bytes box, const OwnerId& owner, std::string_view name, uint64_t now,
                        Secret<KEY_PAIR_BYTES>& keyPair);

// Seals the wallet's key to the client's. The key is put together twice, from the ciphertexts on; the two must agree
// and give the wallet's public key. `box` is zero unless DONE; outcomes otherwise as for `openShares`, FAULT also for a
// client's key that is no key.
SignResult exportKey(const Keyring& keyring, const WalletView& wallet, const PublicKey& clientKey,
                     WalletScratch& scratch, std::span<uint8_t, EXPORT_BOX_BYTES> box);

// Opens any box that is sealed to the vault, under any version of its sealing key; false when none opens it.
[[nodiscard]] bool openSealed(const Keyring& keyring, Bytes box, std::span<uint8_t> plain);

}  // namespace waas::vault
