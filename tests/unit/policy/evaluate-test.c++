// P5: one rule covers all that a transaction does, or nothing is signed. P6: deny wins.
#include "policy/evaluate.h"

#include <gtest/gtest.h>

#include "transactions.h"

namespace waas::policy {
namespace {

constexpr std::uint64_t SOL1 = 1'000'000'000;
const Address OWN_USDC = tokenAccount(WALLET, USDC);

const std::string MINTS = R"(
format = 1
[mints]
USDC = { address = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", decimals = 6 }
)";

std::string quoted(const Address& address) { return "\"" + std::string(solana::format(address).view()) + "\""; }

/// One allow rule for people's transactions, with these lines.
std::string rule(const std::string& lines, const std::string& name = "r") {
  return "[[allow]]\nname = \"" + name +
         "\"\nactions = [\"sign-transaction\"]\ncallers = [\"person\"]\nmax-fee = \"any\"\n" + lines + "\n";
}

const std::string PAY =
    rule("operations = [\"transfer\"]\nassets = [\"SOL\", \"USDC\"]\ndestinations = [\"any\"]", "pay");

TEST(P5Evaluate, WithoutARuleEverythingIsDenied) {
  Policy policy = policyOf("format = 1");
  Answer answer = ask(policy, {transferSol(WALLET, STRANGER, 1)});
  EXPECT_EQ(answer.decision, Decision::DENIED);
  EXPECT_EQ(answer.rule, "");
  Verdict untouched;
  EXPECT_EQ(untouched.decision, Decision::UNKNOWN);
}

TEST(P5Evaluate, WhatIsNotSaidIsAFailureAndNoApproval) {
  Policy policy = policyOfExample("development");
  Asked asked;
  asked.caller.kind = Caller::Kind::UNKNOWN;
  EXPECT_EQ(ask(policy, {transferSol(WALLET, STRANGER, 1)}, asked).decision, Decision::FAILED);
  EXPECT_EQ(ask(policy, {}).decision, Decision::FAILED);  // a transaction without facts
  asked = Asked{};
  asked.action = Action::UNKNOWN;
  EXPECT_EQ(ask(policy, {}, asked).decision, Decision::FAILED);
  asked.action = static_cast<Action>(200);
  EXPECT_EQ(ask(policy, {}, asked).decision, Decision::FAILED);
}

TEST(P5Evaluate, TwoRulesDoNotAddUp) {
  Policy policy =
      policyOf(MINTS + rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"any\"]", "sol") +
               rule("operations = [\"transfer\"]\nassets = [\"USDC\"]\ndestinations = [\"any\"]", "usdc"));
  auto sol = transferSol(WALLET, STRANGER, 1);
  auto usdc = transferTokens(WALLET, OWN_USDC, USDC, STRANGER, 1);
  EXPECT_EQ(ask(policy, {sol}).rule, "sol");
  EXPECT_EQ(ask(policy, {usdc}).rule, "usdc");
  Answer both = ask(policy, {sol, usdc});
  EXPECT_EQ(both.decision, Decision::DENIED);
  EXPECT_EQ(both.rule, "sol");  // it came nearer
  EXPECT_EQ(both.instruction, 2);
}

TEST(P5Evaluate, AHiddenTransferIsNotCovered) {
  Policy policy = policyOf(
      MINTS + rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [" + quoted(STRANGER) + "]"));
  EXPECT_TRUE(ask(policy, {transferSol(WALLET, STRANGER, SOL1)}).approved());
  Answer answer = ask(policy, {transferSol(WALLET, STRANGER, 1), transferSol(WALLET, addressOf(66), 1)});
  EXPECT_EQ(answer.decision, Decision::DENIED);
  EXPECT_EQ(answer.instruction, 2);
  EXPECT_EQ(answer.reason, "The rule does not name this destination.");
}

TEST(P5Evaluate, EachKindOfEffectHasToBeNamed) {
  Policy policy = policyOf(MINTS + PAY);
  auto ok = transferSol(WALLET, STRANGER, 1);
  for (auto& call : {approve(WALLET, OWN_USDC, STRANGER, 1), setOwner(WALLET, OWN_USDC, STRANGER),
                     closeAccount(WALLET, OWN_USDC, WALLET), makeTokenAccount(WALLET, STRANGER, USDC),
                     unknownCall(WALLET), memo("x")}) {
    Answer answer = ask(policy, {ok, call});
    EXPECT_EQ(answer.decision, Decision::DENIED) << answer.reason;
    EXPECT_EQ(answer.instruction, 2);
    EXPECT_FALSE(answer.reason.empty());
  }
  EXPECT_EQ(ask(policy, {advanceNonce(addressOf(9), WALLET), ok}).instruction, 1);
  EXPECT_TRUE(ask(policy, {unitPrice(1), unitLimit(450), ok}).approved());
}

TEST(P5Evaluate, BlindnessIsByProgramAndNeverByChance) {
  std::string named =
      rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\nblind = [" + quoted(UNKNOWN_PROGRAM) + "]");
  std::string other =
      rule("operations = [\"any\"]\nreceive = [\"any\"]\nmax-slippage = \"1 %\"\nassets = [\"any\"]\nblind = [" +
           quoted(STRANGER) + "]");
  std::string none = rule(
      "operations = [\"any\"]\nreceive = [\"any\"]\nmax-slippage = \"1 %\"\nassets = [\"any\"]\ndestinations = "
      "[\"any\"]");
  EXPECT_TRUE(ask(policyOf("format = 1\n" + named), {unknownCall(WALLET)}).approved());
  EXPECT_FALSE(ask(policyOf("format = 1\n" + other), {unknownCall(WALLET)}).approved());
  EXPECT_FALSE(ask(policyOf("format = 1\n" + none), {unknownCall(WALLET)}).approved());
  EXPECT_FALSE(ask(policyOf("format = 1\n" + none), {unknownCall(addressOf(3))}).approved());
}

TEST(P5Evaluate, SelfIsTheWalletAndItsTokenAccounts) {
  Policy policy = policyOf(MINTS + rule("operations = [\"transfer\"]\nassets = [\"SOL\", \"USDC\"]"));
  EXPECT_TRUE(ask(policy, {transferSol(WALLET, WALLET, 5)}).approved());
  EXPECT_TRUE(ask(policy, {transferTokens(WALLET, addressOf(5), USDC, OWN_USDC, 5)}).approved());
  EXPECT_FALSE(ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, tokenAccount(STRANGER, USDC), 5)}).approved());
  EXPECT_FALSE(ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, addressOf(5), 5)}).approved());
}

TEST(P5Evaluate, ANamedDestinationMeansItsTokenAccountsAsWell) {
  Policy policy = policyOf(
      MINTS + rule("operations = [\"transfer\"]\nassets = [\"USDC\"]\ndestinations = [" + quoted(STRANGER) + "]"));
  EXPECT_TRUE(ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, tokenAccount(STRANGER, USDC), 5)}).approved());
  EXPECT_FALSE(ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, tokenAccount(addressOf(66), USDC), 5)}).approved());
}

TEST(P5Evaluate, AmountsOfOneTransactionAreSummed) {
  Policy policy = policyOf(MINTS + rule("operations = [\"transfer\"]\nassets = [\"SOL\", \"USDC\"]\ndestinations = "
                                        "[\"any\"]\nmax-amounts = [\"1.5 SOL\", \"100 USDC\"]"));
  auto sol = [](std::uint64_t lamports) { return transferSol(WALLET, STRANGER, lamports); };
  EXPECT_TRUE(ask(policy, {sol(SOL1), sol(SOL1 / 2)}).approved());
  Answer more = ask(policy, {sol(SOL1), sol(SOL1 / 2), sol(1)});
  EXPECT_EQ(more.reason, "More leaves than the rule's amount.");
  EXPECT_EQ(more.instruction, 3);
  // The sum does not wrap around.
  EXPECT_FALSE(ask(policy, {sol(UINT64_MAX), sol(2), sol(SOL1)}).approved());
  EXPECT_TRUE(ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, STRANGER, 100'000'000)}).approved());
  EXPECT_FALSE(ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, STRANGER, 100'000'001)}).approved());
  // To oneself it does not leave.
  EXPECT_TRUE(ask(policy, {transferSol(WALLET, WALLET, 10 * SOL1), sol(SOL1)}).approved());
}

TEST(P5Evaluate, AMintThatIsNotToldIsNotTheOneThatIsAllowed) {
  Policy named = policyOf(MINTS + PAY);
  auto unchecked = transferUnchecked(WALLET, addressOf(5), addressOf(6), 1);
  EXPECT_FALSE(ask(named, {unchecked}).approved());
  Policy any = policyOf(MINTS + rule("operations = [\"transfer\"]\nassets = [\"any\"]\ndestinations = [\"any\"]"));
  EXPECT_TRUE(ask(any, {unchecked}).approved());
  Policy capped = policyOf(MINTS + rule("operations = [\"transfer\"]\nassets = [\"any\"]\ndestinations = "
                                        "[\"any\"]\nmax-amounts = [\"1 USDC\"]"));
  EXPECT_FALSE(ask(capped, {unchecked}).approved());
}

TEST(P5Evaluate, AnAccountOfTheWalletsOwnTellsItsMint) {
  Policy named = policyOf(MINTS + PAY + rule("operations = [\"transfer\"]\nassets = [\"USDC\"]", "self"));
  EXPECT_TRUE(ask(named, {transferUnchecked(WALLET, OWN_USDC, STRANGER, 1)}).approved());
  EXPECT_EQ(ask(named, {transferUnchecked(WALLET, OWN_USDC, OWN_USDC, 1)}).rule, "pay");
  Address other = tokenAccount(WALLET, addressOf(77));
  EXPECT_FALSE(ask(named, {transferUnchecked(WALLET, other, STRANGER, 1)}).approved());
}

TEST(P5Evaluate, ANonceThatSomebodyElseAdvancesIsANonceAllTheSame) {
  Policy policy = policyOf(MINTS + rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"any\"]\n"
                                        "other-signers = [\"any\"]"));
  Answer answer = ask(policy, {advanceNonce(addressOf(9), addressOf(40)), transferSol(WALLET, STRANGER, 1)});
  EXPECT_EQ(answer.reason, "The rule does not cover a durable nonce.");
  EXPECT_EQ(answer.instruction, 1);
}

TEST(P5Evaluate, TheFeeIsCappedInEveryVersion) {
  Policy policy = policyOf(
      "format = 1\n[[allow]]\nname = \"r\"\nactions = [\"sign-transaction\"]\ncallers = [\"person\"]\n"
      "operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"any\"]\nmax-fee = \"0.001 SOL\"");
  auto pay = transferSol(WALLET, STRANGER, 1);
  EXPECT_TRUE(ask(policy, {pay}).approved());
  Answer dear = ask(policy, {unitLimit(1'000'000), unitPrice(1'000'000'000), pay});
  EXPECT_EQ(dear.reason, "The fee is above the rule's.");
  Asked v1;
  v1.version = solana::Version::V1;
  v1.config.computeUnitLimit = 1'000;
  v1.config.priorityFeeLamports = 900'000;
  EXPECT_TRUE(ask(policy, {pay}, v1).approved());
  v1.config.priorityFeeLamports = 2'000'000;
  EXPECT_EQ(ask(policy, {pay}, v1).reason, "The fee is above the rule's.");
  v1.config.priorityFeeLamports = UINT64_MAX;
  EXPECT_FALSE(ask(policy, {pay}, v1).approved());
}

TEST(P5Evaluate, OtherSignersAndPayersHaveToBeNamed) {
  auto pay = transferSol(WALLET, STRANGER, 1);
  Asked asked;
  asked.feePayer = addressOf(40);
  EXPECT_EQ(ask(policyOf(MINTS + PAY), {pay}, asked).reason, "Another signer is needed that the rule does not name.");
  Policy sponsored = policyOf(MINTS + rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = "
                                           "[\"any\"]\nother-signers = [" +
                                           quoted(addressOf(40)) + "]"));
  EXPECT_TRUE(ask(sponsored, {pay}, asked).approved());
  asked.feePayer = addressOf(41);
  EXPECT_FALSE(ask(sponsored, {pay}, asked).approved());
}

TEST(P5Evaluate, WhatOtherSignersDoWithTheirOwnIsNotCounted) {
  Policy policy = policyOf(MINTS + rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"self\"]\n"
                                        "other-signers = [\"any\"]"));
  EXPECT_TRUE(
      ask(policy, {transferSol(addressOf(40), addressOf(41), SOL1), transferSol(WALLET, WALLET, 1)}).approved());
  Asked asked;
  asked.others = {addressOf(40)};
  Answer answer = ask(policy, {transferSol(addressOf(40), addressOf(41), SOL1), transferSol(WALLET, WALLET, 1)}, asked);
  EXPECT_EQ(answer.reason, "Another wallet of ours would lose by it.");
  asked.feePayer = addressOf(40);
  EXPECT_FALSE(ask(policy, {transferSol(WALLET, WALLET, 1)}, asked).approved());
}

TEST(P5Evaluate, LookupTablesMatterWhereTheDecisionRestsOnThem) {
  solana::TableContent table{addressOf(150), {STRANGER, addressOf(151)}};
  auto pay = transferSol(WALLET, STRANGER, 1);
  auto body = [](const std::string& tables, const std::string& to) {
    return MINTS + rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [" + to + "]\n" + tables);
  };
  Asked asked;
  asked.tables = {table};
  EXPECT_EQ(ask(policyOf(body("", quoted(STRANGER))), {pay}, asked).reason,
            "The destination depends on a lookup table.");
  EXPECT_TRUE(ask(policyOf(body("lookup-tables = \"claims\"", quoted(STRANGER))), {pay}, asked).approved());
  EXPECT_TRUE(ask(policyOf(body("", "\"any\"")), {pay}, asked).approved());
  EXPECT_EQ(ask(policyOf(body("lookup-tables = \"none\"", "\"any\"")), {pay}, asked).reason,
            "The transaction uses lookup tables.");
  asked.claimTables = false;
  EXPECT_FALSE(ask(policyOf(body("lookup-tables = \"claims\"", quoted(STRANGER))), {pay}, asked).approved());
}

TEST(P5Evaluate, ASwapIsHeldToItsTerms) {
  Policy policy = policyOfExample("swaps-only");
  Address wsol = *solana::parseAddress("So11111111111111111111111111111111111111112");
  SwapOf good{WALLET, OWN_USDC, tokenAccount(WALLET, wsol), USDC, wsol, 500'000'000, SOL1};
  EXPECT_TRUE(ask(policy, {swap(good)}).approved()) << ask(policy, {swap(good)}).reason;
  auto refused = [&](auto change) {
    SwapOf bad = good;
    change(bad);
    return ask(policy, {swap(bad)}).reason;
  };
  EXPECT_EQ(refused([](SwapOf& s) { s.slippageBps = 101; }), "The swap's slippage is above the rule's.");
  EXPECT_EQ(refused([](SwapOf& s) { s.platformFeeBps = 1; }), "The swap's platform fee is above the rule's.");
  EXPECT_EQ(refused([](SwapOf& s) { s.quotedOut = 0; }), "The swap promises nothing in return.");
  EXPECT_EQ(refused([](SwapOf& s) { s.in = 1'000'000'001; }), "More leaves than the rule's amount.");
  EXPECT_EQ(refused([](SwapOf& s) {
              s.toMint = addressOf(77);
              s.destination = tokenAccount(WALLET, addressOf(77));
            }),
            "The rule does not name what the swap gives.");
  EXPECT_EQ(refused([&](SwapOf& s) { s.destination = tokenAccount(STRANGER, wsol); }),
            "The rule does not name this destination.");
}

TEST(P6Evaluate, DenyWinsWhereverItStands) {
  std::string deny = "[[deny]]\nname = \"no\"\ndestinations = [" + quoted(STRANGER) + "]\n";
  for (auto& text : {MINTS + PAY + deny, MINTS + deny + PAY}) {
    Policy policy = policyOf(text);
    Answer answer = ask(policy, {transferSol(WALLET, addressOf(9), 1), transferSol(WALLET, STRANGER, 1)});
    EXPECT_EQ(answer.decision, Decision::DENIED);
    EXPECT_EQ(answer.rule, "no");
    EXPECT_EQ(answer.instruction, 2);
    EXPECT_TRUE(ask(policy, {transferSol(WALLET, addressOf(9), 1)}).approved());
  }
}

TEST(P6Evaluate, ADenyRuleHitsWhatItCannotTell) {
  Policy policy = policyOf(MINTS + PAY + "[[deny]]\nname = \"no\"\ndestinations = [" + quoted(STRANGER) + "]\n");
  EXPECT_EQ(ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, tokenAccount(STRANGER, USDC), 1)}).rule, "no");
  EXPECT_EQ(ask(policy, {transferTokens(WALLET, OWN_USDC, USDC, addressOf(5), 1)}).rule, "no");
  EXPECT_TRUE(ask(policy, {transferTokens(WALLET, addressOf(5), USDC, OWN_USDC, 1)}).approved());
  solana::TableContent table{addressOf(150), {addressOf(9)}};
  Asked hidden;
  hidden.tables = {table};
  hidden.claimTables = false;
  EXPECT_EQ(ask(policy, {transferSol(WALLET, addressOf(9), 1)}, hidden).rule, "no");
}

TEST(P6Evaluate, ADenyRuleWithoutContentDeniesTheAction) {
  Policy policy = policyOf(
      "format = 1\n[[deny]]\nname = \"never\"\nactions = [\"export\"]\n[[allow]]\nname = \"all\"\n"
      "actions = [\"export\", \"import\"]\ncallers = [\"anybody\"]");
  Asked asked;
  asked.action = Action::EXPORT;
  EXPECT_EQ(ask(policy, {}, asked).rule, "never");
  asked.action = Action::IMPORT;
  EXPECT_EQ(ask(policy, {}, asked).rule, "all");
}

TEST(P5Evaluate, CallersOwnersAndWalletsAreAllAsked) {
  Policy policy = policyOf(R"(
format = 1
[labels]
hot = ["name Hot"]
[[allow]]
name = "r"
actions = ["sign-message"]
callers = ["service payouts", "uid 7"]
owners = ["service payouts"]
wallets = ["label hot"]
)");
  Asked asked = Asked::byService("payouts");
  asked.action = Action::SIGN_MESSAGE;
  asked.walletName = "Hot";
  EXPECT_TRUE(ask(policy, {}, asked).approved());
  auto refused = [&](auto change) {
    Asked other = asked;
    change(other);
    return ask(policy, {}, other).decision;
  };
  EXPECT_EQ(refused([](Asked& a) { a.walletName = "Cold"; }), Decision::DENIED);
  EXPECT_EQ(refused([](Asked& a) { a.owner = serviceOwner("other"); }), Decision::DENIED);
  EXPECT_EQ(refused([](Asked& a) { a.caller = Asked::byService("other").caller; }), Decision::DENIED);
  EXPECT_EQ(refused([](Asked& a) { a.caller.kind = Caller::Kind::PERSON; }), Decision::DENIED);
  EXPECT_EQ(refused([](Asked& a) { a.action = Action::EXPORT; }), Decision::DENIED);
  EXPECT_EQ(refused([](Asked& a) { a.caller = {Caller::Kind::SERVICE, {}, 7}; }), Decision::APPROVED);
  EXPECT_EQ(refused([](Asked& a) { a.caller = {Caller::Kind::PERSON, {}, 7}; }), Decision::DENIED);
}

TEST(P5Evaluate, DegradedSigningNeedsARuleOfItsOwn) {
  std::string pay = rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"any\"]");
  Asked asked;
  asked.mode = Mode::DEGRADED;
  EXPECT_FALSE(ask(policyOf("format = 1\n" + pay), {transferSol(WALLET, STRANGER, 1)}, asked).approved());
  std::string degraded = "[[allow]]\nname = \"d\"\nactions = [\"sign-degraded\"]\ncallers = [\"person\"]\n";
  EXPECT_TRUE(ask(policyOf("format = 1\n" + pay + degraded), {transferSol(WALLET, STRANGER, 1)}, asked).approved());
  EXPECT_FALSE(ask(policyOf("format = 1\n" + degraded), {transferSol(WALLET, STRANGER, 1)}, asked).approved());
}

TEST(P5Evaluate, LimitsAreChargedWithWhatLeavesAndTheFee) {
  Policy policy = policyOf(
      MINTS + "[limits.sol]\namount = \"2 SOL\"\nper = \"1 day\"\n[limits.uses]\nuses = 2\nper = \"1 hour\"\n" +
      rule("operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"any\"]\nlimits = [\"sol\", \"uses\"]"));
  Answer answer = ask(policy, {transferSol(WALLET, STRANGER, SOL1)});
  ASSERT_TRUE(answer.approved());
  ASSERT_EQ(answer.charges.size(), 2u);
  LimitState state;
  Asked asked;
  ASSERT_TRUE(charge(policy, state, answer.charges, asked.now));
  EXPECT_EQ(usedOf(state, policy.limits[0].id, asked.now), SOL1 + 5'000);
  EXPECT_EQ(ask(policy, {transferSol(WALLET, STRANGER, SOL1)}, asked, &state).reason,
            "A limit over time of the rule is reached.");
  answer = ask(policy, {transferSol(WALLET, STRANGER, SOL1 / 2)}, asked, &state);
  ASSERT_TRUE(answer.approved());
  ASSERT_TRUE(charge(policy, state, answer.charges, asked.now));
  EXPECT_FALSE(ask(policy, {transferSol(WALLET, STRANGER, 1)}, asked, &state).approved());
}

TEST(P5Evaluate, APolicyOutOfDateAllowsNothing) {
  Policy policy = policyOfExample("development");
  policy.notAfter = Asked{}.now - 1;
  EXPECT_EQ(ask(policy, {transferSol(WALLET, STRANGER, 1)}).reason, "The policy is out of date.");
  policy.notAfter = Asked{}.now;
  EXPECT_TRUE(ask(policy, {transferSol(WALLET, STRANGER, 1)}).approved());
}

}  // namespace
}  // namespace waas::policy
