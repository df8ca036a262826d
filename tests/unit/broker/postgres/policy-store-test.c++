// Policy bundles and limit rows in a real PostgreSQL.
#include "postgres-fixture.h"

namespace waas::broker {
namespace {

class PolicyStoreTest : public PostgresTest {
 protected:
  PolicyRow bundle(uint64_t number, uint64_t seed = 1) { return {number, sampleBytes(200, seed)}; }
  Commit insert(PolicyRow row) { return store->policies().insertBundle(kj::mv(row)).wait(io.waitScope); }

  // A row of the form of protocol/limit-row.h.
  static kj::Array<kj::byte> limits(const Id& wallet, uint64_t number, uint64_t tag) {
    auto row = sampleBytes(MIN_LIMIT_ROW_BYTES + 32, number);
    ByteWriter w(std::span(row.begin(), row.size()));
    w.u8(static_cast<uint8_t>(FloorKind::LIMIT));
    w.bytes(wallet);
    w.u64(number);
    ByteWriter tags(std::span(row.begin() + FLOOR_BYTES, 8));
    tags.u64(tag);
    return row;
  }
  Commit replace(kj::ArrayPtr<const kj::byte> row, LimitVersion expected) {
    return store->policies().replaceLimits(row, expected).wait(io.waitScope);
  }
};

TEST_F(PolicyStoreTest, BundlesComeHighestFirstAndTheSameOneAgainIsFine) {
  for (uint64_t number : {3u, 1u, 12u}) EXPECT_EQ(insert(bundle(number, number)), Commit::DONE);
  EXPECT_EQ(insert(bundle(3, 3)), Commit::DONE);
  EXPECT_EQ(insert(bundle(3, 4)), Commit::CONFLICT) << "another bundle with the number";
  auto rows = store->policies().bundlesAbove(1).wait(io.waitScope);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].number, 12u);
  EXPECT_EQ(rows[1].number, 3u);
  EXPECT_EQ(rows[1].bundle, bundle(3, 3).bundle);
  EXPECT_EQ(store->policies().bundlesAbove(12).wait(io.waitScope).size(), 0u);
}

TEST_F(PolicyStoreTest, OneOfTwoNextLimitRowsStandsAndComesWithItsWallet) {
  auto wallet = sampleWallet(1, service(sampleId(1)), "w", true);
  ASSERT_EQ(store->insertWallet(wallet.clone()).wait(io.waitScope), Commit::DONE);
  auto limitsNow = [&]() { return need(store->wallet(wallet.walletId)).limits; };
  EXPECT_EQ(limitsNow().size(), 0u);

  auto first = limits(wallet.walletId, 1, 7), rival = limits(wallet.walletId, 1, 8),
       second = limits(wallet.walletId, 2, 9);
  EXPECT_EQ(replace(first, {0, 0}), Commit::DONE);
  EXPECT_EQ(replace(rival, {0, 0}), Commit::CONFLICT);
  EXPECT_EQ(limitsNow(), first);
  EXPECT_EQ(replace(second, {1, 8}), Commit::CONFLICT) << "another tag";
  EXPECT_EQ(replace(second, {1, 7}), Commit::DONE);
  EXPECT_EQ(limitsNow(), second);
  EXPECT_EQ(need(store->walletWithRecovery(wallet.walletId)).limits, second);
  EXPECT_EQ(need(store->walletBy(service(sampleId(1)), WalletSelector{WalletSelector::First{}})).limits, second);
}

TEST_F(PolicyStoreTest, ALimitRowBelongsToAWalletThatExists) {
  EXPECT_EQ(replace(limits(sampleId(9), 1, 1), {0, 0}), Commit::CONFLICT);
}

}  // namespace
}  // namespace waas::broker
