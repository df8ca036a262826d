#include "daemon/vault/wallet-keys.h"

#include "daemon/vault/sign-twice.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr uint64_t FIRST_EPOCH = 1;
constexpr std::string_view CERTIFICATE_MAC_DOMAIN = "waas certificate mac 1";

Bytes macDomain() { return asBytes(CERTIFICATE_MAC_DOMAIN.data(), CERTIFICATE_MAC_DOMAIN.size()); }

WalletView viewOf(const NewWallet& wallet, const OwnerId& owner) {
  return {.walletId = wallet.walletId,
          .owner = owner,
          .publicKey = wallet.publicKey,
          .epoch = wallet.epoch,
          .tag = wallet.tag,
          .shares = {wallet.shares[0], wallet.shares[1], wallet.shares[2]}};
}

// The certificate, the answer key's signature over it, and the record key's MAC.
bool certify(const OwnerId& owner, std::string_view name, bool first, uint64_t now, const Keyring& keyring,
             NewWallet& wallet) {
  Certificate certificate{wallet.walletId, owner, wallet.publicKey, first, now, name};
  wallet.certificateSize = certificate.write(wallet.certificateBytes);
  if (wallet.certificateSize == 0) return false;

  std::array<uint8_t, CERTIFICATE_DOMAIN.size() + MAX_CERTIFICATE_BYTES> covered;
  ByteWriter w(covered);
  w.bytes(asBytes(CERTIFICATE_DOMAIN.data(), CERTIFICATE_DOMAIN.size()));
  w.bytes(wallet.certificate());
  const Key& answer = keyring.newest(Purpose::ANSWER);
  if (!answer.sign(w.written(), wallet.signature)) return false;
  wallet.mac = certificateMac(keyring, wallet.certificate());
  wallet.floor = makeFloor(keyring, FloorKind::SHARES, wallet.walletId, wallet.epoch);
  return verifyCertificate(wallet.certificate(), wallet.signature, answer.publicKey()) &&
         certificateIsOurs(keyring, wallet.certificate(), wallet.mac);
}

// Splits the seed and seals its shares, and shares 2 and 3 once more for recovery.
bool sealShares(const OwnerId& owner, const Keyring& keyring, Random& random, WalletScratch& scratch,
                NewWallet& wallet) {
  if (!splitSecret(scratch.seed, THRESHOLD, SHARE_COORDINATES, scratch.shares, random)) return false;
  const WalletView view = viewOf(wallet, owner);
  for (uint8_t i = 0; i < SHARES; i++) {
    ShareContext context = shareContext(view, SHARE_COORDINATES[i]);
    if (!sealEnvelope(keyring, context, scratch.shares[i], random, wallet.shares[i])) return false;
  }
  return sealRecovery(keyring, shareContext(view, 0), scratch.shares[1], scratch.shares[2], random, wallet.recovery);
}

// Opens everything that was sealed, from the ciphertexts, and holds it against what was meant. A wallet that can't be
// opened again would be money lost.
bool opensAgain(const OwnerId& owner, const Keyring& keyring, WalletScratch& scratch, const NewWallet& wallet) {
  const WalletView view = viewOf(wallet, owner);
  for (uint8_t i = 0; i < SHARES; i++) {
    ShareContext context = shareContext(view, SHARE_COORDINATES[i]);
    if (openEnvelope(keyring, context, wallet.shares[i], scratch.opened[i]) != Opened::OPENED) return false;
    if (!scratch.opened[i].matches(scratch.shares[i])) return false;
  }
  if (!combineShares(scratch.opened, SHARE_COORDINATES, scratch.openedSeed)) return false;
  PublicKey again;
  crypto_sign_seed_keypair(again.data(), scratch.signingKey.fill(ACCESS).data(),
                           scratch.openedSeed.reveal(ACCESS).data());
  if (!scratch.openedSeed.matches(scratch.seed) || again != wallet.publicKey) return false;

  // Where the private half is kept elsewhere, the envelope can only be made right, not opened: it was made of the very
  // shares that were just compared.
  if (!keyring.newest(Purpose::RECOVERY).hasPrivate()) return true;
  Opened opened = openRecovery(keyring, shareContext(view, 0), wallet.recovery, scratch.opened[1], scratch.opened[2]);
  return opened == Opened::OPENED && scratch.opened[1].matches(scratch.shares[1]) &&
         scratch.opened[2].matches(scratch.shares[2]);
}

// A new wallet's id and first version.
void nameVersion(Random& random, NewWallet& wallet) {
  std::array<uint8_t, 8> tag;
  random.fill(wallet.walletId);
  random.fill(tag);
  wallet.epoch = FIRST_EPOCH;
  wallet.tag = ByteReader(tag).u64();
}

// All that comes after the seed.
MakeOutcome finishWallet(const OwnerId& owner, std::string_view name, bool first, uint64_t now, const Keyring& keyring,
                         Random& random, WalletScratch& scratch, NewWallet& wallet) {
  bool made = sealShares(owner, keyring, random, scratch, wallet) && opensAgain(owner, keyring, scratch, wallet) &&
              certify(owner, name, first, now, keyring, wallet);
  scratch.wipe();
  if (made) return MakeOutcome::MADE;
  wallet = NewWallet();
  return MakeOutcome::FAULT;
}

}  // namespace

void WalletScratch::wipe() {
  for (auto& share : shares) share.wipe();
  for (auto& share : opened) share.wipe();
  for (auto& share : added) share.wipe();
  for (auto& share : fresh) share.wipe();
  seed.wipe();
  openedSeed.wipe();
  signingKey.wipe();
}

SignResult signWith(const Keyring& keyring, const WalletView& wallet, Bytes message, WalletScratch& scratch,
                    Signature& out) {
  NoFault none;
  return signTwice(keyring, wallet, message, scratch, out, none);
}

Hash certificateMac(const Keyring& keyring, Bytes certificate) {
  return keyring.newest(Purpose::RECORD).hmac().mac({macDomain(), certificate});
}

bool certificateIsOurs(const Keyring& keyring, Bytes certificate, Bytes mac) {
  return keyring.verifies(Purpose::RECORD, {macDomain(), certificate}, mac);
}

MakeOutcome makeWallet(const OwnerId& owner, std::string_view name, bool first, uint64_t now, const Keyring& keyring,
                       Random& random, WalletScratch& scratch, NewWallet& wallet) {
  wallet = NewWallet();
  if (!isWalletName(name)) return MakeOutcome::NAME_REFUSED;
  nameVersion(random, wallet);
  random.fill(scratch.seed.fill(ACCESS));
  crypto_sign_seed_keypair(wallet.publicKey.data(), scratch.signingKey.fill(ACCESS).data(),
                           scratch.seed.reveal(ACCESS).data());
  return finishWallet(owner, name, first, now, keyring, random, scratch, wallet);
}

MakeOutcome makeWalletOf(const Secret<64>& keyPair, const OwnerId& owner, std::string_view name, bool first,
                         uint64_t now, const Keyring& keyring, Random& random, WalletScratch& scratch,
                         NewWallet& wallet) {
  wallet = NewWallet();
  if (!isWalletName(name)) return MakeOutcome::NAME_REFUSED;
  auto given = keyPair.reveal(ACCESS);
  std::copy_n(given.data(), 32, scratch.seed.fill(ACCESS).data());
  crypto_sign_seed_keypair(wallet.publicKey.data(), scratch.signingKey.fill(ACCESS).data(),
                           scratch.seed.reveal(ACCESS).data());
  PublicKey claimed;
  std::copy_n(given.data() + 32, claimed.size(), claimed.data());
  if (wallet.publicKey != claimed) {
    scratch.wipe();
    wallet = NewWallet();
    return MakeOutcome::KEY_REFUSED;
  }
  nameVersion(random, wallet);
  return finishWallet(owner, name, first, now, keyring, random, scratch, wallet);
}

}  // namespace waas::vault
