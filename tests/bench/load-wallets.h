#pragma once
// The wallets that a run signs with, and the transactions that it has signed.
#include <vector>

#include "client/lib/client.h"

namespace waas::load {

struct LoadWallet {
  Id id{};
  PublicKey publicKey{};
  // A transfer of this wallet's, in wire form, its one signature slot empty.
  std::vector<uint8_t> transaction;
};

// Finds the service's wallets load-0 … load-<count - 1>, and makes those that are missing.
std::vector<LoadWallet> prepareWallets(client::Wallets& wallets, size_t count, kj::WaitScope& waitScope);

// Where things lie in LoadWallet::transaction: a legacy transfer has one form.
constexpr size_t SLOT = 1, MESSAGE = SLOT + 64, BLOCKHASH = MESSAGE + 3 + 1 + 3 * 32, MESSAGE_SIZE = 150;
constexpr size_t LAMPORTS = MESSAGE + MESSAGE_SIZE - 8, TRANSACTION_SIZE = MESSAGE + MESSAGE_SIZE;

}  // namespace waas::load
