#pragma once
// A wallet's row, as the broker shows it: what of it may be believed, and what it refuses.
#include "daemon/vault/service.h"
#include "protocol/proof.h"

namespace waas::vault {

// Finds out whose wallet a row is, by its certificate's MAC; the envelopes are looked at by nobody yet. `certificate`
// points into the row. Refusals: unknownWallet (no row), recordRefused, invalidRequest. A tombstone is read like a
// wallet, and `deleted` says what it is.
struct WalletRow {
  Certificate certificate;
  WalletView view;
  bool deleted = false;
};
Refusal readWallet(const Service& service, rpc::Wallet::Reader from, WalletRow& row);

// The same, of a wallet that must be the caller's own and the one that the caller named: unknownWallet, recordRefused.
Refusal readOwnWallet(const Service& service, const Caller& caller, rpc::Selector::Reader selector,
                      rpc::Wallet::Reader from, WalletRow& row);

// The highest authentic floor of a kind, noted here before or shown with the wallet's row; 0 when there is none. What
// was shown and is higher than what was known is noted.
uint64_t highestFloor(Service& service, rpc::Wallet::Reader from, FloorKind kind, const Id& walletId);

// Holds a row against the highest floor of it: walletDeleted, rolledBack. The floor is given back in any case.
Refusal checkFloor(Service& service, rpc::Wallet::Reader from, const WalletRow& row, uint64_t& floor);

// Why shares could not be used.
Refusal refusalOf(const SignResult& result);

// Adds a selector to what a proof covers: its kind, its bytes.
void addSelector(ProofBuilder& proof, rpc::Selector::Reader selector);

}  // namespace waas::vault
