#include "session.h"

#include <kj/debug.h>
#include <protocol/proof.h>

#include "../share-status.h"
#include "guarded.h"
#include "sign-call.h"
#include "wallet-birth.h"

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

kj::Promise<void> SessionServer::createWallet(CreateWalletContext context) {
  auto result = [context]() mutable { return context.getResults().initWallet(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   owner->requireAlive();
                   owner->peer->vaultHandle();
                   auto params = context.getParams();
                   auto birth = beginBirth(*owner, params.getName(), params.getProof());
                   return finishAnyway(owner->parts, giveBirth(kj::mv(birth)))
                       .then([context](kj::Own<WalletBirth>&& made) mutable {
                         writeCreated(context.getResults().initWallet().initOk(), *made);
                       });
                 })
      .attach(kj::addRef(*owner));
}

}  // namespace waas::broker
