// The policies of policy/examples: what each must allow, and what it must refuse.
#include <gtest/gtest.h>

#include "transactions.h"

namespace waas::policy {
namespace {

constexpr std::uint64_t SOL1 = 1'000'000'000;
const Address OWN_USDC = tokenAccount(WALLET, USDC);
const Address WSOL = *solana::parseAddress("So11111111111111111111111111111111111111112");
const Address OWN_WSOL = tokenAccount(WALLET, WSOL);
const Address SUPPLIER = *solana::parseAddress("7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2");
const Address BLOCKED = *solana::parseAddress("1nc1nerator11111111111111111111111111111111");

SwapOf solToUsdc() { return {WALLET, OWN_WSOL, OWN_USDC, WSOL, USDC, SOL1, 150'000'000}; }

/// A swap of SOL as Jupiter's clients make it.
std::vector<InstructionCall> honestSwap() {
  return {unitLimit(400'000),
          unitPrice(1'000),
          makeTokenAccount(WALLET, WALLET, WSOL),
          transferSol(WALLET, OWN_WSOL, SOL1),
          syncNative(OWN_WSOL),
          makeTokenAccount(WALLET, WALLET, USDC),
          swap(solToUsdc()),
          closeAccount(WALLET, OWN_WSOL, WALLET)};
}

TEST(ExamplesSwapsOnly, AllowsAnHonestSwapInEveryVersion) {
  Policy policy = policyOfExample("swaps-only");
  for (auto version : {solana::Version::LEGACY, solana::Version::V0, solana::Version::V1}) {
    Asked asked;
    asked.version = version;
    Answer answer = ask(policy, honestSwap(), asked);
    EXPECT_TRUE(answer.approved()) << answer.instruction << ": " << answer.reason;
    EXPECT_EQ(answer.rule, "swap");
  }
}

TEST(ExamplesSwapsOnly, RefusesWhateverIsAddedToASwap) {
  Policy policy = policyOfExample("swaps-only");
  for (auto& call :
       {transferSol(WALLET, STRANGER, 1), transferTokens(WALLET, OWN_USDC, USDC, tokenAccount(STRANGER, USDC), 1),
        approve(WALLET, OWN_USDC, STRANGER, 1), setOwner(WALLET, OWN_USDC, STRANGER),
        closeAccount(WALLET, OWN_USDC, STRANGER), makeTokenAccount(WALLET, STRANGER, USDC), unknownCall(WALLET),
        memo("hello")}) {
    auto calls = honestSwap();
    calls.push_back(call);
    Answer answer = ask(policy, calls);
    EXPECT_EQ(answer.decision, Decision::DENIED);
    EXPECT_EQ(answer.rule, "swap");
    EXPECT_EQ(answer.instruction, 9) << answer.reason;
  }
  auto nonce = honestSwap();
  nonce.insert(nonce.begin(), advanceNonce(addressOf(9), WALLET));
  EXPECT_EQ(ask(policy, nonce).instruction, 1);
  SwapOf elsewhere = solToUsdc();
  elsewhere.destination = tokenAccount(STRANGER, USDC);
  EXPECT_FALSE(ask(policy, {swap(elsewhere)}).approved());
  Asked payer;
  payer.feePayer = STRANGER;
  EXPECT_FALSE(ask(policy, honestSwap(), payer).approved());
  Asked message;
  message.action = Action::SIGN_MESSAGE;
  EXPECT_FALSE(ask(policy, {}, message).approved());
}

TEST(ExamplesSwapsOnly, StopsAtTheDaysLimit) {
  Policy policy = policyOfExample("swaps-only");
  LimitState state;
  Asked asked;
  SwapOf large = solToUsdc();
  large.in = 10 * SOL1;
  int swaps = 0;
  for (; swaps < 20; ++swaps) {
    Answer answer = ask(policy, {swap(large)}, asked, &state);
    if (!answer.approved()) break;
    ASSERT_TRUE(charge(policy, state, answer.charges, asked.now));
  }
  EXPECT_EQ(swaps, 4);  // the fees of five would not fit besides
}

TEST(ExamplesTreasury, PaysSuppliersAndNobodyElse) {
  Policy policy = policyOfExample("treasury");
  Asked treasury = Asked::byService("treasury");
  EXPECT_TRUE(ask(policy, {transferSol(WALLET, SUPPLIER, 100 * SOL1)}, treasury).approved());
  EXPECT_TRUE(ask(policy,
                  {makeTokenAccount(WALLET, SUPPLIER, USDC),
                   transferTokens(WALLET, OWN_USDC, USDC, tokenAccount(SUPPLIER, USDC), 25'000'000'000), memo("17")},
                  treasury)
                  .approved());
  Answer more = ask(policy, {transferSol(WALLET, SUPPLIER, 100 * SOL1 + 1)}, treasury);
  EXPECT_EQ(more.reason, "More leaves than the rule's amount.");
  EXPECT_FALSE(ask(policy, {transferSol(WALLET, STRANGER, 1)}, treasury).approved());
  EXPECT_FALSE(
      ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, tokenAccount(STRANGER, USDC), 1)}, treasury).approved());
  EXPECT_FALSE(ask(policy, {transferSol(WALLET, SUPPLIER, 1)}).approved());  // a person
  EXPECT_FALSE(ask(policy, {transferSol(WALLET, SUPPLIER, 1)}, Asked::byService("payouts")).approved());
  EXPECT_EQ(ask(policy, {transferSol(WALLET, BLOCKED, 1)}, treasury).rule, "blocked addresses");
  treasury.action = Action::EXPORT;
  EXPECT_EQ(ask(policy, {}, treasury).rule, "keys stay here");
}

TEST(ExamplesTreasury, LetsTheDaemonKeepShares) {
  for (auto name : {"treasury", "swaps-only", "hot-wallet", "message-signing-only", "development"}) {
    Policy policy = policyOfExample(name);
    for (auto kind : {Caller::Kind::DAEMON, Caller::Kind::OPERATOR}) {
      for (auto action : {Action::ROTATE, Action::RECOVER}) {
        Asked asked;
        asked.caller = {kind, {}, 0};
        asked.action = action;
        EXPECT_TRUE(ask(policy, {}, asked).approved()) << name;
      }
    }
  }
}

TEST(ExamplesHotWallet, PaysAnybodyALittleAndNotTooOften) {
  Policy policy = policyOfExample("hot-wallet");
  Asked payouts = Asked::byService("payouts");
  LimitState state;
  auto pay = transferSol(WALLET, STRANGER, 2 * SOL1);
  EXPECT_FALSE(ask(policy, {transferSol(WALLET, STRANGER, 2 * SOL1 + 1)}, payouts).approved());
  EXPECT_FALSE(ask(policy, {pay}).approved());
  int paid = 0;
  for (; paid < 20; ++paid) {
    Answer answer = ask(policy, {pay}, payouts, &state);
    if (!answer.approved()) break;
    ASSERT_TRUE(charge(policy, state, answer.charges, payouts.now));
  }
  EXPECT_EQ(paid, 9);
  payouts.now += 26ull * 3600 * 1000 + 1;
  EXPECT_TRUE(ask(policy, {pay}, payouts, &state).approved());
  auto little = transferSol(WALLET, STRANGER, 1);
  LimitState often;
  for (int i = 0; i < 100; ++i) {
    Answer answer = ask(policy, {little}, payouts, &often);
    ASSERT_TRUE(answer.approved());
    ASSERT_TRUE(charge(policy, often, answer.charges, payouts.now));
  }
  EXPECT_EQ(ask(policy, {little}, payouts, &often).reason, "A limit over time of the rule is reached.");
  EXPECT_FALSE(ask(policy, {unknownCall(WALLET)}, payouts).approved());
  EXPECT_FALSE(ask(policy, {approve(WALLET, OWN_USDC, STRANGER, 1)}, payouts).approved());
}

TEST(ExamplesMessageSigningOnly, SignsTextsAndNothingThatMoves) {
  Policy policy = policyOfExample("message-signing-only");
  Asked message;
  message.action = Action::SIGN_MESSAGE;
  EXPECT_TRUE(ask(policy, {}, message).approved());
  EXPECT_FALSE(ask(policy, {memo("only a text")}).approved());
  EXPECT_FALSE(ask(policy, {transferSol(WALLET, WALLET, 0)}).approved());
  message.caller = Asked::byService("x").caller;
  EXPECT_FALSE(ask(policy, {}, message).approved());
  for (auto action : {Action::EXPORT, Action::IMPORT, Action::DELETE}) {
    Asked other;
    other.action = action;
    EXPECT_FALSE(ask(policy, {}, other).approved());
  }
}

TEST(ExamplesDevelopment, LetsOwnersDoWhatTheyLike) {
  Policy policy = policyOfExample("development");
  for (const Asked& asked : {Asked{}, Asked::byService("anything")}) {
    for (auto& call : {transferSol(WALLET, STRANGER, SOL1), unknownCall(WALLET), approve(WALLET, OWN_USDC, STRANGER, 1),
                       setOwner(WALLET, OWN_USDC, STRANGER), memo("x"), advanceNonce(addressOf(9), WALLET),
                       transferUnchecked(WALLET, addressOf(5), addressOf(6), 1)}) {
      Answer answer = ask(policy, {call}, asked);
      EXPECT_TRUE(answer.approved()) << answer.reason;
      EXPECT_TRUE(answer.charges.empty());
    }
    for (auto action : {Action::SIGN_MESSAGE, Action::EXPORT, Action::IMPORT, Action::DELETE}) {
      Asked other = asked;
      other.action = action;
      EXPECT_TRUE(ask(policy, {}, other).approved());
    }
    Asked degraded = asked;
    degraded.mode = Mode::DEGRADED;
    EXPECT_TRUE(ask(policy, {transferSol(WALLET, STRANGER, 1)}, degraded).approved());
  }
  Asked stranger;
  stranger.caller = {Caller::Kind::OPERATOR, {}, 0};
  EXPECT_FALSE(ask(policy, {transferSol(WALLET, STRANGER, 1)}, stranger).approved());
}

}  // namespace
}  // namespace waas::policy
