#include "daemon/vault/key-transfer.h"

#include <algorithm>

#include "daemon/vault/sign-twice.h"
#include "protocol/proof.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();

// Puts the wallet's key together: seed in scratch, checked against the public key that the envelopes are bound to.
SignResult combineKey(const Keyring& keyring, const WalletView& wallet, WalletScratch& scratch) {
  SignResult opened = openShares(keyring, wallet, scratch.shares);
  if (opened.outcome != SignOutcome::DONE) return opened;
  PublicKey derived;
  if (!combineShares(scratch.shares, SHARE_COORDINATES, scratch.seed)) return {};
  crypto_sign_seed_keypair(derived.data(), scratch.signingKey.fill(ACCESS).data(), scratch.seed.reveal(ACCESS).data());
  if (derived != wallet.publicKey) return {};
  return {SignOutcome::DONE, 0};
}

}  // namespace

bool openSealed(const Keyring& keyring, Bytes box, std::span<uint8_t> plain) {
  auto keys = keyring.keys();
  return std::any_of(keys.begin(), keys.end(), [&](const Key& key) {
    return key.purpose() == Purpose::SEALING && !key.retired() && key.openBox(box, plain);
  });
}

BoxOpened openImportBox(const Keyring& keyring, Bytes box, const OwnerId& owner, std::string_view name, uint64_t now,
                        Secret<KEY_PAIR_BYTES>& keyPair) {
  keyPair.wipe();
  Secret<ImportBoxLayout::SIZE> plain;
  if (box.size() != IMPORT_BOX_BYTES || !openSealed(keyring, box, plain.fill(ACCESS))) return BoxOpened::REFUSED;
  ByteReader r(plain.reveal(ACCESS));
  if (!std::ranges::equal(r.bytes(IMPORT_BOX_MAGIC.size()),
                          asBytes(IMPORT_BOX_MAGIC.data(), IMPORT_BOX_MAGIC.size()))) {
    return BoxOpened::REFUSED;
  }
  OwnerId meant = r.owner();
  uint64_t time = r.u64();
  Hash meantName, given;
  r.fill(meantName);
  crypto_hash_sha256(given.data(), reinterpret_cast<const uint8_t*>(name.data()), name.size());
  if (!r.ok() || meant != owner || meantName != given) return BoxOpened::MISFIT;
  if ((time > now ? time - now : now - time) > PROOF_WINDOW_MS) return BoxOpened::EXPIRED;
  Bytes pair = r.bytes(KEY_PAIR_BYTES);
  std::copy(pair.begin(), pair.end(), keyPair.fill(ACCESS).begin());
  return BoxOpened::OPENED;
}

SignResult exportKey(const Keyring& keyring, const WalletView& wallet, const PublicKey& clientKey,
                     WalletScratch& scratch, std::span<uint8_t, EXPORT_BOX_BYTES> box) {
  std::fill(box.begin(), box.end(), uint8_t{0});
  Secret<32> first;
  SignResult result = combineKey(keyring, wallet, scratch);
  if (result.outcome == SignOutcome::DONE) {
    std::ranges::copy(scratch.seed.reveal(ACCESS), first.fill(ACCESS).begin());
    scratch.wipe();
    result = combineKey(keyring, wallet, scratch);
    if (result.outcome != SignOutcome::DONE || !scratch.seed.matches(first)) result = {};
  }
  if (result.outcome == SignOutcome::DONE) {
    Secret<ExportBoxLayout::SIZE> plain;
    ByteWriter w(plain.fill(ACCESS));
    w.bytes(asBytes(EXPORT_BOX_MAGIC.data(), EXPORT_BOX_MAGIC.size()));
    w.owner(wallet.owner);
    w.bytes(wallet.walletId);
    w.bytes(first.reveal(ACCESS));
    w.bytes(wallet.publicKey);
    if (crypto_box_seal(box.data(), plain.reveal(ACCESS).data(), ExportBoxLayout::SIZE, clientKey.data()) != 0) {
      std::fill(box.begin(), box.end(), uint8_t{0});
      result = {};
    }
  }
  scratch.wipe();
  return result;
}

}  // namespace waas::vault
