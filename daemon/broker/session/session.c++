#include "session.h"

#include <kj/debug.h>
#include <protocol/proof.h>

#include "../lifecycle/advance.h"
#include "../share-status.h"
#include "guarded.h"
#include "sign-call.h"

namespace waas::broker {

using protocol::ErrorCode;

kj::Promise<void> SessionServer::sign(SignContext context) {
  auto ticket = owner->parts.admission.admit(owner->peer->share);
  return kj::newAdaptedPromise<void, SignCall>(kj::mv(ticket), kj::addRef(*owner), context);
}

kj::Promise<void> SessionServer::authorize(Call call, protocol::Proof::Reader proof) {
  owner->requireAlive();
  owner->peer->vaultHandle();
  if (!owner->isPerson()) return kj::READY_NOW;
  return owner->account().then([this, call, proof](kj::Maybe<AccountRow>&& found) {
    auto account = kj::heap<AccountRow>(kj::mv(KJ_ASSERT_NONNULL(found)));
    size_t words = 16 + owner->callerWords(account);
    auto fill = [this, call, proof, account = kj::mv(account)](inner::Request::Builder request) {
      auto authorize = request.initAuthorize();
      owner->writeCaller(authorize.initCaller(), proof, account);
      authorize.setCall(static_cast<uint8_t>(call));
    };
    return owner->parts.vault.ask(words, kj::mv(fill)).then([this](VaultAnswer answer) {
      if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
      KJ_REQUIRE(answer.answer.isAuthorized() && answer.answer.getAuthorized() == dataOf(owner->id.id),
                 "authorized for somebody else");
    });
  });
}

kj::Promise<kj::Array<WalletRow>> SessionServer::readPage(const Page& page) {
  return owner->parts.wallets.walletsOf(owner->id, page.after, page.limit + 1);  // one more tells whether there is more
}

kj::Promise<void> SessionServer::wallets(WalletsContext context) {
  auto result = [context]() mutable { return context.getResults().initWallets(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   auto params = context.getParams();
                   auto page = Page::of(params.getAfter(), params.getLimit());
                   return authorize(Call::WALLETS, params.getProof())
                       .then([this, page]() { return readPage(page); })
                       .then([context, page](kj::Array<WalletRow>&& rows) mutable {
                         uint32_t count = page.shown(rows.size());
                         context.getResults().setMore(count < rows.size());
                         auto out = context.getResults().initWallets().initOk(count);
                         for (unsigned int i = 0; i < count; i++) writeWalletInfo(out[i], rows[i]);
                       });
                 })
      .attach(kj::addRef(*owner));
}

kj::Promise<void> SessionServer::shareStatus(ShareStatusContext context) {
  auto result = [context]() mutable { return context.getResults().initStatus(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   auto params = context.getParams();
                   auto page = Page::of(params.getAfter(), params.getLimit());
                   return authorize(Call::SHARE_STATUS, params.getProof())
                       .then([this, page]() { return readPage(page); })
                       .then([this, context, page](kj::Array<WalletRow>&& rows) mutable {
                         uint32_t count = page.shown(rows.size());
                         context.getResults().setMore(count < rows.size());
                         return askShareStatus(owner->parts, firstOf(kj::mv(rows), count));
                       })
                       .then([context](kj::Array<WalletStatus>&& all) mutable {
                         auto out = context.getResults().initStatus().initOk(static_cast<unsigned int>(all.size()));
                         for (unsigned int i = 0; i < all.size(); i++) writeShareStatus(out[i], all[i]);
                       });
                 })
      .attach(kj::addRef(*owner));
}

// --- createWallet
// ------------------------------------------------------------------------------------------------------------

namespace {

// What is needed from the request to the answer. Owns copies: the work goes on when the call has been given up.
struct Creation {
  kj::Own<Owner> owner;
  kj::String name;
  capnp::MallocMessageBuilder proof{16};
  kj::Maybe<AccountRow> account;

  kj::Own<VaultReply> reply;  // of the vault that made the wallet
  inner::Wallet::Reader wallet;
  kj::Promise<void> durable = kj::READY_NOW;

  const AccountRow* accountRow() const {
    KJ_IF_MAYBE (row, account) return row;
    return nullptr;
  }
};

kj::Promise<VaultAnswer> askForWallet(Creation& creation, bool first) {
  auto& owner = *creation.owner;
  if (!owner.parts.audit.accepts()) {
    kj::throwFatalException(makeFault(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj));
  }
  size_t words = 32 + owner.callerWords(creation.accountRow()) + wordsFor(creation.name.size() + 1);
  return owner.parts.vault.ask(words, [&creation, first](inner::Request::Builder request) {
    auto create = request.initCreateWallet();
    creation.owner->writeCaller(create.initCaller(), creation.proof.getRoot<protocol::Proof>(), creation.accountRow());
    create.setName(creation.name);
    create.setFirst(first);
  });
}

kj::Promise<Commit> storeMade(Creation& creation, VaultAnswer made) {
  if (made.answer.isRefused()) throwRefusal(made.answer.getRefused());
  KJ_REQUIRE(made.answer.isWallet(), "another answer than to createWallet");
  auto& parts = creation.owner->parts;
  creation.wallet = made.answer.getWallet();
  auto head = made.reply->root().getHead().getSequence();
  creation.durable = parts.audit.whenDurable(kj::max(made.answer.getAuditThrough(), head));
  creation.reply = kj::mv(made.reply);
  return advance(parts, Step{readNewWallet(creation.wallet, shareExpiry(parts)), nullptr, nullptr, {}});
}

// Makes the wallet; once more as an ordinary one when somebody else made the owner's first in the meantime.
kj::Promise<kj::Own<Creation>> create(kj::Own<Creation> creation, bool first) {
  auto& it = *creation;
  return askForWallet(it, first)
      .then([&it](VaultAnswer made) { return storeMade(it, kj::mv(made)); })
      .then([creation = kj::mv(creation), first](Commit commit) mutable -> kj::Promise<kj::Own<Creation>> {
        if (commit == Commit::FIRST_TAKEN && first) return create(kj::mv(creation), false);
        if (commit == Commit::NAME_TAKEN) kj::throwFatalException(makeFault(ErrorCode::NAME_TAKEN));
        if (commit != Commit::DONE) kj::throwFatalException(makeFault(ErrorCode::CONFLICT));
        auto durable = kj::mv(creation->durable);
        return durable.then([creation = kj::mv(creation)]() mutable { return kj::mv(creation); });
      });
}

kj::Promise<kj::Own<Creation>> create(kj::Own<Creation> creation) {
  auto& it = *creation;
  return it.owner->account()
      .then([&it](kj::Maybe<AccountRow>&& account) {
        it.account = kj::mv(account);
        return it.owner->parts.wallets.walletBy(it.owner->id, WalletSelector{WalletSelector::First{}});
      })
      .then([creation = kj::mv(creation)](kj::Maybe<WalletRow>&& first) mutable {
        return create(kj::mv(creation), first == nullptr);
      });
}

}  // namespace

kj::Promise<void> SessionServer::createWallet(CreateWalletContext context) {
  auto result = [context]() mutable { return context.getResults().initWallet(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   owner->requireAlive();
                   owner->peer->vaultHandle();
                   auto params = context.getParams();
                   auto name = params.getName();
                   if (!isWalletName({name.begin(), name.size()})) {
                     kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "the name is not allowed"_kj));
                   }
                   auto creation = kj::heap<Creation>();
                   creation->owner = kj::addRef(*owner);
                   creation->name = kj::heapString(name);
                   creation->proof.setRoot(params.getProof());
                   return finishAnyway(owner->parts, create(kj::mv(creation)))
                       .then([context](kj::Own<Creation>&& made) mutable {
                         auto ok = context.getResults().initWallet().initOk();
                         ok.initWallet().setCertificate(made->wallet.getCertificate());
                         ok.getWallet().setSignature(made->wallet.getSignature());
                         writeHead(ok.initHead(), made->reply->root().getHead());
                       });
                 })
      .attach(kj::addRef(*owner));
}

}  // namespace waas::broker
