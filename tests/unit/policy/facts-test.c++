#include "policy/facts.h"

#include "drafts.h"

namespace waas::policy::test {
namespace {

using solana::system::transfer;

TEST(Facts, TellWhoPaysAndSignsInEachVersion) {
  for (Version version : {Version::LEGACY, Version::V0, Version::V1}) {
    auto reading = readCalls({transfer(WALLET, STRANGER, 5)}, version);
    const Facts& facts = **reading;
    EXPECT_EQ(facts.version, version);
    EXPECT_TRUE(facts.feePayer.is(WALLET));
    EXPECT_TRUE(facts.feePayerIsOurs);
    EXPECT_EQ(facts.signers, 1);
    EXPECT_EQ(facts.ourSigners, 1);
    EXPECT_TRUE(facts.lifetime.is(named(0x77)));
    EXPECT_FALSE(facts.durableNonce);
    ASSERT_EQ(facts.effects().size(), 1u);
    const Effect& effect = reading->effect(0);
    EXPECT_EQ(effect.kind, EffectKind::TRANSFER);
    EXPECT_EQ(effect.asset, AssetKind::SOL);
    EXPECT_EQ(effect.instruction, 1);
    EXPECT_EQ(effect.amount, 5u);
    EXPECT_TRUE(effect.from.is(WALLET));
    EXPECT_TRUE(effect.to.is(STRANGER));
    EXPECT_TRUE(effect.authority.is(WALLET));
    EXPECT_TRUE(effect.signedByOurs);
    EXPECT_FALSE(effect.mint);
    EXPECT_STREQ(effect.name, "System Transfer");
  }
}

TEST(Facts, TellWhoseSignatureMovesSomething) {
  auto reading = readCalls({transfer(STRANGER, WALLET, 5), transfer(WALLET, OTHER, 6)});
  EXPECT_FALSE(reading->effect(0).signedByOurs) << "the wallet is only paid, though it signs the whole";
  EXPECT_TRUE(reading->effect(1).signedByOurs);
  EXPECT_EQ((*reading)->signers, 2);
  EXPECT_EQ((*reading)->ourSigners, 1);
}

TEST(Facts, P1OwnersAndMintsAreAbsentUnlessTheyFollow) {
  auto plain = tokenCall({{ACCOUNT, Access::WRITABLE}, {STRANGER, Access::WRITABLE}, {WALLET, Access::READONLY_SIGNER}},
                         withAmount({3}, 7));
  auto reading = readCalls({plain});
  const Effect& effect = reading->effect(0);
  EXPECT_EQ(effect.asset, AssetKind::TOKEN);
  EXPECT_FALSE(effect.mint);
  EXPECT_FALSE(effect.fromOwner);
  EXPECT_FALSE(effect.toOwner);
  EXPECT_TRUE(effect.authority.is(WALLET));
}

TEST(Facts, P1AnAssociatedAccountTellsItsOwner) {
  auto reading = readCalls({transferChecked(ACCOUNT, MINT, ataOf(WALLET, MINT), WALLET, 7),
                            transferChecked(ACCOUNT, MINT, ataOf(OTHER, MINT), WALLET, 7)});
  EXPECT_TRUE(reading->effect(0).toOwner.is(WALLET));
  EXPECT_EQ(reading->effect(0).toOwner.from(), Party::From::DERIVED);
  EXPECT_TRUE(reading->effect(0).mint.is(MINT));
  EXPECT_EQ(reading->effect(0).decimals, 6);
  EXPECT_FALSE(reading->effect(1).toOwner) << "of others it is only known if the message names them";
}

TEST(Facts, P1TheWrongTokenProgramDerivesNothing) {
  auto reading =
      readCalls({transferChecked(ACCOUNT, MINT, ataOf(WALLET, MINT, solana::token2022::PROGRAM), WALLET, 7)});
  EXPECT_FALSE(reading->effect(0).toOwner);
}

TEST(Facts, P1AnAccountMadeInTheMessageTellsItsOwnerUntilThatChanges) {
  Address account = ataOf(OTHER, MINT);
  auto give = tokenCall({{account, Access::WRITABLE}, {OTHER, Access::READONLY_SIGNER}}, {6, 2, 1});
  give.data.insert(give.data.end(), STRANGER.bytes.begin(), STRANGER.bytes.end());
  auto reading = readCalls({transferChecked(ACCOUNT, MINT, account, WALLET, 1), createAta(WALLET, OTHER, MINT),
                            transferChecked(ACCOUNT, MINT, account, WALLET, 2), give,
                            transferChecked(ACCOUNT, MINT, account, WALLET, 3)});
  EXPECT_FALSE(reading->effect(0).toOwner) << "before";
  EXPECT_TRUE(reading->effect(2).toOwner.is(OTHER));
  EXPECT_EQ(reading->effect(3).kind, EffectKind::SET_AUTHORITY);
  EXPECT_EQ(reading->effect(3).role, Role::ACCOUNT_OWNER);
  EXPECT_TRUE(reading->effect(3).to.is(STRANGER));
  EXPECT_FALSE(reading->effect(3).signedByOurs);
  EXPECT_FALSE(reading->effect(4).toOwner) << "after";
}

TEST(Facts, P1WhatIsLearnedIsForgottenAfterAnUnknownProgram) {
  Address account = ataOf(OTHER, MINT);
  auto reading = readCalls({createAta(WALLET, OTHER, MINT),
                            {UNKNOWN_PROGRAM, {{account, Access::WRITABLE}}, {1}},
                            transferChecked(ACCOUNT, MINT, account, WALLET, 2)});
  EXPECT_FALSE(reading->effect(2).toOwner);
}

TEST(Facts, WrappedSolIsTheWalletsOwn) {
  const Address native = solana::token::NATIVE_MINT;
  Address wrapped = ataOf(WALLET, native);
  auto reading = readCalls({transfer(WALLET, wrapped, 1'000), tokenCall({{wrapped, Access::WRITABLE}}, {17}),
                            closeAccount(wrapped, WALLET, WALLET), closeAccount(wrapped, STRANGER, WALLET)});
  EXPECT_TRUE(reading->effect(0).toOwner.is(WALLET));
  EXPECT_EQ(reading->effect(1).kind, EffectKind::HARMLESS);
  EXPECT_EQ(reading->effect(2).kind, EffectKind::CLOSE_ACCOUNT);
  EXPECT_TRUE(reading->effect(2).fromOwner.is(WALLET));
  EXPECT_TRUE(reading->effect(2).mint.is(native));
  EXPECT_TRUE(reading->effect(3).to.is(STRANGER));
}

TEST(Facts, ADepositForAnAssociatedAccountHasABound) {
  auto reading =
      readCalls({createAta(WALLET, WALLET, MINT), createAta(WALLET, OTHER, MINT, solana::token2022::PROGRAM)});
  EXPECT_EQ(reading->effect(0).kind, EffectKind::CREATE_TOKEN_ACCOUNT);
  EXPECT_EQ(reading->effect(0).amount, solana::token::ACCOUNT_RENT);
  EXPECT_TRUE(reading->effect(0).toOwner.is(WALLET));
  EXPECT_TRUE(reading->effect(0).mint.is(MINT));
  EXPECT_EQ(reading->effect(1).amount, solana::token2022::MAX_ACCOUNT_RENT);
  EXPECT_TRUE(reading->effect(1).toOwner.is(OTHER));
}

TEST(Facts, P2AProgramThatIsNotKnownIsUnknown) {
  auto reading = readCalls({transfer(WALLET, OTHER, 1),
                            {UNKNOWN_PROGRAM, {{WALLET, Access::WRITABLE_SIGNER}}, {}},
                            {UNKNOWN_PROGRAM, {{STRANGER}}, {}}});
  EXPECT_EQ((*reading)->unknowns, 2u);
  EXPECT_EQ(reading->effect(1).kind, EffectKind::UNKNOWN);
  EXPECT_EQ(reading->effect(1).instruction, 2);
  EXPECT_TRUE(reading->effect(1).program.is(UNKNOWN_PROGRAM));
  EXPECT_TRUE(reading->effect(1).signedByOurs) << "it gets the wallet's signature along";
  EXPECT_FALSE(reading->effect(2).signedByOurs);
}

TEST(Facts, P2AnInstructionThatIsNotUnderstoodIsUnknown) {
  auto longer = transfer(WALLET, OTHER, 1);
  longer.data.push_back(0);
  auto newTag = transfer(WALLET, OTHER, 1);
  newTag.data[0] = 99;
  auto fewer = closeAccount(ACCOUNT, WALLET, WALLET);
  fewer.accounts.pop_back();
  auto reading = readCalls({longer, newTag, fewer});
  EXPECT_EQ((*reading)->unknowns, 3u);
  EXPECT_TRUE(reading->effect(0).signedByOurs);
  EXPECT_TRUE(reading->effect(2).program.is(solana::token::PROGRAM));
}

TEST(Facts, P2EachChildOfABatchIsAnEffectOfItsOwn) {
  auto child = [](std::vector<std::uint8_t>& data, std::uint8_t accounts, std::vector<std::uint8_t> inner) {
    data.push_back(accounts);
    data.push_back(static_cast<std::uint8_t>(inner.size()));
    data.insert(data.end(), inner.begin(), inner.end());
  };
  std::vector<std::uint8_t> data = {255};
  child(data, 1, {17});
  child(data, 3, withAmount({3}, 9));
  child(data, 1, {200});
  std::vector<solana::AccountUse> accounts = {{ACCOUNT, Access::WRITABLE},
                                              {ACCOUNT, Access::WRITABLE},
                                              {STRANGER, Access::WRITABLE},
                                              {WALLET, Access::READONLY_SIGNER},
                                              {ACCOUNT, Access::WRITABLE}};
  auto reading = readCalls({tokenCall(accounts, data)});
  ASSERT_EQ((*reading)->effects().size(), 3u);
  EXPECT_EQ(reading->effect(1).kind, EffectKind::TRANSFER);
  EXPECT_EQ(reading->effect(1).instruction, 1);
  EXPECT_EQ(reading->effect(1).child, 2);
  EXPECT_EQ(reading->effect(1).amount, 9u);
  EXPECT_TRUE(reading->effect(1).to.is(STRANGER));
  EXPECT_TRUE(reading->effect(1).signedByOurs);
  EXPECT_EQ(reading->effect(2).kind, EffectKind::UNKNOWN);

  accounts.pop_back();
  auto cut = readCalls({tokenCall(accounts, data)});
  EXPECT_EQ(cut->effect(2).kind, EffectKind::UNKNOWN) << "a child without its account";
  auto empty = readCalls({tokenCall(accounts, {255})});
  EXPECT_EQ((*empty)->unknowns, 1u);
}

TEST(Facts, AMultisignaturesSignersCount) {
  auto call = transferChecked(ACCOUNT, MINT, STRANGER, OTHER, 7);
  call.accounts[3].access = Access::READONLY;
  call.accounts.push_back({WALLET, Access::READONLY_SIGNER});
  auto reading = readCalls({call}, Version::V0, named(0x99));
  EXPECT_TRUE(reading->effect(0).authority.is(OTHER));
  EXPECT_TRUE(reading->effect(0).signedByOurs);
  EXPECT_TRUE(reading->effect(0).extraAccounts);
}

TEST(Facts, ATransferHooksAccountsAreSeen) {
  auto call = transferChecked(ACCOUNT, MINT, STRANGER, WALLET, 7, solana::token2022::PROGRAM);
  EXPECT_FALSE(readCalls({call})->effect(0).hook);
  call.accounts.push_back({UNKNOWN_PROGRAM});
  EXPECT_TRUE(readCalls({call})->effect(0).hook);
}

TEST(Facts, ADurableNonceIsSeenHoweverItIsWritten) {
  InstructionCall advance{solana::system::PROGRAM,
                          {{ACCOUNT, Access::WRITABLE}, {named(0x88)}, {WALLET, Access::READONLY_SIGNER}},
                          {4, 0, 0, 0}};
  auto first = readCalls({advance, transfer(WALLET, OTHER, 1)});
  EXPECT_TRUE((*first)->durableNonce);
  EXPECT_EQ(first->effect(0).kind, EffectKind::NONCE);
  EXPECT_TRUE(first->effect(0).from.is(ACCOUNT));
  EXPECT_TRUE(first->effect(0).authority.is(WALLET));
  EXPECT_FALSE((*readCalls({transfer(WALLET, OTHER, 1), advance}))->durableNonce);
  // The runtime looks at the tag alone.
  advance.data.push_back(1);
  auto longer = readCalls({advance});
  EXPECT_TRUE((*longer)->durableNonce);
  EXPECT_EQ((*longer)->unknowns, 1u);
}

TEST(Facts, AWalletThatIsMadeIntoAnAccountIsSeen) {
  std::vector<std::uint8_t> data(4 + 8 + 8 + 32, 0);
  data[0] = 13;
  InstructionCall prefunded{
      solana::system::PROGRAM, {{WALLET, Access::WRITABLE_SIGNER}, {STRANGER, Access::WRITABLE_SIGNER}}, data};
  auto reading = readCalls({prefunded}, Version::V0, STRANGER);
  ASSERT_EQ((*reading)->effects().size(), 2u);
  EXPECT_EQ(reading->effect(0).kind, EffectKind::CREATE_ACCOUNT);
  EXPECT_TRUE(reading->effect(0).to.is(WALLET));
  EXPECT_TRUE(reading->effect(0).from.is(STRANGER));
  const Effect& given = reading->effect(1);
  EXPECT_EQ(given.kind, EffectKind::SET_AUTHORITY);
  EXPECT_EQ(given.role, Role::PROGRAM);
  EXPECT_EQ(given.instruction, 1);
  EXPECT_TRUE(given.from.is(WALLET));
  EXPECT_TRUE(given.to.is(Address{}));
  EXPECT_TRUE(given.signedByOurs);
  auto ordinary = prefunded;
  ordinary.accounts[0].address = OTHER;
  EXPECT_EQ((*readCalls({ordinary}, Version::V0, STRANGER))->effects().size(), 1u);
}

TEST(Facts, LamportsInATokenAccountThatIsNotWrappedSolAreNotTheWalletsPlainly) {
  Address account = ataOf(WALLET, MINT);
  auto reading = readCalls({createAta(WALLET, WALLET, MINT), transfer(WALLET, account, 5)});
  EXPECT_TRUE(reading->effect(1).to.is(account));
  EXPECT_FALSE(reading->effect(1).toOwner);
}

/// Jupiter's route_v2: 1,000 of one for at least 1,990 of the other.
InstructionCall swapOf(const Address& source, const Address& inMint, const Address& destination,
                       const Address& outMint) {
  auto data = withAmount(withAmount({0xbb, 0x64, 0xfa, 0xcc, 0x31, 0xc4, 0xaf, 0x14}, 1'000), 2'000);
  data.insert(data.end(), {50, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0x10, 0x27, 0, 1});
  const Address& jupiter = solana::jupiter::PROGRAM;
  return {jupiter,
          {{WALLET, Access::READONLY_SIGNER},
           {source, Access::WRITABLE},
           {destination, Access::WRITABLE},
           {inMint},
           {outMint},
           {solana::token::PROGRAM},
           {solana::token::PROGRAM},
           {jupiter},
           {STRANGER},
           {jupiter}},
          data};
}

TEST(Facts, ASwapIsReadWithItsTerms) {
  const Address out = named(0x34);
  auto reading = readCalls({swapOf(ataOf(WALLET, MINT), MINT, ataOf(WALLET, out), out)});
  const Effect& effect = reading->effect(0);
  EXPECT_EQ(effect.kind, EffectKind::SWAP);
  EXPECT_EQ(effect.amount, 1'000u);
  EXPECT_EQ(effect.swap.minimumOut, 1'990u);
  EXPECT_TRUE(effect.mint.is(MINT));
  EXPECT_TRUE(effect.fromOwner.is(WALLET));
  EXPECT_TRUE(effect.toOwner.is(WALLET));
  EXPECT_TRUE(effect.swap.outMint.is(out));
  EXPECT_TRUE(effect.signedByOurs);
}

TEST(Facts, P1WhatASwapSaysOfItsMintsIsNoProof) {
  const Address out = named(0x34);
  auto reading = readCalls({swapOf(ataOf(WALLET, named(0x35)), MINT, ataOf(WALLET, out), out)});
  EXPECT_FALSE(reading->effect(0).mint) << "not the account of that mint";
  auto lie = readCalls({createAta(WALLET, WALLET, named(0x35)), createAta(WALLET, WALLET, named(0x36)),
                        swapOf(ataOf(WALLET, named(0x35)), MINT, ataOf(WALLET, named(0x36)), out)});
  EXPECT_FALSE(lie->effect(2).mint) << "known to be of another";
  EXPECT_FALSE(lie->effect(2).toOwner) << "what it gives would be of another mint than it says";
}

TEST(Facts, P1AfterManyDerivationsOwnersStayUnknown) {
  std::vector<InstructionCall> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(transferChecked(ACCOUNT, MINT, STRANGER, WALLET, 1));
  calls.push_back(transferChecked(ACCOUNT, MINT, ataOf(WALLET, MINT), WALLET, 1));
  std::vector<Address> ours = {WALLET};
  EXPECT_TRUE(read(draftOf(calls), {}, ours)->effect(20).toOwner);
  for (std::uint8_t i = 0; i < 3; ++i) ours.insert(ours.begin(), named(static_cast<std::uint8_t>(0xb0 + i)));
  EXPECT_FALSE(read(draftOf(calls), {}, ours)->effect(20).toOwner) << "80 derivations came before it";
}

TEST(Facts, MoreEffectsThanAreReadAreRefused) {
  std::vector<std::uint8_t> data = {255};
  std::vector<solana::AccountUse> accounts;
  for (std::size_t i = 0; i < MAX_EFFECTS; ++i) {
    data.insert(data.end(), {1, 1, 17});
    accounts.push_back({ACCOUNT, Access::WRITABLE});
  }
  EXPECT_EQ(read(draftOf({tokenCall(accounts, data)}))->outcome, FactsOutcome::READ);
  EXPECT_EQ(read(draftOf({tokenCall(accounts, data), transfer(WALLET, OTHER, 1)}))->outcome,
            FactsOutcome::TOO_MANY_EFFECTS);
}

TEST(Facts, AreWrittenAnewEachTime) {
  auto facts = std::make_unique<Facts>();
  std::span<const Address> ours(&WALLET, 1);
  auto first = solana::compileMessage(draftOf({{UNKNOWN_PROGRAM, {}, {}}, createAta(WALLET, OTHER, MINT)})).value();
  auto second = solana::compileMessage(draftOf({transfer(OTHER, STRANGER, 1)}, Version::LEGACY, OTHER)).value();
  ASSERT_EQ(readFacts(*solana::decodeMessage(first), {}, ours, *facts), FactsOutcome::READ);
  ASSERT_EQ(readFacts(*solana::decodeMessage(second), {}, ours, *facts), FactsOutcome::READ);
  EXPECT_EQ(facts->unknowns, 0u);
  EXPECT_EQ(facts->effects().size(), 1u);
  EXPECT_FALSE(facts->feePayerIsOurs);
  EXPECT_EQ(facts->ourSigners, 0);
  EXPECT_FALSE(facts->effects()[0].tokenProgram);
  EXPECT_FALSE(facts->effects()[0].signedByOurs);
}

}  // namespace
}  // namespace waas::policy::test
