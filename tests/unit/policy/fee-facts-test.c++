// Fees. The figures are those that litesvm (Agave's runtime) takes, see tests/interop/no-drain.mjs.

#include "drafts.h"
#include "solana/instruction/compute-budget.h"

namespace waas::policy::test {
namespace {

using solana::system::transfer;

InstructionCall setting(std::uint8_t tag, std::uint64_t value) {
  auto data = withAmount({tag}, value);
  if (tag != 3) data.resize(5);
  return {solana::compute_budget::PROGRAM, {}, data};
}

InstructionCall memo() { return {solana::knownAddress("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"), {}, {'h', 'i'}}; }

Fee feeOf(std::vector<InstructionCall> calls) { return (*readCalls(std::move(calls)))->fee; }

TEST(FeeFacts, EachSignatureCosts) {
  EXPECT_EQ(feeOf({transfer(WALLET, OTHER, 1)}).totalLamports, 5'000u);
  EXPECT_EQ(feeOf({transfer(WALLET, OTHER, 1), transfer(STRANGER, OTHER, 1)}).totalLamports, 10'000u);
}

TEST(FeeFacts, APriceIsTimesTheLimitInForce) {
  EXPECT_EQ(feeOf({setting(3, 1'000'000), transfer(WALLET, OTHER, 1)}).totalLamports, 11'000u);
  EXPECT_EQ(feeOf({memo(), setting(3, 1'000'000)}).totalLamports, 208'000u);
  EXPECT_EQ(feeOf({setting(2, 2'000'000), setting(3, 1'000'000), memo()}).totalLamports, 1'405'000u) << "capped";
  EXPECT_EQ(feeOf({setting(2, 450), setting(3, 1), memo()}).totalLamports, 5'001u) << "rounded up";
  Fee fee = feeOf({setting(2, 450), setting(3, 7)});
  EXPECT_TRUE(fee.limitSaid);
  EXPECT_EQ(fee.computeUnitLimit, 450u);
  EXPECT_EQ(fee.microLamportsPerUnit, 7u);
}

TEST(FeeFacts, NoPriceOverflows) {
  Fee fee = feeOf({setting(2, 1'400'000), setting(3, UINT64_MAX)});
  EXPECT_EQ(fee.priorityLamports, UINT64_MAX);
  EXPECT_EQ(fee.totalLamports, UINT64_MAX);
  EXPECT_EQ(feeOf({setting(2, 1), setting(3, UINT64_MAX)}).priorityLamports, 18'446'744'073'710u);
}

TEST(FeeFacts, ASettingThatIsNotUnderstoodCountsAsTheRuntimeCountsIt) {
  auto longer = setting(3, 1'000'000);
  longer.data.push_back(0);
  auto reading = readCalls({longer, memo()});
  EXPECT_EQ((*reading)->unknowns, 1u);
  EXPECT_EQ((*reading)->fee.totalLamports, 208'000u);
}

TEST(FeeFacts, P2ASettingThatIsSaidTwiceIsUnknown) {
  auto reading = readCalls({setting(3, 1), setting(2, 5), setting(3, 2)});
  EXPECT_EQ((*reading)->unknowns, 1u);
  EXPECT_EQ(reading->effect(2).kind, EffectKind::UNKNOWN);
}

TEST(FeeFacts, VersionOneSaysItInItsHeaderOnly) {
  auto draft = draftOf({setting(3, 1'000'000), setting(2, 1'000'000), transfer(WALLET, OTHER, 1)}, Version::V1);
  draft.config.priorityFeeLamports = 77'000'000;
  draft.config.computeUnitLimit = 1'000;
  auto reading = read(draft);
  ASSERT_EQ(reading->outcome, FactsOutcome::READ);
  EXPECT_EQ((*reading)->fee.priorityLamports, 77'000'000u);
  EXPECT_EQ((*reading)->fee.totalLamports, 77'005'000u);
  EXPECT_EQ((*reading)->fee.computeUnitLimit, 1'000u);
  EXPECT_FALSE((*reading)->fee.microLamportsPerUnit);
}

TEST(FeeFacts, SignaturesThatProgramsCheckCostAsWell) {
  InstructionCall check{solana::knownAddress("Ed25519SigVerify111111111111111111111111111"), {}, {3, 0}};
  EXPECT_EQ(feeOf({check, transfer(WALLET, OTHER, 1)}).totalLamports, 20'000u);
}

}  // namespace
}  // namespace waas::policy::test
