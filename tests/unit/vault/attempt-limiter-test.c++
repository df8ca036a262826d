#include "daemon/vault/attempt-limiter.h"

#include <gtest/gtest.h>

#include <string>

#include "daemon/vault/limits.h"

namespace waas::vault {
namespace {

constexpr uint64_t NOW = 1'750'000'000'000;

struct Limiter : testing::Test {
  static void SetUpTestSuite() { ASSERT_GE(sodium_init(), 0); }
  AttemptLimiter limiter{64};
};

TEST_F(Limiter, V8FiveFailuresAreFreeThenDelaysDouble) {
  uint64_t now = NOW;
  for (int i = 0; i < 5; i++) EXPECT_EQ(limiter.begin("a@b", now), 0u);
  uint64_t delay = 1000;
  for (int i = 0; i < 30; i++) {
    EXPECT_EQ(limiter.begin("a@b", now), delay) << i;
    EXPECT_EQ(limiter.begin("a@b", now + delay - 1), 1u);
    now += delay;
    EXPECT_EQ(limiter.begin("a@b", now), 0u);
    delay = std::min<uint64_t>(delay * 2, 15 * 60'000);
  }
  EXPECT_EQ(delay, 15 * 60'000u);
}

TEST_F(Limiter, V8AskingWhileDelayedDoesNotProlongTheDelay) {
  for (int i = 0; i < 5; i++) limiter.begin("a@b", NOW);
  for (int i = 0; i < 100; i++) EXPECT_EQ(limiter.begin("a@b", NOW + 10), 990u);
  EXPECT_EQ(limiter.begin("a@b", NOW + 1000), 0u);
}

TEST_F(Limiter, ASuccessOrADayClears) {
  for (int i = 0; i < 5; i++) limiter.begin("a@b", NOW);
  limiter.succeeded("a@b");
  for (int i = 0; i < 5; i++) EXPECT_EQ(limiter.begin("a@b", NOW), 0u);
  EXPECT_NE(limiter.begin("a@b", NOW), 0u);
  for (int i = 0; i < 5; i++) EXPECT_EQ(limiter.begin("a@b", NOW + FORGET_FAILURES_MS + 1), 0u);
}

TEST_F(Limiter, AClockThatWasSetBackMakesNoLongerDelay) {
  for (int i = 0; i < 5; i++) limiter.begin("a@b", NOW);
  EXPECT_LE(limiter.begin("a@b", NOW - 3600'000), LONGEST_DELAY_MS);
  EXPECT_GT(limiter.begin("a@b", 1), 0u);
}

TEST_F(Limiter, AnAttemptWhoseClockIsALittleBehindTheLastIsFree) {
  EXPECT_EQ(limiter.begin("a@b", NOW), 0u);
  EXPECT_EQ(limiter.begin("a@b", NOW - 3), 0u);
}

TEST_F(Limiter, V9IsBoundedAndForgetsTheOldest) {
  for (int i = 0; i < 5; i++) limiter.begin("old@b", NOW);
  EXPECT_NE(limiter.begin("old@b", NOW), 0u);
  for (int i = 0; i < 2000; i++) EXPECT_EQ(limiter.begin("n" + std::to_string(i) + "@b", NOW + 1), 0u);
  EXPECT_EQ(limiter.begin("old@b", NOW + 2), 0u);
}

}  // namespace
}  // namespace waas::vault
