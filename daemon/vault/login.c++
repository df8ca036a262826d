#include "daemon/vault/login.h"

#include <sodium.h>

#include <algorithm>

#include "protocol/email.h"

namespace waas::vault {
namespace {

constexpr std::string_view FIRST_WALLET_NAME = "main";

// What a login box holds, opened and checked. Lives on a secret stack.
struct Login {
  Secret<LOGIN_BOX_PLAIN_BYTES> plain;
  Secret<32> sessionKey;

  Bytes part(size_t offset, size_t size) const { return plain.reveal(SecretAccess::here()).subspan(offset, size); }
  Bytes challenge() const { return part(LoginBoxLayout::CHALLENGE, CHALLENGE_BYTES); }
  std::span<const uint8_t, 32> stretched() const {
    return plain.reveal(SecretAccess::here()).subspan<LoginBoxLayout::STRETCHED, 32>();
  }
};

Refusal openLogin(Context& context, rpc::SignIn::Reader request, LoginPurpose purpose, Login& login) {
  std::string_view email = view(request.getEmail());
  if (!isCanonicalEmail(email)) return Refused{ErrorCode::INVALID_REQUEST, "e-mail address is not in canonical form"};
  Bytes box = view(request.getBox());
  // Boxes are made for the newest key of vault.pub; while clients get a new one, older ones still open.
  bool opened = false;
  for (const Key& key : context.service.keyring.keys()) {
    if (opened || key.purpose() != Purpose::SEALING || box.size() != LOGIN_BOX_BYTES) continue;
    opened = key.openBox(box, login.plain.fill(SecretAccess::here()));
  }
  if (!opened) return Refused{ErrorCode::INVALID_REQUEST, "login box doesn't open"};

  Hash emailHash = sha256(asBytes(email.data(), email.size()));
  bool fits = std::ranges::equal(login.part(0, LOGIN_BOX_MAGIC.size()), LOGIN_BOX_MAGIC) &&
              login.part(LoginBoxLayout::PURPOSE, 1)[0] == static_cast<uint8_t>(purpose) &&
              std::ranges::equal(login.part(LoginBoxLayout::EMAIL_HASH, 32), emailHash);
  if (!fits) return Refused{ErrorCode::INVALID_REQUEST, "login box is for something else"};
  std::ranges::copy(login.part(LoginBoxLayout::KEY, 32), login.sessionKey.fill(SecretAccess::here()).begin());

  switch (context.service.challenges.accept(login.challenge(), context.now)) {
    case ChallengeVerdict::ACCEPTED: return std::nullopt;
    case ChallengeVerdict::OVERLOADED: return Refused{ErrorCode::OVERLOADED, "too many sign-ins", 1000};
    case ChallengeVerdict::INVALID: break;
  }
  return Refused{ErrorCode::CHALLENGE_INVALID};
}

SessionToken newSession(Context& context, const Id& userId, uint64_t generation) {
  SessionToken token;
  token.user = userId;
  token.generation = generation;
  context.service.random.fill(token.session);
  token.sessionStart = context.now / 1000;
  return token;
}

}  // namespace

Refusal challenge(Context& context, const Caller&, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  const Service& service = context.service;
  std::string_view email = view(request.getChallenge().getEmail());
  if (!isCanonicalEmail(email)) return Refused{ErrorCode::INVALID_REQUEST, "e-mail address is not in canonical form"};
  // Salts must stay as they were when a password was set, so they are always made with the first key.
  const Key* key = service.keyring.find(Purpose::SALT, 1);
  if (key == nullptr) return Refused{ErrorCode::KEY_VERSION_UNKNOWN, "salt key 1"};
  Hash salt = key->hmac().mac({asBytes(email.data(), email.size())});

  auto out = answer.initChallenge();
  out.setSalt(reader(Bytes(salt).first(16)));
  out.setChallenge(reader(service.challenges.make(context.now, context.service.random)));
  out.setPasses(service.config.argon2Passes);
  out.setMemory(service.config.argon2Memory);
  return std::nullopt;
}

Refusal signUp(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::SignIn::Reader in = request.getSignUp();
  if (in.hasAccount()) return Refused{ErrorCode::INVALID_REQUEST, "sign-up with an account"};
  Login login;
  if (auto refused = openLogin(context, in, LoginPurpose::SIGN_UP, login)) return refused;

  SessionToken token = newSession(context, {}, 1);
  service.random.fill(token.user);
  AccountRecord record;
  record.verifierKey = service.keyring.newest(Purpose::VERIFIER).version();
  record.generation = token.generation;
  record.createdAt = context.now;
  std::array<uint8_t, ACCOUNT_RECORD_BYTES> sealed;
  std::string_view email = view(in.getEmail());
  AccountContext bound{token.user, 1, email};
  OwnerId owner{OwnerId::Kind::USER, token.user};
  NewWallet wallet;
  std::array<uint8_t, LOGIN_ANSWER_BYTES> out;
  if (!makeVerifier(service.keyring, record.verifierKey, token.user, login.stretched(), record.verifier) ||
      !sealAccount(service.keyring, bound, record, service.random, sealed) ||
      makeWallet(owner, FIRST_WALLET_NAME, true, context.now, service.keyring, service.random, context.wallet,
                 wallet) != MakeOutcome::MADE ||
      !sealAnswer(context, token, login.sessionKey, login.challenge(), out)) {
    return Refused{ErrorCode::SIGNATURE_FAULT, "account or wallet could not be made"};
  }

  auto signedUp = answer.initSignedUp();
  writeAccount(signedUp.initAccount(), token.user, email, bound.version, sealed);
  writeWallet(signedUp.initWallet(), wallet);
  signedUp.setAnswer(reader(out));
  context.events.add(AuditEvent::ACCOUNT_CREATED, owner, caller.peer.uid).subject = sha256(token.user);
  AuditRecord& made = context.events.add(AuditEvent::WALLET_CREATED, owner, caller.peer.uid);
  made.walletId = wallet.walletId;
  made.epoch = wallet.epoch;
  made.subject = sha256(wallet.certificate());
  return std::nullopt;
}

Refusal signIn(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::SignIn::Reader in = request.getSignIn();
  Login login;
  if (auto refused = openLogin(context, in, LoginPurpose::SIGN_IN, login)) return refused;
  std::string_view email = view(in.getEmail());
  if (uint64_t wait = service.attempts.begin(email, context.now)) {
    return Refused{ErrorCode::TOO_MANY_ATTEMPTS, "", static_cast<uint32_t>(wait)};
  }

  AccountRow row = service.nobody;
  bool known = in.hasAccount();
  if (known && (!readAccount(in.getAccount(), row) || row.email != email)) {
    return Refused{ErrorCode::RECORD_REFUSED, "account row"};
  }
  AccountRecord record;
  if (auto refused = openAccount(service.keyring, row, record)) return refused;
  Secret<32> verifier;
  if (!makeVerifier(service.keyring, record.verifierKey, row.userId, login.stretched(), verifier)) {
    return Refused{ErrorCode::KEY_VERSION_UNKNOWN, "verifier key"};
  }
  bool same = verifier.matches(record.verifier);
  if (!(same && known)) return Refused{ErrorCode::INVALID_CREDENTIALS};
  service.attempts.succeeded(email);

  SessionToken token = newSession(context, row.userId, record.generation);
  std::array<uint8_t, LOGIN_ANSWER_BYTES> out;
  if (!sealAnswer(context, token, login.sessionKey, login.challenge(), out)) return Refused{ErrorCode::UNKNOWN};
  answer.setSignedIn(reader(out));
  OwnerId owner{OwnerId::Kind::USER, row.userId};
  context.events.add(AuditEvent::SIGNED_IN, owner, caller.peer.uid).subject = sha256(row.userId);
  return std::nullopt;
}

bool sealAnswer(Context& context, SessionToken& token, const Secret<32>& sessionKey, Bytes bound,
                std::span<uint8_t, LOGIN_ANSWER_BYTES> out) {
  const Service& service = context.service;
  uint64_t lifeEnds = token.sessionStart + service.config.sessionLifeMs / 1000;
  context.service.random.fill(token.token);
  token.issuedAt = context.now / 1000;
  token.expiresAt = std::min(token.issuedAt + service.config.tokenLifeMs / 1000, lifeEnds);
  SessionKeyContext holder{token.user, token.session};
  if (!sealEnvelope(service.keyring, holder, sessionKey, context.service.random, token.key)) return false;

  TokenText text;
  mintToken(service.keyring, token, text);
  std::array<uint8_t, 16 + 8 + TOKEN_BYTES> plain;
  ByteWriter p(plain);
  p.bytes(token.user);
  p.u64(token.expiresAt * 1000);
  p.bytes(asBytes(text.data(), text.size()));

  std::array<uint8_t, LOGIN_ANSWER_DOMAIN.size() + CHALLENGE_BYTES> associated;
  ByteWriter a(associated);
  a.bytes(asBytes(LOGIN_ANSWER_DOMAIN.data(), LOGIN_ANSWER_DOMAIN.size()));
  a.bytes(bound);
  auto nonce = out.first<crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>();
  context.service.random.fill(nonce);
  return p.ok() && a.ok() &&
         crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + nonce.size(), nullptr, plain.data(), plain.size(),
                                                    associated.data(), a.size(), nullptr, nonce.data(),
                                                    sessionKey.reveal(SecretAccess::here()).data()) == 0;
}

}  // namespace waas::vault
