#include "login.h"

#include <kj/debug.h>

#include "protocol/email.h"

namespace waas::client {
namespace {

template <size_t N>
void put(Secret<N>& plain, size_t offset, Bytes bytes) {
  memcpy(plain.fill(SecretAccess::here()).data() + offset, bytes.data(), bytes.size());
}

void requireCanonical(kj::StringPtr email) {
  if (!isCanonicalEmail(std::string_view(email.begin(), email.size()))) {
    kj::throwFatalException(makeFailure(ErrorCode::INVALID_REQUEST, "not an e-mail address"));
  }
}

kj::Own<Secret<32>> freshKey() {
  auto key = kj::heap<Secret<32>>();
  auto bytes = key->fill(SecretAccess::here());
  randombytes_buf(bytes.data(), bytes.size());
  return key;
}

}  // namespace

void stretch(const SecretText& password, const Challenge& challenge, Secret<32>& stretched) {
  if (password.size() == 0 || password.size() > MAX_PASSWORD_BYTES) {
    kj::throwFatalException(makeFailure(ErrorCode::INVALID_REQUEST, "a password has 1 to 1024 bytes"));
  }
  if (challenge.passes < MIN_ARGON2_PASSES || challenge.memory < MIN_ARGON2_MEMORY) {
    kj::throwFatalException(
        makeFailure(ErrorCode::NOT_ALLOWED, "the daemon asks for a weaker password hash than allowed"));
  }
  if (challenge.passes > MAX_ARGON2_PASSES || challenge.memory > MAX_ARGON2_MEMORY) {
    kj::throwFatalException(makeFailure(ErrorCode::NOT_ALLOWED, "the daemon asks for too costly a password hash"));
  }
  auto text = password.reveal(SecretAccess::here());
  auto out = stretched.fill(SecretAccess::here());
  if (crypto_pwhash(out.data(), out.size(), text.begin(), text.size(), challenge.salt.data(), challenge.passes,
                    static_cast<size_t>(challenge.memory), crypto_pwhash_ALG_ARGON2ID13) != 0) {
    kj::throwFatalException(makeFailure(ErrorCode::OVERLOADED, "no memory to stretch the password"));
  }
}

kj::Array<kj::byte> sealLoginBox(LoginPurpose purpose, kj::StringPtr email, const Challenge& challenge,
                                 const Secret<32>& sessionKey, const Secret<32>& stretched,
                                 const PublicKey& sealingKey) {
  Secret<LOGIN_BOX_PLAIN_BYTES> plain;
  auto purposeByte = static_cast<uint8_t>(purpose);
  Hash emailHash;
  crypto_hash_sha256(emailHash.data(), email.asBytes().begin(), email.size());
  put(plain, 0, asBytes(LOGIN_BOX_MAGIC.data(), LOGIN_BOX_MAGIC.size()));
  put(plain, LoginBoxLayout::PURPOSE, Bytes(&purposeByte, 1));
  put(plain, LoginBoxLayout::EMAIL_HASH, emailHash);
  put(plain, LoginBoxLayout::CHALLENGE, challenge.bytes);
  put(plain, LoginBoxLayout::KEY, sessionKey.reveal(SecretAccess::here()));
  put(plain, LoginBoxLayout::STRETCHED, stretched.reveal(SecretAccess::here()));

  auto box = kj::heapArray<kj::byte>(LOGIN_BOX_BYTES);
  auto bytes = plain.reveal(SecretAccess::here());
  if (crypto_box_seal(box.begin(), bytes.data(), bytes.size(), sealingKey.data()) != 0) {
    kj::throwFatalException(makeFailure(ErrorCode::INVALID_REQUEST, "the sealing key of vault.pub is no X25519 key"));
  }
  return box;
}

LoginAnswer openLoginAnswer(kj::ArrayPtr<const kj::byte> answer, const Secret<32>& sessionKey, Bytes context) {
  constexpr size_t NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  auto refuse = []() {
    kj::throwFatalException(makeFailure(ErrorCode::SESSION_INVALID, "the vault's answer does not open"));
  };
  if (answer.size() < LOGIN_ANSWER_OVERHEAD + 24 || answer.size() > LOGIN_ANSWER_OVERHEAD + 24 + MAX_TOKEN_BYTES)
    refuse();

  kj::Vector<kj::byte> covered;
  covered.addAll(LOGIN_ANSWER_DOMAIN);
  covered.addAll(context);
  auto plain = kj::heapArray<kj::byte>(answer.size() - LOGIN_ANSWER_OVERHEAD);
  unsigned long long size = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.begin(), &size, nullptr, answer.begin() + NONCE,
                                                 answer.size() - NONCE, covered.begin(), covered.size(), answer.begin(),
                                                 sessionKey.reveal(SecretAccess::here()).data()) != 0) {
    refuse();
  }
  ByteReader reader(Bytes(plain.begin(), plain.size()));
  LoginAnswer out;
  reader.fill(out.userId);
  out.expiresAt = reader.u64();
  Bytes jwt = reader.bytes(plain.size() - 24);
  auto text = kj::heapString(reinterpret_cast<const char*>(jwt.data()), jwt.size());
  KJ_IF_MAYBE (token, SessionToken::make(text, sessionKey)) {
    out.token = kj::mv(*token);
  } else {
    refuse();
  }
  return out;
}

kj::Promise<Challenge> Login::challenge(kj::StringPtr email) {
  return kj::evalNow([&]() {
    requireCanonical(email);
    auto request = remote.challengeRequest();
    request.setEmail(email);
    return context.within<Challenge>(request.send().then([](auto response) {
      auto ok = okOf(response.getChallenge());
      return Challenge{exactly<16>(ok.getSalt(), "salt of a challenge"),
                       exactly<CHALLENGE_BYTES>(ok.getChallenge(), "challenge"), ok.getPasses(), ok.getMemory()};
    }));
  });
}

kj::Promise<Login::SignedIn> Login::signUp(kj::StringPtr email, const Challenge& challenge,
                                           const Secret<32>& stretched) {
  return kj::evalNow([&]() {
    requireCanonical(email);
    auto key = freshKey();
    auto request = remote.signUpRequest();
    request.setEmail(email);
    request.setBox(sealLoginBox(LoginPurpose::SIGN_UP, email, challenge, *key, stretched, context.vault.sealing));
    return context.within<SignedIn>(request.send().then([this, key = kj::mv(key), challenge](auto response) {
      auto ok = okOf(response.getSignedUp());
      return signedIn(ok.getAnswer(), ok.getWallet(), ok.getHead(), *key, challenge);
    }));
  });
}

kj::Promise<Login::SignedIn> Login::signIn(kj::StringPtr email, const Challenge& challenge,
                                           const Secret<32>& stretched) {
  return kj::evalNow([&]() {
    requireCanonical(email);
    auto key = freshKey();
    auto request = remote.signInRequest();
    request.setEmail(email);
    request.setBox(sealLoginBox(LoginPurpose::SIGN_IN, email, challenge, *key, stretched, context.vault.sealing));
    return context.within<SignedIn>(request.send().then([this, key = kj::mv(key), challenge](auto response) {
      auto ok = okOf(response.getSignedIn());
      return signedIn(ok.getAnswer(), ok.getWallet(), ok.getHead(), *key, challenge);
    }));
  });
}

Login::SignedIn Login::signedIn(kj::ArrayPtr<const kj::byte> sealed, protocol::WalletInfo::Reader wallet,
                                protocol::AuditHead::Reader head, const Secret<32>& key, const Challenge& challenge) {
  auto answer = openLoginAnswer(sealed, key, challenge.bytes);
  context.heads.note(head);
  OwnerId owner{OwnerId::Kind::USER, answer.userId};
  return {kj::mv(answer), verifiedWallet(wallet, context.vault.answers, owner)};
}

kj::Promise<Login::Resumed> Login::resume(kj::Own<SessionToken> token) {
  auto request = resumeRequest(remote, *token, context.now());
  return context.within<Resumed>(request.send().then([this, token = kj::mv(token)](auto response) mutable -> Resumed {
    auto ok = okOf(response.getResumed());
    auto userId = exactly<16>(ok.getUserId(), "user id of a session");
    return {kj::heap<UserSession>(context, remote, ok.getSession(), userId, kj::mv(token)), userId};
  }));
}

}  // namespace waas::client
