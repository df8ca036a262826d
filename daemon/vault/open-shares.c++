// A wallet's shares out of their envelopes.
#include "daemon/vault/sign-twice.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();

SignOutcome outcomeOf(Opened opened) {
  switch (opened) {
    case Opened::OPENED: return SignOutcome::DONE;
    case Opened::UNKNOWN_KEY_VERSION: return SignOutcome::KEY_VERSION_UNKNOWN;
    case Opened::KEY_RETIRED: return SignOutcome::KEY_RETIRED;
    case Opened::PRIVATE_KEY_ABSENT: return SignOutcome::RECOVERY_KEY_ABSENT;
    case Opened::DAMAGED: break;
  }
  return SignOutcome::RECORD_REFUSED;
}

// Whether the shares give the key that the wallet's address belongs to.
bool givePublicKey(std::span<Secret<32>, SHARES> shares, const PublicKey& publicKey) {
  Secret<32> seed;
  Secret<64> signingKey;
  PublicKey derived;
  if (!combineShares(shares, SHARE_COORDINATES, seed)) return false;
  crypto_sign_seed_keypair(derived.data(), signingKey.fill(ACCESS).data(), seed.reveal(ACCESS).data());
  return derived == publicKey;
}

}  // namespace

SignResult openShares(const Keyring& keyring, const WalletView& wallet, std::span<Secret<32>, SHARES> shares) {
  auto recovered = [&](uint8_t i) { return (wallet.fromRecovery >> i & 1) != 0; };
  for (uint8_t i = 0; i < SHARES; i++) {
    // Share 1 is in no recovery envelope.
    if (wallet.shares[i].empty() && (i == 0 || !recovered(i)))
      return {SignOutcome::SHARE_MISSING, SHARE_COORDINATES[i]};
  }
  for (uint8_t i = 0; i < SHARES; i++) {
    if (i > 0 && recovered(i)) continue;
    const uint8_t index = SHARE_COORDINATES[i];
    SignOutcome outcome = outcomeOf(openEnvelope(keyring, shareContext(wallet, index), wallet.shares[i], shares[i]));
    if (outcome != SignOutcome::DONE) return {outcome, index};
  }
  if (!recovered(1) && !recovered(2)) return {SignOutcome::DONE, 0};

  Secret<32> unused2, unused3;
  Opened opened = openRecovery(keyring, shareContext(wallet, 0), wallet.recovery, recovered(1) ? shares[1] : unused2,
                               recovered(2) ? shares[2] : unused3);
  SignOutcome outcome = outcomeOf(opened);
  if (outcome == SignOutcome::DONE && !givePublicKey(shares, wallet.publicKey)) outcome = SignOutcome::RECORD_REFUSED;
  return {outcome, outcome == SignOutcome::DONE ? uint8_t{0} : SignResult::RECOVERY};
}

}  // namespace waas::vault
