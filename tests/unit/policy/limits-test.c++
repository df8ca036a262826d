// P8: no stretch of time as long as a limit's window ever sees more than the limit.
#include "policy/limits.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "policy/policy.h"

namespace waas::policy {
namespace {

constexpr std::uint64_t HOUR = 3'600'000;

Policy withLimit(std::uint64_t most, std::uint64_t window = HOUR, std::uint64_t id = 7) {
  Policy policy;
  policy.limits.push_back({.id = id, .name = {}, .window = window, .most = most, .countsUses = true, .asset = SOL});
  return policy;
}

bool chargeOne(const Policy& policy, LimitState& state, std::uint64_t amount, std::uint64_t now) {
  Charge charge{7, amount};
  return policy::charge(policy, state, {&charge, 1}, now);
}

TEST(P8Limits, NeverMoreThanTheLimitInAnyWindow) {
  std::mt19937_64 random(20260901);
  for (std::uint64_t run = 0; run < 40; ++run) {
    Policy policy = withLimit(100, HOUR + run * 777);
    std::uint64_t window = policy.limits[0].window, now = 1'800'000'000'000 + random() % HOUR;
    LimitState state;
    std::deque<std::pair<std::uint64_t, std::uint64_t>> charged;
    for (int i = 0; i < 2'000; ++i) {
      now += random() % (HOUR / 50);
      std::uint64_t amount = random() % 20 + 1;
      if (!chargeOne(policy, state, amount, now)) continue;
      charged.emplace_back(now, amount);
      while (charged.front().first + window <= now) charged.pop_front();
      std::uint64_t sum = 0;
      for (auto& [when, what] : charged) sum += what;
      ASSERT_LE(sum, 100u);
    }
  }
}

TEST(P8Limits, WhatWasUsedIsFreeAfterOneWindowAndOneBucket) {
  Policy policy = withLimit(10);
  LimitState state;
  std::uint64_t now = 1'800'000'000'000;
  ASSERT_TRUE(chargeOne(policy, state, 10, now));
  EXPECT_FALSE(chargeOne(policy, state, 1, now));
  EXPECT_FALSE(chargeOne(policy, state, 1, now + HOUR - 1));
  EXPECT_TRUE(chargeOne(policy, state, 10, now + HOUR + HOUR / BUCKETS + 1));
}

TEST(P8Limits, AClockThatGoesBackFreesNothing) {
  Policy policy = withLimit(10);
  LimitState state;
  std::uint64_t now = 1'800'000'000'000;
  ASSERT_TRUE(chargeOne(policy, state, 9, now));
  for (std::uint64_t earlier : {now - 1, now - HOUR, now - 100 * HOUR, std::uint64_t{0}}) {
    EXPECT_EQ(usedOf(state, 7, earlier), 9u);
    EXPECT_FALSE(chargeOne(policy, state, 2, earlier));
  }
  EXPECT_TRUE(chargeOne(policy, state, 1, 0));
  EXPECT_FALSE(chargeOne(policy, state, 1, now));
}

TEST(P8Limits, SumsDoNotOverflow) {
  Policy policy = withLimit(UINT64_MAX);
  LimitState state;
  std::uint64_t now = 1'800'000'000'000;
  ASSERT_TRUE(chargeOne(policy, state, UINT64_MAX - 1, now));
  EXPECT_FALSE(chargeOne(policy, state, 2, now + HOUR / 2));
  EXPECT_TRUE(chargeOne(policy, state, 1, now + HOUR / 2));
  Charge two[] = {{7, UINT64_MAX}, {7, UINT64_MAX}};
  LimitState fresh;
  EXPECT_FALSE(charge(policy, fresh, two, now));
  // A row that says more than a limit holds leaves no room; it does not wrap around.
  for (auto& used : state.windows[0].used) used = UINT64_MAX;
  EXPECT_EQ(usedOf(state, 7, now + HOUR / 2), UINT64_MAX);
  EXPECT_FALSE(chargeOne(policy, state, 1, now + HOUR / 2));
}

TEST(P8Limits, AllChargesOrNone) {
  Policy policy = withLimit(10);
  policy.limits.push_back({.id = 8, .name = {}, .window = HOUR, .most = 1, .countsUses = true, .asset = SOL});
  LimitState state;
  Charge both[] = {{7, 5}, {8, 2}};
  EXPECT_FALSE(charge(policy, state, both, 1'800'000'000'000));
  EXPECT_EQ(state.count, 0u);
  Charge unknown[] = {{7, 5}, {9, 1}};
  EXPECT_FALSE(charge(policy, state, unknown, 1'800'000'000'000));
}

TEST(P8Limits, ALimitWhoseBoundChangedGoesOnFromWhatWasUsed) {
  LimitState state;
  std::uint64_t now = 1'800'000'000'000;
  ASSERT_TRUE(chargeOne(withLimit(10), state, 10, now));
  EXPECT_FALSE(chargeOne(withLimit(5), state, 1, now));
  EXPECT_TRUE(chargeOne(withLimit(12), state, 2, now));
}

TEST(P8Limits, WindowsOfForgottenLimitsMakeRoomAndNoOthersDo) {
  LimitState state;
  std::uint64_t now = 1'800'000'000'000;
  for (std::uint64_t id = 100; id < 100 + MAX_LIMITS; ++id) {
    Policy policy = withLimit(10, HOUR, id);
    Charge one{id, 1};
    ASSERT_TRUE(charge(policy, state, {&one, 1}, now));
  }
  EXPECT_EQ(state.count, MAX_LIMITS);
  EXPECT_TRUE(isSound(state));
  Policy policy = withLimit(10, HOUR, 500);
  Charge one{500, 1};
  ASSERT_TRUE(charge(policy, state, {&one, 1}, now));
  EXPECT_EQ(usedOf(state, 500, now), 1u);
  EXPECT_EQ(state.count, MAX_LIMITS);
  ASSERT_TRUE(charge(policy, state, {&one, 1}, now + 3 * HOUR));
  EXPECT_EQ(state.count, 1u);
}

TEST(P8Limits, AStateFromOutsideIsLookedAt) {
  LimitState state;
  state.count = MAX_LIMITS + 1;
  EXPECT_FALSE(isSound(state));
  state.count = 2;
  state.windows[0] = {.limit = 1, .newest = 0, .bucket = 1, .used = {}};
  state.windows[1] = {.limit = 1, .newest = 0, .bucket = 1, .used = {}};
  EXPECT_FALSE(isSound(state));
  state.windows[1].limit = 2;
  EXPECT_TRUE(isSound(state));
  state.windows[1].bucket = 0;
  EXPECT_FALSE(isSound(state));
}

}  // namespace
}  // namespace waas::policy
