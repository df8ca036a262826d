#include "wallet-birth.h"

#include <kj/debug.h>

#include "../lifecycle/advance.h"
#include "../public-error.h"

namespace waas::broker {

using protocol::ErrorCode;

namespace {

const AccountRow* accountOf(const WalletBirth& birth) {
  KJ_IF_MAYBE (row, birth.account) return row;
  return nullptr;
}

kj::Promise<VaultAnswer> askForWallet(WalletBirth& birth, bool first) {
  auto& owner = *birth.owner;
  if (!owner.parts.audit.accepts()) {
    kj::throwFatalException(makeFault(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj));
  }
  size_t words =
      32 + owner.callerWords(accountOf(birth)) + wordsFor(birth.name.size() + 1) + wordsFor(birth.box.size());
  return owner.parts.vault.ask(words, [&birth, first](inner::Request::Builder request) {
    auto proof = birth.proof.getRoot<protocol::Proof>();
    if (birth.box.size() == 0) {
      auto create = request.initCreateWallet();
      birth.owner->writeCaller(create.initCaller(), proof, accountOf(birth));
      create.setName(birth.name);
      create.setFirst(first);
    } else {
      auto import = request.initImportWallet();
      birth.owner->writeCaller(import.initCaller(), proof, accountOf(birth));
      import.setName(birth.name);
      import.setFirst(first);
      import.setBox(birth.box);
    }
  });
}

kj::Promise<Commit> storeMade(WalletBirth& birth, VaultAnswer made) {
  if (made.answer.isRefused()) throwRefusal(made.answer.getRefused());
  KJ_REQUIRE(made.answer.isWallet(), "another answer than to the making of a wallet");
  auto& parts = birth.owner->parts;
  birth.wallet = made.answer.getWallet();
  auto head = made.reply->root().getHead().getSequence();
  birth.durable = parts.audit.whenDurable(kj::max(made.answer.getAuditThrough(), head));
  birth.reply = kj::mv(made.reply);
  return advance(parts, Step{readNewWallet(birth.wallet, shareExpiry(parts)), nullptr, nullptr, {}});
}

// Makes the wallet; once more as an ordinary one when somebody else made the owner's first in the meantime.
kj::Promise<kj::Own<WalletBirth>> make(kj::Own<WalletBirth> birth, bool first) {
  auto& it = *birth;
  return askForWallet(it, first)
      .then([&it](VaultAnswer made) { return storeMade(it, kj::mv(made)); })
      .then([birth = kj::mv(birth), first](Commit commit) mutable -> kj::Promise<kj::Own<WalletBirth>> {
        if (commit == Commit::FIRST_TAKEN && first) return make(kj::mv(birth), false);
        if (commit == Commit::NAME_TAKEN) kj::throwFatalException(makeFault(ErrorCode::NAME_TAKEN));
        if (commit == Commit::KEY_TAKEN) kj::throwFatalException(makeFault(ErrorCode::WALLET_EXISTS));
        if (commit != Commit::DONE) kj::throwFatalException(makeFault(ErrorCode::CONFLICT));
        auto durable = kj::mv(birth->durable);
        return durable.then([birth = kj::mv(birth)]() mutable { return kj::mv(birth); });
      });
}

}  // namespace

WalletBirth::WalletBirth(Owner& owner, capnp::Text::Reader name, protocol::Proof::Reader given)
    : owner(kj::addRef(owner)), name(kj::heapString(name)) {
  proof.setRoot(given);
}

kj::Own<WalletBirth> beginBirth(Owner& owner, capnp::Text::Reader name, protocol::Proof::Reader proof) {
  if (!isWalletName({name.begin(), name.size()})) {
    kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "the name is not allowed"_kj));
  }
  return kj::heap<WalletBirth>(owner, name, proof);
}

kj::Promise<kj::Own<WalletBirth>> giveBirth(kj::Own<WalletBirth> birth) {
  auto& it = *birth;
  return it.owner->account()
      .then([&it](kj::Maybe<AccountRow>&& account) {
        it.account = kj::mv(account);
        return it.owner->parts.wallets.walletBy(it.owner->id, WalletSelector{WalletSelector::First{}});
      })
      .then([birth = kj::mv(birth)](kj::Maybe<WalletRow>&& first) mutable {
        return make(kj::mv(birth), first == nullptr);
      });
}

void writeCreated(protocol::Created::Builder out, WalletBirth& made) {
  out.initWallet().setCertificate(made.wallet.getCertificate());
  out.getWallet().setSignature(made.wallet.getSignature());
  writeHead(out.initHead(), made.reply->root().getHead());
}

}  // namespace waas::broker
