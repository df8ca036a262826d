#include "daemon/vault/wallet-advance.h"

#include "daemon/vault/sign-twice.h"

namespace waas::vault {
namespace {

WalletView viewOf(const WalletView& wallet, const NextVersion& next) {
  WalletView view = wallet;
  view.epoch = next.epoch;
  view.tag = next.tag;
  view.shares = {next.shares[0], next.shares[1], next.shares[2]};
  view.recovery = next.recovery;
  view.fromRecovery = 0;
  return view;
}

bool sealNext(const Keyring& keyring, const WalletView& view, Random& random, WalletScratch& scratch,
              NextVersion& next) {
  for (uint8_t i = 0; i < SHARES; i++) {
    ShareContext context = shareContext(view, SHARE_COORDINATES[i]);
    if (!sealEnvelope(keyring, context, scratch.fresh[i], random, next.shares[i])) return false;
  }
  return sealRecovery(keyring, shareContext(view, 0), scratch.fresh[1], scratch.fresh[2], random, next.recovery);
}

// The second computation. A share that was wrong for a moment, in whatever memory, would be a wallet lost once the new
// version is committed; so nothing of the first is used here but `fresh`, to be compared.
bool isSameSecret(const Keyring& keyring, const WalletView& wallet, const NextVersion& next, WalletScratch& scratch) {
  const WalletView view = viewOf(wallet, next);
  if (openShares(keyring, wallet, scratch.shares).outcome != SignOutcome::DONE) return false;
  if (openShares(keyring, view, scratch.opened).outcome != SignOutcome::DONE) return false;
  const Secret<32> zero;
  bool changed = true, meant = true;
  for (uint8_t i = 0; i < SHARES; i++) {
    addShares(scratch.shares[i], scratch.opened[i], scratch.added[i]);
    changed = changed && !scratch.added[i].matches(zero);
    meant = meant && scratch.opened[i].matches(scratch.fresh[i]);
  }
  if (!changed || !meant || !combineShares(scratch.added, SHARE_COORDINATES, scratch.seed)) return false;
  if (!scratch.seed.matches(zero)) return false;

  if (!keyring.newest(Purpose::RECOVERY).hasPrivate()) return true;
  Opened opened = openRecovery(keyring, shareContext(view, 0), view.recovery, scratch.shares[1], scratch.shares[2]);
  return opened == Opened::OPENED && scratch.shares[1].matches(scratch.opened[1]) &&
         scratch.shares[2].matches(scratch.opened[2]);
}

}  // namespace

SignResult advanceShares(const Keyring& keyring, const WalletView& wallet, uint64_t epoch, Random& random,
                         WalletScratch& scratch, NextVersion& next) {
  next = NextVersion();
  SignResult opened = openShares(keyring, wallet, scratch.shares);
  if (opened.outcome != SignOutcome::DONE) {
    scratch.wipe();
    return opened;
  }
  std::array<uint8_t, 8> tag;
  random.fill(tag);
  next.epoch = epoch;
  next.tag = ByteReader(tag).u64();
  const WalletView view = viewOf(wallet, next);
  bool made = refreshShares(scratch.shares, THRESHOLD, SHARE_COORDINATES, scratch.added, scratch.fresh, random) &&
              sealNext(keyring, view, random, scratch, next);
  for (auto& share : scratch.shares) share.wipe();
  for (auto& share : scratch.added) share.wipe();
  made = made && isSameSecret(keyring, wallet, next, scratch);
  scratch.wipe();
  if (made) return {SignOutcome::DONE, 0};
  next = NextVersion();
  return {};
}

uint8_t toRecover(const Keyring& keyring, const WalletView& wallet, Replace replace, WalletScratch& scratch) {
  uint8_t bits = 0;
  for (uint8_t i = 1; i < SHARES; i++) {
    bool needed = wallet.shares[i].empty();
    if (!needed && replace == Replace::MISSING_AND_DAMAGED) {
      ShareContext context = shareContext(wallet, SHARE_COORDINATES[i]);
      needed = openEnvelope(keyring, context, wallet.shares[i], scratch.opened[i]) == Opened::DAMAGED;
      scratch.opened[i].wipe();
    }
    if (needed) bits |= static_cast<uint8_t>(1 << i);
  }
  return bits;
}

}  // namespace waas::vault
