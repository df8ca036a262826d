// Lookups that travel together, and answers of every size.
#include "postgres-fixture.h"

namespace waas::broker {
namespace {

class PostgresBatchingTest : public PostgresTest {
 protected:
  PostgresBatchingTest() : PostgresTest({.settings = {"shared_preload_libraries = 'pg_stat_statements'"}}) {}
};

// 10,000 lookups at random times, a third of them for rows that are not there: each gets its own answer.
TEST_F(PostgresBatchingTest, EveryLookupGetsItsOwnRowAmongMissingOnes) {
  constexpr uint64_t ROWS = 300;
  auto owner = service(sampleId(1));
  kj::Vector<kj::Promise<Commit>> commits;
  for (uint64_t n = 0; n < ROWS; n++) {
    commits.add(store->insertWallet(sampleWallet(n, owner, "w" + std::to_string(n), n == 0)));
  }
  for (auto& c : commits) ASSERT_EQ(c.wait(io.waitScope), Commit::DONE);

  std::mt19937_64 random(7);
  struct Asked {
    uint64_t n;
    kj::Promise<kj::Maybe<WalletRow>> answer;
  };
  kj::Vector<Asked> asked;
  for (size_t i = 0; i < 10'000; i++) {
    uint64_t n = random() % (ROWS * 3 / 2);
    switch (random() % 3) {
      case 0: asked.add(Asked{n, store->wallet(sampleId(n))}); break;
      case 1: asked.add(Asked{n, store->walletBy(owner, {kj::str("w", n)})}); break;
      default: {
        PublicKey key;
        auto bytes = sampleBytes(32, n + 1'000'000'007);
        memcpy(key.data(), bytes.begin(), 32);
        asked.add(Asked{n, store->walletBy(owner, {key})});
      }
    }
    // Now and then the loop turns a little, so that batches of all sizes leave and come back.
    if (random() % 50 == 0) kj::evalLater([]() {}).wait(io.waitScope);
  }
  size_t missing = 0;
  for (auto& one : asked) {
    auto found = one.answer.wait(io.waitScope);
    KJ_IF_MAYBE (row, found) {
      ASSERT_LT(one.n, ROWS);
      expectSame(*row, sampleWallet(one.n, owner, "w" + std::to_string(one.n), one.n == 0));
    } else {
      ASSERT_GE(one.n, ROWS);
      missing++;
    }
  }
  EXPECT_GT(missing, 2'000u);
  EXPECT_EQ(store->health().reconnects, 0u);
}

TEST_F(PostgresBatchingTest, ManyLookupsOfOneTurnTakeFewStatements) {
  server.sql("CREATE EXTENSION pg_stat_statements");
  auto wallet = sampleWallet(1, service(sampleId(1)), "w");
  store->insertWallet(wallet.clone()).wait(io.waitScope);
  server.sql("SELECT pg_stat_statements_reset()");
  kj::Vector<kj::Promise<kj::Maybe<WalletRow>>> asked;
  for (uint64_t n = 0; n < 640; n++) asked.add(store->wallet(sampleId(n)));
  for (auto& a : asked) a.wait(io.waitScope);
  EXPECT_EQ(server.sql("SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE '%waas.wallets%'"), "10\n");
}

TEST_F(PostgresBatchingTest, OneDamagedRowFailsOnlyItsOwnRequest) {
  auto owner = service(sampleId(1));
  auto good = sampleWallet(1, owner, "good"), bad = sampleWallet(2, owner, "bad");
  store->insertWallet(good.clone()).wait(io.waitScope);
  store->insertWallet(bad.clone()).wait(io.waitScope);
  // What the constraints would never let in: somebody with the owner's rights.
  server.sql(
      "ALTER TABLE waas.wallets DROP CONSTRAINT wallets_share_check;"
      "UPDATE waas.wallets SET share = 'short' WHERE name = 'bad'");
  auto a = store->wallet(good.walletId);
  auto b = store->wallet(bad.walletId);
  auto c = store->wallet(sampleId(3));
  EXPECT_EQ(codeOf(kj::mv(b)), code(protocol::ErrorCode::RECORD_REFUSED));
  expectSame(need(kj::mv(a)), good);
  EXPECT_TRUE(none(kj::mv(c)));
}

TEST_F(PostgresBatchingTest, BigAnswersArriveWhole) {
  auto instance = sampleId(1);
  for (uint64_t s = 1; s <= 5'000; s += 1'000) {
    std::vector<AuditRow> rows;
    for (uint64_t i = 0; i < 1'000; i++) rows.push_back(sampleAudit(instance, s + i));
    store->appendAudit(kj::arrayPtr(rows.data(), rows.size())).wait(io.waitScope);
  }
  kj::Vector<kj::Promise<kj::Array<AuditRow>>> asked;
  for (int i = 0; i < 60; i++) asked.add(store->auditTail(instance, static_cast<uint64_t>(i) * 50, 1'000));
  for (size_t i = 0; i < asked.size(); i++) {
    auto rows = asked[i].wait(io.waitScope);
    ASSERT_EQ(rows.size(), 1'000u);
    EXPECT_EQ(rows[0].sequence, i * 50 + 1);
    EXPECT_EQ(rows[999].sequence, i * 50 + 1'000);
  }
}

TEST_F(PostgresBatchingTest, TooManyLookupsAreRefusedNotQueued) {
  kj::Vector<kj::Promise<kj::Maybe<WalletRow>>> asked;
  for (uint64_t n = 0; n < 9'000; n++) asked.add(store->wallet(sampleId(n)));
  EXPECT_EQ(codeOf(kj::mv(asked[8'999])), code(protocol::ErrorCode::OVERLOADED));
  EXPECT_TRUE(none(kj::mv(asked[0])));
  EXPECT_TRUE(none(kj::mv(asked[8'000])));
}

TEST_F(PostgresBatchingTest, AbandonedLookupsDoNotDisturbOthers) {
  auto wallet = sampleWallet(1, service(sampleId(1)), "w");
  store->insertWallet(wallet.clone()).wait(io.waitScope);
  for (int round = 0; round < 50; round++) {
    auto dropped = store->wallet(sampleId(2));
    auto kept = store->wallet(wallet.walletId);
    if (round % 2 == 0) kj::evalLater([]() {}).wait(io.waitScope);
    { auto gone = kj::mv(dropped); }
    expectSame(need(kj::mv(kept)), wallet);
  }
}

TEST_F(PostgresBatchingTest, NamedStatementsAnswerTheSame) {
  auto options = optionsFor(server.conninfo());
  options.namedStatements = true;
  connect(kj::mv(options));
  auto wallet = sampleWallet(1, service(sampleId(1)), "w", true);
  EXPECT_EQ(store->insertWallet(wallet.clone()).wait(io.waitScope), Commit::DONE);
  EXPECT_EQ(store->insertWallet(wallet.clone()).wait(io.waitScope), Commit::CONFLICT);
  EXPECT_EQ(store->insertWallet(sampleWallet(2, service(sampleId(1)), "v")).wait(io.waitScope), Commit::DONE);
  for (int i = 0; i < 20; i++) expectSame(need(store->wallet(wallet.walletId)), wallet);
  EXPECT_EQ(store->health().reconnects, 0u);
}

}  // namespace
}  // namespace waas::broker
