#include "load-wallets.h"

#include <kj/debug.h>
#include <sodium.h>

#include <map>
#include <string>

#include "solana/instruction/system.h"
#include "solana/message-builder.h"
#include "solana/transaction.h"

namespace waas::load {
namespace {

constexpr size_t MADE_AT_ONCE = 32;

std::vector<uint8_t> makeTransfer(const PublicKey& from) {
  solana::Address payer{from}, recipient;
  randombytes_buf(recipient.bytes.data(), recipient.bytes.size());
  solana::MessageDraft draft;
  draft.version = solana::Version::LEGACY;
  draft.feePayer = payer;
  draft.calls.push_back(solana::system::transfer(payer, recipient, 1));
  auto message = solana::compileMessage(draft);
  KJ_REQUIRE(message.has_value() && message->size() == MESSAGE_SIZE, "the transfer has another form than expected");
  std::vector<uint8_t> transaction(TRANSACTION_SIZE);
  KJ_REQUIRE(solana::writeUnsignedTransaction(*message, transaction) == TRANSACTION_SIZE);
  return transaction;
}

}  // namespace

std::vector<LoadWallet> prepareWallets(client::Wallets& wallets, size_t count, kj::WaitScope& waitScope) {
  std::map<std::string, client::Wallet> there;
  for (auto& wallet : wallets.list().wait(waitScope)) there.emplace(wallet.name.cStr(), kj::mv(wallet));
  std::vector<std::string> missing;
  for (size_t i = 0; i < count; i++) {
    std::string name = "load-" + std::to_string(i);
    if (!there.contains(name)) missing.push_back(name);
  }
  // The very first one alone: it becomes the service's first wallet, for which several at once would compete.
  for (size_t done = 0; done < missing.size();) {
    kj::Vector<kj::Promise<client::Wallet>> making;
    size_t until = std::min(missing.size(), done + (there.empty() ? 1 : MADE_AT_ONCE));
    for (; done < until; done++) making.add(wallets.create(missing[done].c_str()));
    for (auto& wallet : kj::joinPromises(making.releaseAsArray()).wait(waitScope)) {
      there.emplace(wallet.name.cStr(), kj::mv(wallet));
    }
  }
  std::vector<LoadWallet> ready;
  for (size_t i = 0; i < count; i++) {
    auto& wallet = there.at("load-" + std::to_string(i));
    ready.push_back({wallet.walletId, wallet.publicKey, makeTransfer(wallet.publicKey)});
  }
  return ready;
}

}  // namespace waas::load
