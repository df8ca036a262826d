// P3: what comes from a lookup table is marked as such, wherever it appears.

#include "drafts.h"

namespace waas::policy::test {
namespace {

using solana::system::transfer;

const Address TABLE = named(0xa1);

/// A claim, and the bytes that it looks at.
struct Claimed {
  std::vector<std::uint8_t> entries;
  TableClaim claim;

  Claimed(const Address& table, std::vector<Address> addresses) {
    for (const Address& address : addresses) entries.insert(entries.end(), address.bytes.begin(), address.bytes.end());
    claim = {table, entries};
  }
};

MessageDraft withTable(std::vector<InstructionCall> calls, std::vector<Address> entries) {
  auto draft = draftOf(std::move(calls));
  draft.tables = {{TABLE, std::move(entries)}};
  return draft;
}

TEST(LookupFacts, P3AClaimedAccountIsMarked) {
  Claimed claimed(TABLE, {OTHER, STRANGER});
  auto reading = read(withTable({transfer(WALLET, STRANGER, 1)}, {OTHER, STRANGER}), {&claimed.claim, 1});
  ASSERT_EQ(reading->outcome, FactsOutcome::READ);
  EXPECT_EQ((*reading)->tables, 1u);
  EXPECT_EQ((*reading)->lookedAccounts, 1u);
  EXPECT_EQ((*reading)->hiddenAccounts, 0u);
  EXPECT_TRUE(reading->effect(0).to.is(STRANGER));
  EXPECT_EQ(reading->effect(0).to.from(), Party::From::CLAIM);
  EXPECT_TRUE(reading->effect(0).to.looked());
  EXPECT_FALSE(reading->effect(0).from.looked());
}

TEST(LookupFacts, P3WithoutAClaimAnAccountIsHidden) {
  Claimed otherTable(OTHER, {STRANGER});
  Claimed tooShort(TABLE, {OTHER});
  std::vector<std::vector<TableClaim>> useless = {{}, {otherTable.claim}, {tooShort.claim}};
  for (const auto& claims : useless) {
    auto reading = read(withTable({transfer(WALLET, STRANGER, 1)}, {OTHER, STRANGER}), claims);
    ASSERT_EQ(reading->outcome, FactsOutcome::READ);
    EXPECT_EQ((*reading)->hiddenAccounts, 1u);
    EXPECT_EQ(reading->effect(0).to.from(), Party::From::HIDDEN);
    EXPECT_FALSE(reading->effect(0).to);
    EXPECT_TRUE(reading->effect(0).to.looked());
  }
}

TEST(LookupFacts, P3WhatFollowsFromAClaimIsAClaim) {
  Address wrapped = ataOf(WALLET, solana::token::NATIVE_MINT);
  Claimed claimed(TABLE, {wrapped, MINT, ataOf(WALLET, MINT)});
  auto reading = read(
      withTable({transferChecked(ACCOUNT, MINT, ataOf(WALLET, MINT), WALLET, 1), closeAccount(wrapped, WALLET, WALLET)},
                {wrapped, MINT, ataOf(WALLET, MINT)}),
      {&claimed.claim, 1});
  ASSERT_EQ(reading->outcome, FactsOutcome::READ);
  EXPECT_TRUE(reading->effect(0).mint.looked());
  EXPECT_TRUE(reading->effect(0).toOwner.is(WALLET));
  EXPECT_TRUE(reading->effect(0).toOwner.looked()) << "the account's address is a claim, so whose it is as well";
  EXPECT_TRUE(reading->effect(1).fromOwner.looked());
}

TEST(LookupFacts, P3AnAccountThatIsMadeForAStaticOwnerIsTheOwners) {
  // Whatever the table holds: making the account fails unless it is the owner's.
  Address account = ataOf(WALLET, MINT);
  Claimed claimed(TABLE, {account});
  auto reading =
      read(withTable({createAta(WALLET, WALLET, MINT), transferChecked(ACCOUNT, MINT, account, WALLET, 1)}, {account}),
           {&claimed.claim, 1});
  ASSERT_EQ(reading->outcome, FactsOutcome::READ);
  EXPECT_TRUE(reading->effect(1).to.looked());
  EXPECT_TRUE(reading->effect(1).toOwner.is(WALLET));
  EXPECT_FALSE(reading->effect(1).toOwner.looked());
}

TEST(LookupFacts, OrderIsAllWritableThenAllReadonly) {
  const Address second = named(0xa2);
  auto draft = draftOf({transferChecked(ACCOUNT, MINT, STRANGER, WALLET, 1)});
  draft.tables = {{TABLE, {ACCOUNT, MINT}}, {second, {STRANGER}}};
  Claimed one(TABLE, {ACCOUNT, MINT});
  Claimed two(second, {STRANGER});
  const TableClaim claims[] = {two.claim, one.claim};
  auto reading = read(draft, claims);
  ASSERT_EQ(reading->outcome, FactsOutcome::READ);
  EXPECT_TRUE(reading->effect(0).from.is(ACCOUNT));
  EXPECT_TRUE(reading->effect(0).to.is(STRANGER));
  EXPECT_TRUE(reading->effect(0).mint.is(MINT));
}

TEST(LookupFacts, ClaimsThatMakeAnAccountTwiceAreRefused) {
  Claimed twice(TABLE, {STRANGER, STRANGER});
  Claimed isStatic(TABLE, {OTHER, WALLET});
  auto draft = withTable({transfer(WALLET, STRANGER, 1), transfer(WALLET, OTHER, 1)}, {OTHER, STRANGER});
  EXPECT_EQ(read(draft, {&twice.claim, 1})->outcome, FactsOutcome::ACCOUNT_TWICE);
  EXPECT_EQ(read(draft, {&isStatic.claim, 1})->outcome, FactsOutcome::ACCOUNT_TWICE);
}

TEST(LookupFacts, MalformedClaimsAreRefused) {
  auto draft = draftOf({transfer(WALLET, STRANGER, 1)});
  Claimed good(TABLE, {OTHER});
  const TableClaim two[] = {good.claim, good.claim};
  EXPECT_EQ(read(draft, two)->outcome, FactsOutcome::CLAIM_MALFORMED) << "one table, twice";
  Claimed cut(TABLE, {OTHER});
  cut.claim.entries = cut.claim.entries.first(31);
  EXPECT_EQ(read(draft, {&cut.claim, 1})->outcome, FactsOutcome::CLAIM_MALFORMED);
  Claimed large(TABLE, std::vector<Address>(257, OTHER));
  EXPECT_EQ(read(draft, {&large.claim, 1})->outcome, FactsOutcome::CLAIM_MALFORMED);
  std::vector<TableClaim> many;
  for (std::uint8_t i = 0; i < 33; ++i) many.push_back({named(i), {}});
  EXPECT_EQ(read(draft, many)->outcome, FactsOutcome::CLAIM_MALFORMED);
}

}  // namespace
}  // namespace waas::policy::test
