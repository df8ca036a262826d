#pragma once
// People's way in: sign up, sign in, take up a session.
//
// A sign-in has three steps: ask for a challenge; stretch the password with it (Argon2id, here, about 0.1 s of one core
// and 64 MiB); seal the result, with a fresh session key, to the vault's public key and send it. The daemon between
// never sees the password, the stretched password, the session key or the token.
#include "call.h"
#include "protocol/login-box.h"
#include "session-token.h"
#include "wallet.h"
#include "wallets.h"

namespace waas::client {

// What the vault asks a password to be stretched with.
struct Challenge {
  std::array<uint8_t, 16> salt{};
  std::array<uint8_t, CHALLENGE_BYTES> bytes{};  // lives 60 s, accepted once
  uint32_t passes = 0;
  uint64_t memory = 0;  // bytes
};

// A client refuses to work harder than this, whoever asks: else a broken-into daemon could stop it for hours.
constexpr uint32_t MAX_ARGON2_PASSES = 64;
constexpr uint64_t MAX_ARGON2_MEMORY = 1ull << 30;

// Stretches a password (L2). Blocks the calling thread for the time that it takes; a server calls it on another thread.
// Throws `invalidRequest` for a password that is empty or longer than 1024 bytes, `notAllowed` when the challenge asks
// for less than MIN_ARGON2_* or more than MAX_ARGON2_*, `overloaded` when there is no memory.
void stretch(const SecretText& password, const Challenge& challenge, Secret<32>& stretched);

constexpr size_t MAX_PASSWORD_BYTES = 1024;

// Seals the box of protocol/login-box.h. `email` is canonical.
kj::Array<kj::byte> sealLoginBox(LoginPurpose purpose, kj::StringPtr email, const Challenge& challenge,
                                 const Secret<32>& sessionKey, const Secret<32>& stretched,
                                 const PublicKey& sealingKey);

// What the vault's answer to a sign-in holds.
struct LoginAnswer {
  Id userId{};
  uint64_t expiresAt = 0;  // of the token, Unix milliseconds
  kj::Own<SessionToken> token;
};

// Opens the answer. `context` is the challenge of a sign-up or sign-in, the old token's id of a refresh. Throws
// `sessionInvalid` when it was not made for this key and context.
LoginAnswer openLoginAnswer(kj::ArrayPtr<const kj::byte> answer, const Secret<32>& sessionKey, Bytes context);

// Given out by Client::enter to peers with the login role; must not outlive the Client. Its promises must not outlive
// it.
class Login {
 public:
  Login(CallContext& context, protocol::Login::Client remote) : context(context), remote(kj::mv(remote)) {}
  KJ_DISALLOW_COPY(Login);

  struct SignedIn {
    LoginAnswer answer;
    Wallet wallet;  // the first one
  };

  struct Resumed {
    kj::Own<UserSession> session;
    Id userId{};
  };

  // Asks for a challenge. `email` is in canonical form (protocol/email.h), else the promise breaks with
  // `invalidRequest`.
  kj::Promise<Challenge> challenge(kj::StringPtr email);

  // Makes an account and its first wallet; signs in. `stretched` must live until the promise is done.
  // Fails with accountExists, challengeInvalid, addressUnproven, and what stores and daemon may fail with. If the
  // connection breaks before the answer, sign in: the account exists whole or not at all.
  kj::Promise<SignedIn> signUp(kj::StringPtr email, const Challenge& challenge, const Secret<32>& stretched);

  // Fails with invalidCredentials (also for unknown accounts), tooManyAttempts, challengeInvalid.
  kj::Promise<SignedIn> signIn(kj::StringPtr email, const Challenge& challenge, const Secret<32>& stretched);

  // Takes up a session by its token, for calls. Fails with sessionInvalid, proofInvalid.
  kj::Promise<Resumed> resume(kj::Own<SessionToken> token);

 private:
  SignedIn signedIn(kj::ArrayPtr<const kj::byte> answer, protocol::WalletInfo::Reader wallet,
                    protocol::AuditHead::Reader head, const Secret<32>& key, const Challenge& challenge);

  CallContext& context;
  protocol::Login::Client remote;
};

}  // namespace waas::client
