#include <gtest/gtest.h>
#include <kj/debug.h>

#include <algorithm>
#include <string>

#include "client/lib/session-token.h"
#include "fake-vault.h"

namespace waas::client {
namespace {

std::string textOf(const SecretText& text) {
  auto chars = text.reveal(SecretAccess::here());
  return std::string(chars.begin(), chars.end());
}

kj::ArrayPtr<const char> chars(const std::string& text) { return kj::arrayPtr(text.data(), text.size()); }

void fill(Secret<32>& key, uint8_t value) { std::ranges::fill(key.fill(SecretAccess::here()), value); }

const std::string JWT = test::FakeVault::token(Id{1}, Id{2, 3, 4});

TEST(SecretText, GrowsToItsLimitAndNoFurther) {
  SecretText text;
  std::string half(MAX_SECRET_TEXT_BYTES / 2, 'x');
  EXPECT_TRUE(text.append(chars(half)));
  EXPECT_TRUE(text.append(chars(half)));
  EXPECT_FALSE(text.append(chars("y")));
  EXPECT_EQ(text.size(), MAX_SECRET_TEXT_BYTES);
}

TEST(SecretText, ForgetsWhatIsCutOff) {
  SecretText text;
  EXPECT_TRUE(text.append(chars("password\n")));
  const char* memory = text.reveal(SecretAccess::here()).begin();
  text.truncate(4);
  EXPECT_EQ(textOf(text), "pass");
  EXPECT_TRUE(std::all_of(memory + 4, memory + 9, [](char c) { return c == 0; }));
}

TEST(SecretText, MovesWithoutACopy) {
  SecretText text;
  EXPECT_TRUE(text.append(chars("password")));
  const char* memory = text.reveal(SecretAccess::here()).begin();
  SecretText other = kj::mv(text);
  EXPECT_EQ(other.reveal(SecretAccess::here()).begin(), memory);
  EXPECT_EQ(text.size(), 0u);
}

TEST(SessionToken, ItsTextFormReadsBack) {
  Secret<32> key;
  fill(key, 0xfb);
  auto token = KJ_ASSERT_NONNULL(SessionToken::make(JWT.c_str(), key));
  std::string text = textOf(token->text());
  EXPECT_EQ(text, JWT + ".-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s") << "base64url of 32 times fb";
  auto again = KJ_ASSERT_NONNULL(SessionToken::parse(chars(text)));
  EXPECT_TRUE(again->key().matches(key));
  EXPECT_EQ(again->tokenId(), (Id{2, 3, 4}));
  EXPECT_EQ(std::string(again->jwt().cStr()), JWT);
}

TEST(SessionToken, WhatIsMalformedIsRefused) {
  Secret<32> key;
  std::string text = textOf(KJ_ASSERT_NONNULL(SessionToken::make(JWT.c_str(), key))->text());
  std::string shorter = text.substr(0, text.size() - 1), longer = text + "A", badKey = text, noDot = text;
  badKey.back() = '!';
  noDot[JWT.size()] = 'A';
  for (const std::string& bad : {std::string(), std::string("."), JWT, shorter, longer, badKey, noDot, "x." + text,
                                 text + "\n", std::string(5000, 'a'), std::string(43, 'A')}) {
    EXPECT_TRUE(SessionToken::parse(chars(bad)) == nullptr) << bad;
  }
  EXPECT_TRUE(SessionToken::make("a.b", key) == nullptr);
  EXPECT_TRUE(SessionToken::make((JWT + "\n").c_str(), key) == nullptr);
}

TEST(SessionToken, L3_ItProvesWithItsOwnKeyAndId) {
  Secret<32> key;
  fill(key, 7);
  auto token = KJ_ASSERT_NONNULL(SessionToken::make(JWT.c_str(), key));
  const uint8_t field[] = {1, 2, 3};
  Bytes fields[] = {field, Bytes{}};
  auto proof = token->prove(Call::SIGN, 1234, fields);
  ProofBuilder expected(key.reveal(SecretAccess::here()), Id{2, 3, 4}, 1234, Call::SIGN);
  expected.field(field);
  expected.field(Bytes{});
  EXPECT_EQ(proof.time, 1234u);
  EXPECT_EQ(proof.mac, expected.finish());
}

}  // namespace
}  // namespace waas::client
