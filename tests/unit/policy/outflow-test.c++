// P4: nothing leaves by our signature that the facts don't count. Executed on a chain by tests/interop/no-drain.mjs.

#include "drafts.h"

namespace waas::policy::test {
namespace {

using solana::system::transfer;

Outflow lamports(const Reading& reading) { return outflowOfLamports(*reading, WALLET); }
Outflow tokens(const Reading& reading, const Address& mint = MINT) { return outflowOfTokens(*reading, WALLET, mint); }

TEST(Outflow, P4LamportsAreTransfersDepositsAndTheFee) {
  auto reading =
      readCalls({transfer(WALLET, STRANGER, 100), createAta(WALLET, OTHER, MINT), transfer(STRANGER, WALLET, 1'000)});
  EXPECT_TRUE(lamports(*reading).bounded);
  EXPECT_EQ(lamports(*reading).amount, 100 + solana::token::ACCOUNT_RENT + 10'000);
  auto paidByOther = readCalls({transfer(WALLET, STRANGER, 100)}, Version::V0, OTHER);
  EXPECT_EQ(lamports(*paidByOther).amount, 100u);
}

TEST(Outflow, P4WhatStaysWithTheWalletIsNoOutflow) {
  Address wrapped = ataOf(WALLET, solana::token::NATIVE_MINT);
  auto reading = readCalls({transfer(WALLET, wrapped, 100), tokenCall({{wrapped, Access::WRITABLE}}, {17}),
                            transferChecked(ACCOUNT, MINT, ataOf(WALLET, MINT), WALLET, 50)});
  EXPECT_EQ(lamports(*reading).amount, 5'000u);
  EXPECT_EQ(tokens(*reading).amount, 0u);
  EXPECT_TRUE(tokens(*reading).bounded);
}

TEST(Outflow, P4TokensAreCountedByMintAndSigner) {
  auto reading = readCalls({transferChecked(ACCOUNT, MINT, STRANGER, WALLET, 50),
                            transferChecked(ACCOUNT, named(0x34), STRANGER, WALLET, 7),
                            transferChecked(ACCOUNT, MINT, STRANGER, OTHER, 1'000)});
  EXPECT_EQ(tokens(*reading).amount, 50u);
  EXPECT_EQ(tokens(*reading, named(0x34)).amount, 7u);
  EXPECT_TRUE(tokens(*reading).bounded);
}

TEST(Outflow, P4ATokenThatIsNotNamedCouldBeAny) {
  auto plain = tokenCall({{ACCOUNT, Access::WRITABLE}, {STRANGER, Access::WRITABLE}, {WALLET, Access::READONLY_SIGNER}},
                         withAmount({3}, 7));
  EXPECT_FALSE(tokens(*readCalls({plain})).bounded);
}

TEST(Outflow, P4WhatHasNoBoundIsSaidToHaveNone) {
  Address wrapped = ataOf(WALLET, solana::token::NATIVE_MINT);
  EXPECT_FALSE(lamports(*readCalls({{UNKNOWN_PROGRAM, {{WALLET, Access::WRITABLE_SIGNER}}, {}}})).bounded);
  EXPECT_TRUE(lamports(*readCalls({{UNKNOWN_PROGRAM, {{STRANGER}}, {}}})).bounded);
  EXPECT_FALSE(lamports(*readCalls({closeAccount(ACCOUNT, STRANGER, WALLET)})).bounded);
  EXPECT_FALSE(tokens(*readCalls({closeAccount(wrapped, STRANGER, WALLET)}), solana::token::NATIVE_MINT).bounded);
  InstructionCall assign{solana::system::PROGRAM, {{WALLET, Access::WRITABLE_SIGNER}}, {1, 0, 0, 0}};
  assign.data.insert(assign.data.end(), UNKNOWN_PROGRAM.bytes.begin(), UNKNOWN_PROGRAM.bytes.end());
  EXPECT_FALSE(lamports(*readCalls({assign})).bounded);
  auto unwrapAll = tokenCall(
      {{wrapped, Access::WRITABLE}, {STRANGER, Access::WRITABLE}, {WALLET, Access::READONLY_SIGNER}}, {45, 0});
  EXPECT_FALSE(tokens(*readCalls({unwrapAll}), solana::token::NATIVE_MINT).bounded);
}

TEST(Outflow, P4AnApprovalCountsAsIfItWereSpent) {
  auto approve = tokenCall({{ACCOUNT, Access::WRITABLE}, {MINT}, {STRANGER}, {WALLET, Access::READONLY_SIGNER}},
                           withAmount({13}, UINT64_MAX));
  approve.data.push_back(6);
  EXPECT_EQ(tokens(*readCalls({approve})).amount, UINT64_MAX);
  auto both = readCalls({approve, transferChecked(ACCOUNT, MINT, STRANGER, WALLET, 1)});
  EXPECT_EQ(tokens(*both).amount, UINT64_MAX);
  EXPECT_FALSE(tokens(*both).bounded) << "a sum that is too large is no bound";
}

}  // namespace
}  // namespace waas::policy::test
