#include "login.h"

#include <kj/debug.h>
#include <protocol/email.h>
#include <protocol/login-box.h>
#include <protocol/token.h>

#include "../lifecycle/advance.h"
#include "guarded.h"
#include "owner.h"
#include "user-session.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

// The call's e-mail address, copied. Throws invalidRequest.
kj::String requireEmail(capnp::Text::Reader email) {
  if (!isCanonicalEmail({email.begin(), email.size()})) {
    kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "the e-mail address is not in canonical form"_kj));
  }
  return kj::heapString(email);
}

void requireBox(capnp::Data::Reader box) {
  if (box.size() != LOGIN_BOX_BYTES) {
    kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "the box has another size"_kj));
  }
}

void requireAudit(const Parts& parts) {
  if (!parts.audit.accepts()) {
    kj::throwFatalException(makeFault(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj));
  }
}

uint64_t releaseOf(VaultAnswer& answer) {
  return kj::max(answer.answer.getAuditThrough(), answer.reply->root().getHead().getSequence());
}

// A sign-up or sign-in on its way. Owns copies: the work goes on when the call has been given up.
struct Entry {
  kj::Own<Peer> peer;
  kj::String email;
  kj::Array<kj::byte> box;
  kj::Maybe<AccountRow> account;
  kj::Own<VaultReply> reply;
  kj::Array<kj::byte> answer;  // sealed, for the client
  WalletRow wallet;
  kj::Promise<void> durable = kj::READY_NOW;

  size_t words() const {
    size_t row = 0;
    KJ_IF_MAYBE (known, account) row = wordsOf(*known);
    return 48 + wordsFor(email.size() + 1) + wordsFor(box.size()) + row;
  }
  void write(inner::SignIn::Builder out) const {
    out.setPeer(peer->vaultHandle());
    out.setEmail(email);
    out.setBox(box);
    KJ_IF_MAYBE (known, account) writeAccount(out.initAccount(), *known);
  }
};

template <typename Params>
kj::Own<Entry> entryOf(Peer& peer, Params params) {
  auto entry = kj::heap<Entry>();
  requireBox(params.getBox());
  entry->email = requireEmail(params.getEmail());
  entry->box = kj::heapArray<kj::byte>(params.getBox());
  entry->peer = kj::addRef(peer);
  return entry;
}

// --- Sign-up
// -----------------------------------------------------------------------------------------------------------------

// Account and wallet come from the vault together and become durable together.
kj::Promise<Commit> storeSignedUp(Parts& parts, Entry& entry, VaultAnswer answer) {
  if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
  KJ_REQUIRE(answer.answer.isSignedUp(), "another answer than to signUp");
  auto signedUp = answer.answer.getSignedUp();
  entry.durable = parts.audit.whenDurable(releaseOf(answer));
  entry.answer = kj::heapArray<kj::byte>(signedUp.getAnswer());
  auto made = readNewWallet(signedUp.getWallet(), shareExpiry(parts));
  entry.wallet = made.row.clone();
  entry.reply = kj::mv(answer.reply);
  return advance(parts, Step{kj::mv(made), nullptr, readAccount(signedUp.getAccount()), {}});
}

kj::Promise<kj::Own<Entry>> enterNew(Parts& parts, kj::Own<Entry> entry) {
  auto& it = *entry;
  // Asked first, so that a known address costs no shares; the database decides when two come at once.
  return parts.wallets.accountByEmail(it.email)
      .then([&parts, &it](kj::Maybe<AccountRow>&& known) {
        if (known != nullptr) kj::throwFatalException(makeFault(ErrorCode::ACCOUNT_EXISTS));
        requireAudit(parts);
        return parts.vault.ask(it.words(), [&it](inner::Request::Builder request) { it.write(request.initSignUp()); });
      })
      .then([&parts, &it](VaultAnswer answer) { return storeSignedUp(parts, it, kj::mv(answer)); })
      .then([&it](Commit commit) {
        if (commit == Commit::EMAIL_TAKEN) kj::throwFatalException(makeFault(ErrorCode::ACCOUNT_EXISTS));
        if (commit != Commit::DONE) kj::throwFatalException(makeFault(ErrorCode::CONFLICT));
        return kj::mv(it.durable);
      })
      .then([entry = kj::mv(entry)]() mutable { return kj::mv(entry); });
}

// --- Sign-in
// -----------------------------------------------------------------------------------------------------------------

// The vault judges known and unknown accounts alike; only after it said yes is anything else looked at.
kj::Promise<void> readSignedIn(Parts& parts, Entry& entry, VaultAnswer answer) {
  // Also a failed attempt may have made a record.
  auto through = releaseOf(answer);
  if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
  KJ_REQUIRE(answer.answer.isSignedIn(), "another answer than to signIn");
  entry.durable = parts.audit.whenDurable(through);
  entry.answer = kj::heapArray<kj::byte>(answer.answer.getSignedIn());
  entry.reply = kj::mv(answer.reply);
  OwnerId owner;
  owner.kind = OwnerId::Kind::USER;
  KJ_IF_MAYBE (account, entry.account) owner.id = account->userId;
  return parts.wallets.walletBy(owner, WalletSelector{WalletSelector::First{}})
      .then([&entry](kj::Maybe<WalletRow>&& row) {
        KJ_IF_MAYBE (first, row) {
          entry.wallet = kj::mv(*first);
          return;
        }
        kj::throwFatalException(makeFault(ErrorCode::UNKNOWN_WALLET, "the account has no first wallet"_kj));
      });
}

kj::Promise<kj::Own<Entry>> enterKnown(Parts& parts, kj::Own<Entry> entry) {
  auto& it = *entry;
  return parts.wallets.accountByEmail(it.email)
      .then([&parts, &it](kj::Maybe<AccountRow>&& account) {
        it.account = kj::mv(account);
        requireAudit(parts);
        return parts.vault.ask(it.words(), [&it](inner::Request::Builder request) { it.write(request.initSignIn()); });
      })
      .then([&parts, &it](VaultAnswer answer) { return readSignedIn(parts, it, kj::mv(answer)); })
      .then([&it]() { return kj::mv(it.durable); })
      .then([entry = kj::mv(entry)]() mutable { return kj::mv(entry); });
}

}  // namespace

kj::Promise<void> LoginServer::challenge(ChallengeContext context) {
  auto result = [context]() mutable { return context.getResults().initChallenge(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    auto email = requireEmail(context.getParams().getEmail());
    size_t words = 24 + wordsFor(email.size() + 1);
    auto fill = [this, email = kj::mv(email)](inner::Request::Builder request) {
      auto challenge = request.initChallenge();
      challenge.setPeer(peer->vaultHandle());
      challenge.setEmail(email);
    };
    peer->vaultHandle();
    return parts.vault.ask(words, kj::mv(fill)).then([context](VaultAnswer answer) mutable {
      if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
      KJ_REQUIRE(answer.answer.isChallenge(), "another answer than to challenge");
      auto given = answer.answer.getChallenge();
      auto ok = context.getResults().initChallenge().initOk();
      ok.setSalt(given.getSalt());
      ok.setChallenge(given.getChallenge());
      ok.setPasses(given.getPasses());
      ok.setMemory(given.getMemory());
    });
  });
}

kj::Promise<void> LoginServer::signUp(SignUpContext context) {
  auto result = [context]() mutable { return context.getResults().initSignedUp(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    peer->vaultHandle();
    return finishAnyway(parts, enterNew(parts, entryOf(*peer, context.getParams())))
        .then([context](kj::Own<Entry>&& entry) mutable {
          auto ok = context.getResults().initSignedUp().initOk();
          ok.setAnswer(entry->answer);
          writeWalletInfo(ok.initWallet(), entry->wallet);
          writeHead(ok.initHead(), entry->reply->root().getHead());
        });
  });
}

kj::Promise<void> LoginServer::signIn(SignInContext context) {
  auto result = [context]() mutable { return context.getResults().initSignedIn(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    peer->vaultHandle();
    return enterKnown(parts, entryOf(*peer, context.getParams())).then([context](kj::Own<Entry>&& entry) mutable {
      auto ok = context.getResults().initSignedIn().initOk();
      ok.setAnswer(entry->answer);
      writeWalletInfo(ok.initWallet(), entry->wallet);
      writeHead(ok.initHead(), entry->reply->root().getHead());
    });
  });
}

kj::Promise<void> LoginServer::resume(ResumeContext context) {
  auto result = [context]() mutable { return context.getResults().initResumed(); };
  return guarded(parts, *peer, result, [this, context]() mutable {
    auto params = context.getParams();
    auto token = kj::heapArray<kj::byte>(params.getToken());
    auto user = tokenUser({reinterpret_cast<const char*>(token.begin()), token.size()});
    if (!user) kj::throwFatalException(makeFault(ErrorCode::SESSION_INVALID));
    if (peer->share.sessions >= limits::SESSIONS_PER_CONNECTION) {
      kj::throwFatalException(makeFault(ErrorCode::OVERLOADED, "too many sessions on this connection"_kj));
    }
    OwnerId id;
    id.kind = OwnerId::Kind::USER;
    id.id = *user;
    auto session = kj::heap<UserSessionServer>(kj::refcounted<Owner>(parts, kj::addRef(*peer), id, kj::mv(token)));
    auto checked = session->resume(params.getProof());
    return checked.then([context, id, session = kj::mv(session)]() mutable {
      auto ok = context.getResults().initResumed().initOk();
      ok.setSession(kj::mv(session));
      ok.setUserId(dataOf(id.id));
    });
  });
}

}  // namespace waas::broker
