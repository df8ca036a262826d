#include "daemon/vault/challenge.h"

#include <gtest/gtest.h>

#include "daemon/vault/limits.h"
#include "service-for-tests.h"

namespace waas::vault {
namespace {

constexpr uint64_t NOW = 1'750'000'000'000;
constexpr Id HERE{1}, ELSEWHERE{2};

struct Challenges : testing::Test {
  KernelRandom random;
  ChallengeBook book{64, HERE, keyringForTests()};
};

TEST_F(Challenges, V5IsAcceptedOnce) {
  auto c = book.make(NOW, random);
  EXPECT_EQ(book.accept(c, NOW + 1), ChallengeVerdict::ACCEPTED);
  EXPECT_EQ(book.accept(c, NOW + 2), ChallengeVerdict::INVALID);
  EXPECT_EQ(book.accept(c, NOW + CHALLENGE_LIFE_MS - 1), ChallengeVerdict::INVALID);
}

TEST_F(Challenges, V5LivesAMinute) {
  auto c = book.make(NOW, random);
  EXPECT_EQ(book.accept(c, NOW + CHALLENGE_LIFE_MS), ChallengeVerdict::INVALID);
  EXPECT_EQ(book.accept(c, NOW + CHALLENGE_LIFE_MS - 1), ChallengeVerdict::ACCEPTED);
}

TEST_F(Challenges, V5IsOfOneVaultLife) {
  ChallengeBook other(64, ELSEWHERE, keyringForTests());
  EXPECT_EQ(other.accept(book.make(NOW, random), NOW), ChallengeVerdict::INVALID);
  Keyring keys;
  ASSERT_TRUE(keys.generate(random));
  ChallengeBook sameNameOtherKey(64, HERE, keys);
  EXPECT_EQ(sameNameOtherKey.accept(book.make(NOW, random), NOW), ChallengeVerdict::INVALID);
}

TEST_F(Challenges, V5AnyChangedBitIsRefused) {
  auto c = book.make(NOW, random);
  for (size_t bit = 0; bit < c.size() * 8; bit++) {
    auto forged = c;
    forged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_EQ(book.accept(forged, NOW), ChallengeVerdict::INVALID) << bit;
  }
  EXPECT_EQ(book.accept(Bytes(c).first(71), NOW), ChallengeVerdict::INVALID);
  EXPECT_EQ(book.accept({}, NOW), ChallengeVerdict::INVALID);
  EXPECT_EQ(book.accept(c, NOW), ChallengeVerdict::ACCEPTED);
}

TEST_F(Challenges, V9FullMeansRefusedNotForgotten) {
  std::vector<std::array<uint8_t, CHALLENGE_BYTES>> accepted;
  for (;;) {
    auto c = book.make(NOW, random);
    auto verdict = book.accept(c, NOW);
    if (verdict == ChallengeVerdict::OVERLOADED) break;
    ASSERT_EQ(verdict, ChallengeVerdict::ACCEPTED);
    accepted.push_back(c);
    ASSERT_LE(accepted.size(), 64u);
  }
  EXPECT_GE(accepted.size(), 32u);
  for (const auto& c : accepted) EXPECT_EQ(book.accept(c, NOW), ChallengeVerdict::INVALID);
  // A minute later there is room again.
  uint64_t later = NOW + CHALLENGE_LIFE_MS;
  EXPECT_EQ(book.accept(book.make(later, random), later), ChallengeVerdict::ACCEPTED);
}

}  // namespace
}  // namespace waas::vault
