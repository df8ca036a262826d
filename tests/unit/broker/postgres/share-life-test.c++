// New versions, tombstones, leases and counts in a real PostgreSQL.
#include "postgres-fixture.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

class ShareLifeTest : public PostgresTest {
 protected:
  WalletRow insert(uint64_t n, const std::string& name = "w", bool first = false) {
    auto row = sampleWallet(n, owner, name, first);
    EXPECT_EQ(store->insertWallet(row.clone()).wait(io.waitScope), Commit::DONE);
    return row;
  }
  static WalletRow nextOf(const WalletRow& row, uint64_t tag = 99) {
    auto next = row.clone();
    next.version = {row.version.epoch + 1, tag};
    next.expiresAt += 1'000'000;
    next.share = sampleBytes(SHARE_ENVELOPE_BYTES, tag);
    next.recovery = sampleBytes(RECOVERY_ENVELOPE_BYTES, tag + 1);
    next.mac.fill(7);
    return next;
  }
  static WalletBrief briefOf(const WalletRow& row) { return {row.walletId, row.version, row.expiresAt, 0, 0}; }
  kj::Array<WalletRow> claim(const Id& holder, const WalletRow& row, kj::Duration length = 60 * kj::SECONDS) {
    auto brief = briefOf(row);
    return store->claim(holder, kj::arrayPtr(&brief, 1), length).wait(io.waitScope);
  }
  Commit advance(const WalletRow& next, const WalletVersion& from) {
    return store->advanceWallet(next.clone(), from).wait(io.waitScope);
  }

  const OwnerId owner = service(sampleId(1));
};

TEST_F(ShareLifeTest, OneOfTwoAdvancesFromTheSameVersionWins) {
  auto row = insert(1);
  auto ours = nextOf(row, 10), theirs = nextOf(row, 11);
  EXPECT_EQ(advance(ours, row.version), Commit::DONE);
  EXPECT_EQ(advance(theirs, row.version), Commit::CONFLICT);
  auto now = need(store->walletWithRecovery(row.walletId));
  EXPECT_EQ(now.version, ours.version);
  EXPECT_EQ(now.mac, ours.mac);
  EXPECT_EQ(now.expiresAt, ours.expiresAt);
  EXPECT_TRUE(now.share.asPtr() == ours.share.asPtr());
  EXPECT_TRUE(now.recovery.asPtr() == ours.recovery.asPtr());
  EXPECT_EQ(need(store->wallet(row.walletId)).recovery.size(), 0u);
}

TEST_F(ShareLifeTest, AnEpochNeverFalls) {
  auto row = insert(1);
  auto next = nextOf(row);
  next.version.epoch = row.version.epoch;
  EXPECT_EQ(codeOf(store->advanceWallet(next.clone(), row.version)), code(ErrorCode::INVALID_REQUEST));
}

TEST_F(ShareLifeTest, ATombstoneHoldsNoEnvelopeAndIsNotAdvanced) {
  auto row = insert(1, "main", true);
  auto tombstone = row.clone();
  tombstone.version = {row.version.epoch + 1, 5};
  EXPECT_EQ(store->deleteWallet(tombstone.clone(), {row.version.epoch, row.version.tag + 1}).wait(io.waitScope),
            Commit::CONFLICT);
  EXPECT_EQ(store->deleteWallet(tombstone.clone(), row.version).wait(io.waitScope), Commit::DONE);
  auto now = need(store->walletWithRecovery(row.walletId));
  EXPECT_TRUE(now.deleted);
  EXPECT_EQ(now.share.size(), 0u);
  EXPECT_EQ(now.recovery.size(), 0u);
  EXPECT_EQ(now.version, tombstone.version);
  EXPECT_EQ(advance(nextOf(tombstone), tombstone.version), Commit::CONFLICT);
  EXPECT_EQ(claim(sampleId(9), tombstone).size(), 0u);
  // Nothing finds it any more but its id; name and place are free.
  EXPECT_TRUE(none(store->walletBy(owner, WalletSelector{WalletSelector::First{}})));
  EXPECT_TRUE(none(store->walletBy(owner, WalletSelector{kj::str("main")})));
  EXPECT_EQ(store->walletsOf(owner, nullptr, 10).wait(io.waitScope).size(), 0u);
  insert(2, "main", true);
}

TEST_F(ShareLifeTest, ALeasedWalletIsClaimedByNobodyElse) {
  auto row = insert(1);
  EXPECT_EQ(claim(sampleId(7), row).size(), 1u);
  EXPECT_EQ(claim(sampleId(8), row).size(), 0u);
  EXPECT_EQ(claim(sampleId(7), row).size(), 0u) << "not even by the same run";
  EXPECT_TRUE(store->page(nullptr, nullptr, 10).wait(io.waitScope)[0].leased);
  store->release(sampleId(8), kj::arrayPtr(&row.walletId, 1)).wait(io.waitScope);
  EXPECT_EQ(claim(sampleId(8), row).size(), 0u) << "released by somebody who had no lease";
  store->release(sampleId(7), kj::arrayPtr(&row.walletId, 1)).wait(io.waitScope);
  EXPECT_FALSE(store->page(nullptr, nullptr, 10).wait(io.waitScope)[0].leased);
  EXPECT_EQ(claim(sampleId(8), row).size(), 1u);
}

TEST_F(ShareLifeTest, AnAdvanceEndsTheLeaseAndChangesWhatCanBeClaimed) {
  auto row = insert(1);
  ASSERT_EQ(claim(sampleId(7), row).size(), 1u);
  auto next = nextOf(row);
  ASSERT_EQ(advance(next, row.version), Commit::DONE);
  EXPECT_EQ(claim(sampleId(8), row).size(), 0u) << "the old version";
  EXPECT_EQ(claim(sampleId(8), next).size(), 1u);
}

TEST_F(ShareLifeTest, ALeaseThatHasRunOutIsFree) {
  auto row = insert(1);
  ASSERT_EQ(claim(sampleId(7), row, 1 * kj::MILLISECONDS).size(), 1u);
  size_t got = 0;
  turnUntil([&] { return (got = claim(sampleId(8), row).size()) == 1; }, "the lease does not end");
}

TEST_F(ShareLifeTest, ManyHostsShareTheWorkWithoutMeeting) {
  kj::Vector<WalletBrief> briefs;
  for (uint64_t n = 0; n < 60; n++) briefs.add(briefOf(insert(n, "w" + std::to_string(n))));
  kj::Vector<kj::Promise<kj::Array<WalletRow>>> claims;
  for (uint64_t host = 0; host < 6; host++) {
    claims.add(store->claim(sampleId(100 + host), briefs.asPtr().slice(0, 10 * (host + 1)), 60 * kj::SECONDS));
  }
  size_t all = 0;
  for (auto& c : claims) {
    size_t got = c.wait(io.waitScope).size();
    EXPECT_EQ(got, 10u);
    all += got;
  }
  EXPECT_EQ(all, 60u);
}

TEST_F(ShareLifeTest, ScanGoesThroughAllWalletsTombstonesToo) {
  for (uint64_t n = 0; n < 25; n++) insert(n, "w" + std::to_string(n));
  auto gone = insert(50, "gone");
  auto tombstone = gone.clone();
  tombstone.version.epoch++;
  ASSERT_EQ(store->deleteWallet(kj::mv(tombstone), gone.version).wait(io.waitScope), Commit::DONE);
  size_t seen = 0, deleted = 0;
  kj::Maybe<Id> after;
  for (;;) {
    auto rows = store->scan(nullptr, after, 7).wait(io.waitScope);
    if (rows.size() == 0) break;
    for (auto& row : rows) {
      seen++;
      if (row.deletedAt > 0) deleted++;
      EXPECT_GT(row.rotatedAt, 1'600'000'000'000u);
      after = row.walletId;
    }
  }
  EXPECT_EQ(seen, 26u);
  EXPECT_EQ(deleted, 1u);
  EXPECT_EQ(store->countWallets(nullptr).wait(io.waitScope), 26u);
  EXPECT_EQ(store->countWallets(service(sampleId(2))).wait(io.waitScope), 0u);
}

TEST_F(ShareLifeTest, OwnersWalletsComeInPages) {
  for (uint64_t n = 0; n < 11; n++) insert(n, "w" + std::to_string(100 + n), n == 5);
  std::string order;
  kj::Maybe<Id> after;
  for (;;) {
    auto rows = store->walletsOf(owner, after, 3).wait(io.waitScope);
    if (rows.size() == 0) break;
    for (auto& row : rows) {
      Certificate certificate;
      ASSERT_TRUE(row.readCertificate(certificate));
      order += std::string(certificate.name) + " ";
      after = row.walletId;
    }
  }
  EXPECT_EQ(order, "w105 w100 w101 w102 w103 w104 w106 w107 w108 w109 w110 ");
  EXPECT_EQ(store->walletsOf(owner, sampleId(999), 3).wait(io.waitScope).size(), 0u) << "after nobody of his";
}

TEST_F(ShareLifeTest, KeyVersionsAreReadFromTheHeadsOfEnvelopes) {
  for (uint64_t n = 0; n < 5; n++) {
    auto row = sampleWallet(n, owner, "w" + std::to_string(n));
    uint8_t head[] = {1, 1, static_cast<uint8_t>(n < 3 ? 1 : 2), 0, 0, static_cast<uint8_t>(n < 3 ? 0 : 1)};
    memcpy(row.share.begin(), head, sizeof(head));
    ASSERT_EQ(store->insertWallet(kj::mv(row)).wait(io.waitScope), Commit::DONE);
  }
  auto counts = store->countKeys(WalletStore::Envelope::SHARE).wait(io.waitScope);
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].version, 1u);
  EXPECT_EQ(counts[0].records, 3u);
  EXPECT_EQ(counts[1].version, 0x01000002u);
  EXPECT_EQ(counts[1].records, 2u);
  EXPECT_EQ(store->countKeys(WalletStore::Envelope::ACCOUNT).wait(io.waitScope).size(), 0u);
}

TEST_F(ShareLifeTest, TheDatabasesClockIsRead) {
  auto now = store->clock().wait(io.waitScope);
  auto here = static_cast<uint64_t>((kj::systemPreciseCalendarClock().now() - kj::UNIX_EPOCH) / kj::MILLISECONDS);
  EXPECT_LT(now > here ? now - here : here - now, 60'000u);
}

}  // namespace
}  // namespace waas::broker
