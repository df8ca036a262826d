// Sign up, in, out; refresh. The password is stretched on another thread and leaves this process only sealed to the
// vault (client/lib/login.h). How often somebody may try is counted in the database, so that it outlives a restart.
#include <sodium.h>

#include "../cookies.h"
#include "../sign-in-limits.h"
#include "answers.h"
#include "protocol/email.h"
#include "routes.h"

namespace waas::gateway {
namespace {

constexpr size_t MIN_NEW_PASSWORD_BYTES = 8;

// Shared with the stretching thread, which may outlive the call.
struct Attempt {
  std::string email;
  client::SecretText password;
  bool wantsCookie = false;
  client::Challenge challenge;
  Secret<32> stretched;
  kj::Own<DaemonConnection> daemon;
  SignInLimits::Charged charged;
};
using SharedAttempt = std::shared_ptr<Attempt>;

SharedAttempt readAttempt(Call& call) {
  JsonBody body(call.request.bodyText());
  auto attempt = std::make_shared<Attempt>();
  attempt->email = canonicalEmail(body.requireText("email", MAX_EMAIL_BYTES + 16));
  attempt->password = body.requireSecret("password", client::MAX_PASSWORD_BYTES);
  attempt->wantsCookie = body.flag("cookie").value_or(false);
  body.finish();
  if (!isCanonicalEmail(attempt->email)) refuse(ErrorCode::INVALID_REQUEST, "email is no e-mail address");
  // A page elsewhere must not sign its visitors in as somebody.
  if (attempt->wantsCookie) requireOwnOrigin(call);
  return attempt;
}

kj::StringPtr emailOf(const Attempt& attempt) { return kj::StringPtr(attempt.email.c_str(), attempt.email.size()); }

// Gets a challenge, then stretches the password with it: 64 MiB and about 0.1 s, so a few at a time.
kj::Promise<void> prepare(Call& call, SharedAttempt attempt) {
  return call.parts.daemon.connection(attempt->email.size())
      .then([attempt](kj::Own<DaemonConnection> daemon) {
        attempt->daemon = kj::mv(daemon);
        return attempt->daemon->login().challenge(emailOf(*attempt));
      })
      .then([&call, attempt](client::Challenge challenge) {
        attempt->challenge = challenge;
        return call.parts.stretching.run<bool>([attempt](uint32_t) {
          client::stretch(attempt->password, attempt->challenge, attempt->stretched);
          return true;
        });
      })
      .ignoreResult()
      .catch_([&call, attempt](kj::Exception&& exception) {
        if (client::failureOf(exception).code == ErrorCode::SIGNER_UNREACHABLE && attempt->daemon.get() != nullptr) {
          call.parts.daemon.lost(*attempt->daemon);
        }
        kj::throwFatalException(kj::mv(exception));
      });
}

std::string textOf(const client::SessionToken& token) {
  auto secret = token.text();
  auto text = secret.reveal(SecretAccess::here());
  return std::string(text.begin(), text.size());
}

// The session goes into the body, or into a cookie that scripts can't read.
void giveSession(Call& call, Json& body, Response& response, const client::SessionToken& token, uint64_t expiresAt,
                 bool asCookie) {
  auto text = textOf(token);
  if (asCookie) {
    response.add("Set-Cookie", sessionCookie(text, call.parts.secureCookies));
  } else {
    body["token"] = text;
  }
  sodium_memzero(text.data(), text.size());
  body["expiresAt"] = timeText(expiresAt);
}

Response signedIn(Call& call, const Attempt& attempt, client::Login::SignedIn made, unsigned status) {
  Response extra;
  Json body;
  body["userId"] = hex(made.answer.userId);
  giveSession(call, body, extra, *made.answer.token, made.answer.expiresAt, attempt.wantsCookie);
  body["wallet"] = walletJson(made.wallet);
  auto response = answer(body, status);
  for (auto& header : extra.headers) response.headers.push_back(std::move(header));
  return response;
}

}  // namespace

kj::Promise<Response> signUp(Call& call) {
  auto attempt = readAttempt(call);
  if (attempt->password.size() < MIN_NEW_PASSWORD_BYTES) {
    refuse(ErrorCode::INVALID_REQUEST, "a new password has at least 8 characters");
  }
  SignInLimits limits(call.parts);
  return limits.chargeSignUp(call.address)
      .then([&call, attempt]() { return prepare(call, attempt); })
      .then([attempt]() {
        return attempt->daemon->login().signUp(emailOf(*attempt), attempt->challenge, attempt->stretched);
      })
      .then([&call, attempt](client::Login::SignedIn made) {
        SignInLimits(call.parts).noteSuccess(attempt->email, call.address, {});
        return signedIn(call, *attempt, kj::mv(made), 201);
      });
}

kj::Promise<Response> signIn(Call& call) {
  auto attempt = readAttempt(call);
  auto& metrics = call.parts.metrics;
  return SignInLimits(call.parts)
      .chargeSignIn(attempt->email, call.address)
      .then([&call, attempt](SignInLimits::Charged charged) {
        attempt->charged = std::move(charged);
        return prepare(call, attempt);
      })
      .then([attempt]() {
        return attempt->daemon->login().signIn(emailOf(*attempt), attempt->challenge, attempt->stretched);
      })
      .then(
          [&call, &metrics, attempt](client::Login::SignedIn made) {
            metrics.signIn("accepted");
            SignInLimits(call.parts).noteSuccess(attempt->email, call.address, attempt->charged);
            return signedIn(call, *attempt, kj::mv(made), 200);
          },
          [&call, &metrics, attempt](kj::Exception&& exception) -> Response {
            auto code = client::failureOf(exception).code;
            bool refused = code == ErrorCode::INVALID_CREDENTIALS;
            metrics.signIn(refused ? "refused" : code == ErrorCode::TOO_MANY_ATTEMPTS ? "held" : "failed");
            // What went wrong on our side is not the caller's attempt.
            if (!refused) SignInLimits(call.parts).giveBack(attempt->charged);
            kj::throwFatalException(kj::mv(exception));
          });
}

kj::Promise<Response> signOut(Call& call) {
  JsonBody body(call.request.bodyText());
  bool everywhere = body.flag("everywhere").value_or(false);
  body.finish();
  auto extent = everywhere ? client::UserSession::Extent::EVERYWHERE : client::UserSession::Extent::HERE;
  return call.person->wallets().signOut(extent).then([&call, everywhere]() {
    if (everywhere) {
      call.parts.sessions.forgetUser(call.person->userId());
    } else {
      call.parts.sessions.forget(*call.person);
    }
    Response response;
    response.status = 204;
    if (call.viaCookie) response.add("Set-Cookie", endedCookie(call.parts.secureCookies));
    return response;
  });
}

kj::Promise<Response> refresh(Call& call) {
  JsonBody(call.request.bodyText()).finish();
  // A session that is being refreshed takes no other calls, so this is one of its own.
  return call.parts.sessions.fresh(call.token).then([&call](kj::Own<PersonSession> session) {
    auto& wallets = session->wallets();
    return wallets.refresh().then([&call, &wallets, session = kj::mv(session)](uint64_t expiresAt) {
      Response extra;
      Json body;
      body["userId"] = hex(session->userId());
      giveSession(call, body, extra, wallets.token(), expiresAt, call.viaCookie);
      auto response = answer(body);
      for (auto& header : extra.headers) response.headers.push_back(std::move(header));
      return response;
    });
  });
}

}  // namespace waas::gateway
