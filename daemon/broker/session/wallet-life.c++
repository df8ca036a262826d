// Session: what owners do with wallets besides making and using them: rotate, import, export, delete.
#include <kj/debug.h>

#include "../lifecycle/refresh.h"
#include "guarded.h"
#include "session.h"
#include "sign-fetch.h"
#include "wallet-birth.h"

namespace waas::broker {

using protocol::ErrorCode;

namespace {

// A call about one of the owner's wallets, with copies of what the vault will check.
struct WalletCall {
  WalletCall(Owner& given, protocol::Selector::Reader named, protocol::Proof::Reader shown) : owner(kj::addRef(given)) {
    requireSelector(named);
    selector.setRoot(named);
    proof.setRoot(shown);
  }

  protocol::Selector::Reader wanted() { return selector.getRoot<protocol::Selector>().asReader(); }
  const AccountRow* accountRow() const {
    KJ_IF_MAYBE (row, account) return row;
    return nullptr;
  }
  void writeCaller(inner::Caller::Builder out) {
    owner->writeCaller(out, proof.getRoot<protocol::Proof>().asReader(), accountRow());
  }
  size_t words() const {
    constexpr size_t SELECTOR = 16, REQUEST = 16;
    return REQUEST + SELECTOR + owner->callerWords(accountRow());
  }

  kj::Own<Owner> owner;
  capnp::MallocMessageBuilder selector{16};
  capnp::MallocMessageBuilder proof{16};
  kj::Maybe<AccountRow> account;
  WalletRow row;
};

// Finds the wallet's row and the person's account. Faults: unknownWallet, walletDeleted, sessionInvalid.
kj::Promise<void> findWallet(WalletCall& call) {
  auto& owner = *call.owner;
  return owner.account()
      .then([&call, &owner](kj::Maybe<AccountRow>&& account) -> kj::Promise<kj::Maybe<WalletRow>> {
        call.account = kj::mv(account);
        auto selector = call.wanted();
        if (!selector.isId()) return owner.parts.wallets.walletBy(owner.id, storeSelector(selector));
        Id id;
        if (!readBytes(selector.getId(), id)) requireSelector(selector);
        return owner.parts.wallets.wallet(id);
      })
      .then([&call, &owner](kj::Maybe<WalletRow>&& found) {
        KJ_IF_MAYBE (row, found) {
          Certificate certificate;
          if (!matches(*row, owner.id, call.wanted(), certificate)) {
            kj::throwFatalException(makeFault(ErrorCode::UNKNOWN_WALLET));
          }
          if (row->deleted) kj::throwFatalException(makeFault(ErrorCode::WALLET_DELETED));
          call.row = kj::mv(*row);
          return;
        }
        kj::throwFatalException(makeFault(ErrorCode::UNKNOWN_WALLET));
      });
}

// --- Rotate
// ----------------------------------------------------------------------------------------------------------------

struct Rotating final : public WalletCall, public Asker {
  using WalletCall::WalletCall;

  size_t words() const override { return WalletCall::words(); }
  void write(inner::Advance::Builder out) const override {
    auto& self = const_cast<Rotating&>(*this);  // Cap'n Proto gives readers of a builder only
    out.setPeer(owner->peer->vaultHandle());
    if (!owner->isPerson()) return;
    capnp::MallocMessageBuilder scratch;
    auto caller = scratch.initRoot<inner::Caller>();
    self.writeCaller(caller);
    out.setPerson(caller.getPerson());
    copySelector(self.wanted(), out.initSelector());
    out.setForce(force);
  }

  bool force = false;
};

kj::Promise<Refreshed> rotate(kj::Own<Rotating> call) {
  auto& it = *call;
  return findWallet(it)
      .then([&it]() {
        auto id = it.row.walletId;
        const Asker& asker = it;
        auto wanted = it.force ? Wanted::ALWAYS : Wanted::DUE;
        return refresh(it.owner->parts, id, kj::mv(it.row), wanted, asker);
      })
      .attach(kj::mv(call));
}

// --- Delete
// ----------------------------------------------------------------------------------------------------------------

// What both Redis say of the wallet, as far as they answer: a wallet can be deleted while one is away.
kj::Promise<void> readFloor(ShareStore& store, const Id& id, ShareHash& out) {
  return store.shares(id).then([&out](ShareHash&& hash) { out = kj::mv(hash); }, [](kj::Exception&&) {});
}

struct Deleting final : public WalletCall {
  using WalletCall::WalletCall;
  ShareHash hashes[2];
  kj::Promise<void> durable = kj::READY_NOW;
};

kj::Promise<VaultAnswer> askForTombstone(Deleting& it) {
  auto& parts = it.owner->parts;
  if (!parts.audit.accepts()) {
    kj::throwFatalException(makeFault(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj));
  }
  return parts.vault.ask(it.words() + wordsOf(it.row), [&it](inner::Request::Builder request) {
    auto out = request.initDeleteWallet();
    it.writeCaller(out.initCaller());
    copySelector(it.wanted(), out.initSelector());
    writeWallet(out.initWallet(), it.row, it.hashes[0], it.hashes[1]);
  });
}

kj::Promise<bool> destroy(kj::Own<Deleting> call) {
  auto& it = *call;
  auto& parts = it.owner->parts;
  return findWallet(it)
      .then([&it, &parts]() {
        auto both = kj::heapArrayBuilder<kj::Promise<void>>(2);
        both.add(readFloor(parts.redis1, it.row.walletId, it.hashes[0]));
        both.add(readFloor(parts.redis2, it.row.walletId, it.hashes[1]));
        return kj::joinPromises(both.finish());
      })
      .then([&it]() { return askForTombstone(it); })
      .then([&it, &parts](VaultAnswer answer) {
        if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
        KJ_REQUIRE(answer.answer.isTombstone(), "another answer than to deleteWallet");
        auto head = answer.reply->root().getHead().getSequence();
        it.durable = parts.audit.whenDurable(kj::max(answer.answer.getAuditThrough(), head));
        return bury(parts, readTombstone(answer.answer.getTombstone()), it.row.version);
      })
      .then([&it](Commit commit) {
        if (commit != Commit::DONE) kj::throwFatalException(makeFault(ErrorCode::CONFLICT));
        return kj::mv(it.durable);
      })
      .then([]() { return true; })
      .attach(kj::mv(call));
}

// --- Export
// ----------------------------------------------------------------------------------------------------------------

// One wallet with its shares, recovered first where one is missing.
class Exporting final : public WalletCall, private SignFetch::Listener {
 public:
  Exporting(Owner& owner, protocol::Selector::Reader named, protocol::Proof::Reader proof, capnp::Data::Reader key)
      : WalletCall(owner, named, proof), clientKey(kj::heapArray<kj::byte>(key)), fetch(owner, *this) {
    number = fetch.add(wanted());
  }

  kj::Promise<void> begin() {
    auto done = kj::newPromiseAndFulfiller<void>();
    fulfiller = kj::mv(done.fulfiller);
    fetch.begin();
    return kj::mv(done.promise);
  }

  kj::Promise<VaultAnswer> askVault() {
    auto& wallet = fetch.wallet(number);
    KJ_IF_MAYBE (problem, fetch.accountProblem) throwProblem(*problem);
    KJ_IF_MAYBE (problem, wallet.problem) throwProblem(*problem);
    if (wallet.unreachable != 0) kj::throwFatalException(makeFault(ErrorCode::REDIS_UNREACHABLE));
    auto& parts = owner->parts;
    if (!parts.audit.accepts()) {
      kj::throwFatalException(makeFault(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj));
    }
    auto& found = KJ_ASSERT_NONNULL(wallet.row);
    size_t size = words() + wordsOf(found) + (fetch.account() == nullptr ? 0 : wordsOf(*fetch.account()));
    return parts.vault.ask(size, [this](inner::Request::Builder request) { write(request.initExportWallet()); });
  }

  const WalletRow& exported() { return KJ_ASSERT_NONNULL(fetch.wallet(number).row); }

 private:
  void fetched() override { fulfiller->fulfill(); }

  [[noreturn]] static void throwProblem(const SignProblem& problem) {
    kj::throwFatalException(makeFault(Fault{problem.code, problem.detail, 0, problem.share}));
  }

  void write(inner::ExportWallet::Builder out) {
    auto& wallet = fetch.wallet(number);
    owner->writeCaller(out.initCaller(), proof.getRoot<protocol::Proof>().asReader(), fetch.account());
    copySelector(wanted(), out.initSelector());
    writeWallet(out.initWallet(), KJ_ASSERT_NONNULL(wallet.row), wallet.shares[0], wallet.shares[1]);
    out.setClientKey(clientKey);
  }

  kj::Array<kj::byte> clientKey;
  uint32_t number = 0;
  kj::Own<kj::PromiseFulfiller<void>> fulfiller;
  SignFetch fetch;  // last: ends first
};

}  // namespace

kj::Promise<void> SessionServer::rotate(RotateContext context) {
  auto result = [context]() mutable { return context.getResults().initRun(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   owner->requireAlive();
                   owner->peer->vaultHandle();
                   auto params = context.getParams();
                   auto call = kj::heap<Rotating>(*owner, params.getWallet(), params.getProof());
                   call->force = params.getForce();
                   return finishAnyway(owner->parts, broker::rotate(kj::mv(call)))
                       .then([context](Refreshed outcome) mutable {
                         auto run = context.getResults().initRun().initOk();
                         run.setChecked(1);
                         run.setTotal(1);
                         bool recovered = outcome == Refreshed::RECOVERED;
                         run.setRotated(recovered || outcome == Refreshed::ROTATED ? 1 : 0);
                         run.setRecovered(recovered ? 1 : 0);
                         run.setSkipped(1 - run.getRotated());
                       });
                 })
      .attach(kj::addRef(*owner));
}

kj::Promise<void> SessionServer::importWallet(ImportWalletContext context) {
  auto result = [context]() mutable { return context.getResults().initWallet(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   owner->requireAlive();
                   owner->peer->vaultHandle();
                   auto params = context.getParams();
                   if (params.getBox().size() == 0 || params.getBox().size() > limits::KEY_BOX_BYTES) {
                     kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "the box has another size"_kj));
                   }
                   auto birth = beginBirth(*owner, params.getName(), params.getProof());
                   birth->box = kj::heapArray<kj::byte>(params.getBox());
                   return finishAnyway(owner->parts, giveBirth(kj::mv(birth)))
                       .then([context](kj::Own<WalletBirth>&& made) mutable {
                         writeCreated(context.getResults().initWallet().initOk(), *made);
                       });
                 })
      .attach(kj::addRef(*owner));
}

kj::Promise<void> SessionServer::exportWallet(ExportWalletContext context) {
  auto result = [context]() mutable { return context.getResults().initExported(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   owner->requireAlive();
                   owner->peer->vaultHandle();
                   auto params = context.getParams();
                   auto call =
                       kj::heap<Exporting>(*owner, params.getWallet(), params.getProof(), params.getClientKey());
                   auto& it = *call;
                   return it.begin()
                       .then([&it]() { return it.askVault(); })
                       .then([this, &it, context](VaultAnswer answer) mutable {
                         if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
                         KJ_REQUIRE(answer.answer.isExported(), "another answer than to exportWallet");
                         auto through =
                             kj::max(answer.answer.getAuditThrough(), answer.reply->root().getHead().getSequence());
                         return owner->parts.audit.whenDurable(through).then(
                             [&it, context, answer = kj::mv(answer)]() mutable {
                               auto ok = context.getResults().initExported().initOk();
                               ok.setBox(answer.answer.getExported());
                               writeWalletInfo(ok.initWallet(), it.exported());
                               writeHead(ok.initHead(), answer.reply->root().getHead());
                             });
                       })
                       .attach(kj::mv(call));
                 })
      .attach(kj::addRef(*owner));
}

kj::Promise<void> SessionServer::deleteWallet(DeleteWalletContext context) {
  auto result = [context]() mutable { return context.getResults().initDeleted(); };
  return guarded(owner->parts, *owner->peer, result,
                 [this, context]() mutable {
                   owner->requireAlive();
                   owner->peer->vaultHandle();
                   auto params = context.getParams();
                   auto call = kj::heap<Deleting>(*owner, params.getWallet(), params.getProof());
                   return finishAnyway(owner->parts, destroy(kj::mv(call))).then([context](bool) mutable {
                     context.getResults().initDeleted().initOk();
                   });
                 })
      .attach(kj::addRef(*owner));
}

}  // namespace waas::broker
