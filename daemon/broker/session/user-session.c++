#include "user-session.h"

#include <kj/debug.h>

#include "guarded.h"

namespace waas::broker {

using protocol::ErrorCode;

namespace {

// What a sign-out needs from the request to its end. Owns copies: the work goes on when the call has been given up.
struct SigningOut {
  kj::Own<Owner> owner;
  capnp::MallocMessageBuilder proof{16};
  bool everywhere = false;
  kj::Maybe<AccountRow> account;
  kj::Promise<void> durable = kj::READY_NOW;
};

// The vault's new account row, put in the place of the one that it was shown.
kj::Promise<Commit> storeSignedOut(SigningOut& it, VaultAnswer answer) {
  if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
  KJ_REQUIRE(answer.answer.isAccount(), "another answer than to signOut");
  auto& parts = it.owner->parts;
  auto head = answer.reply->root().getHead().getSequence();
  it.durable = parts.audit.whenDurable(kj::max(answer.answer.getAuditThrough(), head));
  return parts.wallets.updateAccount(readAccount(answer.answer.getAccount()), KJ_ASSERT_NONNULL(it.account).version);
}

kj::Promise<bool> endSession(kj::Own<SigningOut> out) {
  auto& it = *out;
  return it.owner->account()
      .then([&it](kj::Maybe<AccountRow>&& account) {
        it.account = kj::mv(account);
        auto& row = KJ_ASSERT_NONNULL(it.account);
        return it.owner->parts.vault.ask(
            32 + it.owner->callerWords(&row), [&it, &row](inner::Request::Builder request) {
              auto signOut = request.initSignOut();
              it.owner->writeCaller(signOut.initCaller(), it.proof.getRoot<protocol::Proof>(), &row);
              signOut.setEverywhere(it.everywhere);
            });
      })
      .then([&it](VaultAnswer answer) { return storeSignedOut(it, kj::mv(answer)); })
      .then([&it](Commit commit) {
        if (commit != Commit::DONE) kj::throwFatalException(makeFault(ErrorCode::CONFLICT));
        it.owner->end();
        return kj::mv(it.durable);
      })
      .then([]() { return true; })
      .attach(kj::mv(out));
}

}  // namespace

kj::Promise<void> UserSessionServer::signOut(SignOutContext context) {
  auto result = [context]() mutable { return context.getResults().initDone(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   owner->requireAlive();
                   owner->peer->vaultHandle();
                   auto out = kj::heap<SigningOut>();
                   out->owner = kj::addRef(*owner);
                   out->proof.setRoot(context.getParams().getProof());
                   out->everywhere = context.getParams().getEverywhere();
                   return finishAnyway(owner->parts, endSession(kj::mv(out))).then([context](bool) mutable {
                     context.getResults().initDone().initOk();
                   });
                 })
      .attach(kj::addRef(*owner));
}

kj::Promise<void> UserSessionServer::refresh(RefreshContext context) {
  auto result = [context]() mutable { return context.getResults().initSignedIn(); };
  return guarded(
             owner->parts, *owner->peer, result,
             [this, context]() mutable {
               owner->requireAlive();
               owner->peer->vaultHandle();
               return owner->account()
                   .then([this, context](kj::Maybe<AccountRow>&& found) mutable {
                     auto account = kj::heap<AccountRow>(kj::mv(KJ_ASSERT_NONNULL(found)));
                     size_t words = 16 + owner->callerWords(account);
                     auto proof = context.getParams().getProof();
                     return owner->parts.vault.ask(
                         words, [this, proof, account = kj::mv(account)](inner::Request::Builder request) {
                           owner->writeCaller(request.initRefresh(), proof, account);
                         });
                   })
                   .then([this, context](VaultAnswer answer) mutable {
                     if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
                     KJ_REQUIRE(answer.answer.isSignedIn(), "another answer than to refresh");
                     auto through = answer.answer.getAuditThrough();
                     return owner->parts.audit.whenDurable(through).then([context, answer = kj::mv(answer)]() mutable {
                       context.getResults().initSignedIn().setOk(answer.answer.getSignedIn());
                     });
                   });
             })
      .attach(kj::addRef(*owner));
}

}  // namespace waas::broker
