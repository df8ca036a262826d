#include "client/lib/login.h"

#include <gtest/gtest.h>
#include <kj/debug.h>
#include <sodium.h>

#include <algorithm>
#include <string>

#include "fake-daemon.h"

namespace waas::client {
namespace {

using test::EMAIL;
using test::failureCode;
using test::FakeConnection;
using test::FakeDaemon;
using Lie = FakeDaemon::Lie;

SecretText password(const std::string& text) {
  SecretText secret;
  EXPECT_TRUE(secret.append(kj::arrayPtr(text.data(), text.size())));
  return secret;
}

std::string stretchedHex(const std::string& text, uint32_t passes) {
  Challenge challenge;
  for (size_t i = 0; i < challenge.salt.size(); i++) challenge.salt[i] = static_cast<uint8_t>(i);
  challenge.passes = passes;
  challenge.memory = 64 << 20;
  Secret<32> out;
  stretch(password(text), challenge, out);
  std::string hex(65, '\0');
  sodium_bin2hex(hex.data(), hex.size(), out.reveal(SecretAccess::here()).data(), 32);
  return hex.substr(0, 64);
}

TEST(Stretch, IsArgon2id) {
  // By OpenSSL 3.5, as Python's cryptography 48 has it: Argon2id(salt=bytes(range(16)), length=32, iterations=2 and 3,
  // lanes=1, memory_cost=65536).
  EXPECT_EQ(stretchedHex("correct horse battery staple", 2),
            "c05ce4c4dd7e0e45ee6011cc59d068ade47df1b01fc0cf9cd4678bdf68a5b7b0");
  EXPECT_EQ(stretchedHex("p\xc3\xa4ssword", 3), "720d606917ff45ff09599a78d07610f9ec6e37bd2838d6a65a049be606fc752d");
}

ErrorCode stretchFailure(const std::string& text, uint32_t passes, uint64_t memory) {
  Challenge challenge;
  challenge.passes = passes;
  challenge.memory = memory;
  Secret<32> out;
  try {
    stretch(password(text), challenge, out);
  } catch (const kj::Exception& e) {
    EXPECT_TRUE(out.matches(Secret<32>())) << "nothing is left of it";
    return failureOf(e).code;
  }
  return ErrorCode::UNKNOWN;
}

TEST(Stretch, L2_RefusesLessThanTheFloorAndMoreThanTheCeiling) {
  EXPECT_EQ(stretchFailure("x", MIN_ARGON2_PASSES - 1, MIN_ARGON2_MEMORY), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(stretchFailure("x", MIN_ARGON2_PASSES, MIN_ARGON2_MEMORY - 1), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(stretchFailure("x", 0, 0), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(stretchFailure("x", MAX_ARGON2_PASSES + 1, MIN_ARGON2_MEMORY), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(stretchFailure("x", MIN_ARGON2_PASSES, MAX_ARGON2_MEMORY + 1), ErrorCode::NOT_ALLOWED);
}

TEST(Stretch, RefusesEmptyAndOverlongPasswords) {
  EXPECT_EQ(stretchFailure("", 2, MIN_ARGON2_MEMORY), ErrorCode::INVALID_REQUEST);
  EXPECT_EQ(stretchFailure(std::string(MAX_PASSWORD_BYTES + 1, 'x'), 2, MIN_ARGON2_MEMORY), ErrorCode::INVALID_REQUEST);
}

TEST(LoginBox, L2_OnlyTheVaultCanOpenItAndFindsWhatWasMeant) {
  test::FakeVault vault, other;
  Challenge challenge;
  randombytes_buf(challenge.bytes.data(), challenge.bytes.size());
  Secret<32> key, stretched;
  std::ranges::fill(key.fill(SecretAccess::here()), 5);
  std::ranges::fill(stretched.fill(SecretAccess::here()), 6);
  auto box = sealLoginBox(LoginPurpose::SIGN_UP, EMAIL, challenge, key, stretched, vault.publicKeys().sealing);
  Bytes bytes(box.begin(), box.size());

  EXPECT_FALSE(other.open(bytes));
  auto opened = vault.open(bytes);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->purpose, 1);
  EXPECT_EQ(opened->challenge, challenge.bytes);
  EXPECT_TRUE(std::ranges::all_of(opened->key, [](uint8_t b) { return b == 5; }));
  EXPECT_TRUE(std::ranges::all_of(opened->stretched, [](uint8_t b) { return b == 6; }));
  Hash emailHash;
  crypto_hash_sha256(emailHash.data(), reinterpret_cast<const uint8_t*>(EMAIL), std::string_view(EMAIL).size());
  EXPECT_EQ(opened->emailHash, emailHash);
}

struct Answer : testing::Test {
  test::FakeVault vault;
  Secret<32> key;
  std::array<uint8_t, 32> keyBytes{};
  std::array<uint8_t, 72> context{1, 2, 3};
  Id user{4, 5}, tokenId{6, 7};

  Answer() {
    keyBytes.fill(9);
    std::ranges::copy(keyBytes, key.fill(SecretAccess::here()).begin());
  }
  test::ByteString made(const std::string& token) { return vault.answer(keyBytes, context, user, 1234, token); }
  LoginAnswer open(const test::ByteString& answer, Bytes for_) {
    return openLoginAnswer(kj::arrayPtr(answer.data(), answer.size()), key, for_);
  }
};

TEST_F(Answer, OpensForTheKeyAndTheChallengeThatItWasMadeFor) {
  std::string token = test::FakeVault::token(user, tokenId);
  auto opened = open(made(token), context);
  EXPECT_EQ(opened.userId, user);
  EXPECT_EQ(opened.expiresAt, 1234u);
  EXPECT_EQ(opened.token->tokenId(), tokenId);
  EXPECT_EQ(std::string(opened.token->jwt().cStr()), token);
  EXPECT_TRUE(opened.token->key().matches(key));
}

TEST_F(Answer, IsRefusedForAnotherChallengeAnotherKeyAndWhenChanged) {
  auto answer = made(test::FakeVault::token(user, tokenId));
  auto otherContext = context;
  otherContext[71] ^= 1;
  EXPECT_THROW(open(answer, otherContext), kj::Exception);
  for (size_t i = 0; i < answer.size(); i++) {
    auto changed = answer;
    changed[i] ^= 1;
    EXPECT_THROW(open(changed, context), kj::Exception) << i;
  }
  for (size_t size : {size_t{0}, size_t{39}, size_t{64}, answer.size() - 1}) {
    EXPECT_THROW(open(test::ByteString(answer.begin(), answer.begin() + static_cast<ptrdiff_t>(size)), context),
                 kj::Exception);
  }
  key.fill(SecretAccess::here())[0] ^= 1;
  EXPECT_THROW(open(answer, context), kj::Exception);
}

TEST_F(Answer, WithoutATokenIsRefused) {
  EXPECT_THROW(open(made("no token"), context), kj::Exception);
  EXPECT_THROW(open(made(""), context), kj::Exception);
}

TEST(Login, SignUpSealsStretchedPasswordAndFreshKey) {
  FakeDaemon daemon;
  FakeConnection connection(daemon);
  auto roles = connection.wait(connection.connected->enter());
  auto& login = *KJ_ASSERT_NONNULL(roles.login);
  auto challenge = connection.wait(login.challenge(EMAIL));
  Secret<32> stretched;
  std::ranges::fill(stretched.fill(SecretAccess::here()), 3);
  auto made = connection.wait(login.signUp(EMAIL, challenge, stretched));
  connection.wait(login.signIn(EMAIL, challenge, stretched));

  ASSERT_EQ(daemon.boxes.size(), 2u);
  EXPECT_EQ(daemon.boxes[0].purpose, 1);
  EXPECT_EQ(daemon.boxes[1].purpose, 2);
  EXPECT_EQ(daemon.boxes[0].challenge, challenge.bytes);
  EXPECT_TRUE(std::ranges::all_of(daemon.boxes[0].stretched, [](uint8_t b) { return b == 3; }));
  EXPECT_NE(daemon.boxes[0].key, daemon.boxes[1].key) << "each sign-in has a session key of its own";
  EXPECT_EQ(made.wallet.publicKey, daemon.walletKey);
  EXPECT_EQ(made.answer.userId, daemon.user);
  EXPECT_EQ(connection.connected->heads().all().size(), 1u);
}

ErrorCode signInFailure(Lie lie) {
  FakeDaemon daemon;
  daemon.lie = lie;
  FakeConnection connection(daemon);
  auto roles = connection.wait(connection.connected->enter());
  auto& login = *KJ_ASSERT_NONNULL(roles.login);
  auto challenge = connection.wait(login.challenge(EMAIL));
  Secret<32> stretched;
  return failureCode(login.signIn(EMAIL, challenge, stretched), connection.io.waitScope);
}

TEST(Login, L1_AFalseAddressIsNotShown) {
  EXPECT_EQ(signInFailure(Lie::CERTIFICATE_OF_OTHER_VAULT), ErrorCode::ADDRESS_UNPROVEN);
  EXPECT_EQ(signInFailure(Lie::CERTIFICATE_OF_OTHER_OWNER), ErrorCode::ADDRESS_UNPROVEN);
}

TEST(Login, L4_AForgedHeadIsNotTaken) { EXPECT_EQ(signInFailure(Lie::FORGED_HEAD), ErrorCode::RECORD_REFUSED); }

TEST(Login, AnAnswerToAnotherChallengeIsNotTaken) {
  EXPECT_EQ(signInFailure(Lie::ANSWER_FOR_OTHER_CHALLENGE), ErrorCode::SESSION_INVALID);
}

TEST(Login, AnAddressThatIsNotCanonicalIsNotSent) {
  FakeDaemon daemon;
  FakeConnection connection(daemon);
  auto roles = connection.wait(connection.connected->enter());
  auto& login = *KJ_ASSERT_NONNULL(roles.login);
  for (const char* email : {"", "alice", "Alice@example.com", " alice@example.com"}) {
    EXPECT_EQ(failureCode(login.challenge(email), connection.io.waitScope), ErrorCode::INVALID_REQUEST) << email;
  }
}

}  // namespace
}  // namespace waas::client
