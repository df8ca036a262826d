#pragma once
// The next version of a wallet's shares: refreshed, recovered, or wrapped anew; and the end of a wallet.
//
// All three are one computation: the shares of the old version, as far as they are there, and those of the recovery
// envelope in place of the others, each plus a share of a fresh sharing of zero, sealed under the newest keys. Old and
// new shares don't combine. The seed is not put together, except where the recovery envelope had to be believed
// (`openShares`). Scratch must be secret memory; it is wiped on every path.
#include "daemon/vault/wallet-keys.h"

namespace waas::vault {

// A wallet's next version, ready to be stored. Holds no secret.
struct NextVersion {
  uint64_t epoch = 0;
  uint64_t tag = 0;
  std::array<std::array<uint8_t, SHARE_ENVELOPE_BYTES>, SHARES> shares{};
  std::array<uint8_t, RECOVERY_ENVELOPE_BYTES> recovery{};
};

// Makes the version `epoch` with a random tag. DONE only after everything was computed a second time, from the old and
// the new ciphertexts on: what new envelopes hold more than the old ones adds up to zero at the origin, in every share
// something, and the recovery envelope holds shares 2 and 3 (where this host can't open it: `sealRecovery`). FAULT
// otherwise; other outcomes as for `openShares`. `next` is zero unless DONE.
SignResult advanceShares(const Keyring& keyring, const WalletView& wallet, uint64_t epoch, Random& random,
                         WalletScratch& scratch, NextVersion& next);

// Which of shares 2 and 3 can't be had from their own envelopes, as bits for `WalletView::fromRecovery`: those that are
// missing, and, if `andDamaged`, those that are not authentic. A key version that isn't here is neither.
enum class Replace : uint8_t { MISSING, MISSING_AND_DAMAGED };
uint8_t toRecover(const Keyring& keyring, const WalletView& wallet, Replace replace, WalletScratch& scratch);

}  // namespace waas::vault
