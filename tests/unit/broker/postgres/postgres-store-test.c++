// The store against a real PostgreSQL: what is written is read, and what must not be written is not.
#include "postgres-fixture.h"

namespace waas::broker {
namespace {

using PostgresStoreTest = PostgresTest;

TEST_F(PostgresStoreTest, AccountWithWalletIsReadBackByEverySelector) {
  auto account = sampleAccount(1);
  auto wallet = sampleWallet(1, user(account.userId), "main", true);
  EXPECT_EQ(store->insertAccountWithWallet(account.clone(), wallet.clone()).wait(io.waitScope), Commit::DONE);

  Certificate certificate;
  ASSERT_TRUE(wallet.readCertificate(certificate));
  auto owner = user(account.userId);
  expectSame(need(store->wallet(wallet.walletId)), wallet);
  expectSame(need(store->walletBy(owner, {WalletSelector::First()})), wallet);
  expectSame(need(store->walletBy(owner, {kj::str("main")})), wallet);
  expectSame(need(store->walletBy(owner, {certificate.publicKey})), wallet);

  auto byId = need(store->account(account.userId));
  EXPECT_EQ(byId.email, account.email);
  EXPECT_EQ(byId.version, 1u);
  EXPECT_TRUE(byId.record.asPtr() == account.record.asPtr());
  EXPECT_EQ(need(store->accountByEmail(account.email)).userId, account.userId);
}

TEST_F(PostgresStoreTest, NamesOfOtherOwnersAreNotFound) {
  auto account = sampleAccount(1);
  auto wallet = sampleWallet(1, user(account.userId), "main", true);
  store->insertAccountWithWallet(account.clone(), wallet.clone()).wait(io.waitScope);
  Certificate certificate;
  ASSERT_TRUE(wallet.readCertificate(certificate));
  auto stranger = user(sampleId(99));
  EXPECT_TRUE(none(store->walletBy(stranger, {WalletSelector::First()})));
  EXPECT_TRUE(none(store->walletBy(stranger, {kj::str("main")})));
  EXPECT_TRUE(none(store->walletBy(stranger, {certificate.publicKey})));
  // The same 16 bytes as a service's id are another owner.
  EXPECT_TRUE(none(store->walletBy(service(account.userId), {kj::str("main")})));
  EXPECT_TRUE(none(store->walletBy(user(account.userId), {kj::str("Main")})));
  EXPECT_TRUE(none(store->walletBy(user(account.userId), {kj::str("not a name\n")})));
}

TEST_F(PostgresStoreTest, EachUniqueKeyHasItsOwnRefusal) {
  auto account = sampleAccount(1);
  auto owner = user(account.userId);
  auto first = sampleWallet(1, owner, "main", true);
  ASSERT_EQ(store->insertAccountWithWallet(account.clone(), first.clone()).wait(io.waitScope), Commit::DONE);

  auto other = sampleAccount(2);
  other.email = kj::heapString(account.email);
  auto theirs = sampleWallet(2, user(other.userId), "main", true);
  EXPECT_EQ(store->insertAccountWithWallet(other.clone(), theirs.clone()).wait(io.waitScope), Commit::EMAIL_TAKEN);
  // Whole or not at all: the refused account left no wallet.
  EXPECT_TRUE(none(store->wallet(theirs.walletId)));

  EXPECT_EQ(store->insertWallet(sampleWallet(3, owner, "main")).wait(io.waitScope), Commit::NAME_TAKEN);
  EXPECT_EQ(store->insertWallet(sampleWallet(4, owner, "second", true)).wait(io.waitScope), Commit::FIRST_TAKEN);
  EXPECT_EQ(store->insertWallet(sampleWallet(4, owner, "main", true)).wait(io.waitScope), Commit::FIRST_TAKEN);
  EXPECT_EQ(store->insertWallet(first.clone()).wait(io.waitScope), Commit::CONFLICT);
  EXPECT_EQ(store->insertWallet(sampleWallet(5, user(sampleId(77)), "orphan")).wait(io.waitScope), Commit::CONFLICT);
  EXPECT_EQ(store->insertWallet(sampleWallet(6, owner, "second")).wait(io.waitScope), Commit::DONE);
  EXPECT_EQ(store->insertWallet(sampleWallet(7, service(sampleId(8)), "main", true)).wait(io.waitScope), Commit::DONE);
}

TEST_F(PostgresStoreTest, AccountChangesByCompareAndSwap) {
  auto account = sampleAccount(1);
  store->insertAccountWithWallet(account.clone(), sampleWallet(1, user(account.userId), "main", true))
      .wait(io.waitScope);
  auto next = account.clone();
  next.version = 2;
  next.record = sampleBytes(200, 9);
  EXPECT_EQ(store->updateAccount(next.clone(), 1).wait(io.waitScope), Commit::DONE);
  EXPECT_EQ(store->updateAccount(next.clone(), 1).wait(io.waitScope), Commit::CONFLICT);
  EXPECT_EQ(need(store->account(account.userId)).version, 2u);
  next.version = 3;
  next.email = kj::str("another@example.org");
  EXPECT_EQ(store->updateAccount(next.clone(), 2).wait(io.waitScope), Commit::CONFLICT);
  EXPECT_EQ(codeOf(store->updateAccount(next.clone(), 3)), code(protocol::ErrorCode::INVALID_REQUEST));
}

TEST_F(PostgresStoreTest, OwnersWalletsComeFirstOneFirstThenByName) {
  auto owner = service(sampleId(1));
  for (auto [n, name, first] : {std::tuple(1, "b", false), {2, "a", false}, {3, "z", true}, {4, "c", false}}) {
    ASSERT_EQ(store->insertWallet(sampleWallet(static_cast<uint64_t>(n), owner, name, first)).wait(io.waitScope),
              Commit::DONE);
  }
  store->insertWallet(sampleWallet(5, service(sampleId(2)), "a", true)).wait(io.waitScope);
  std::string order;
  for (auto& row : store->walletsOf(owner, nullptr, 1000).wait(io.waitScope)) {
    Certificate certificate;
    ASSERT_TRUE(row.readCertificate(certificate));
    order += certificate.name;
  }
  EXPECT_EQ(order, "zabc");
}

TEST_F(PostgresStoreTest, PagesGoThroughAllWalletsOnceInOrderOfId) {
  auto owner = service(sampleId(1)), other = service(sampleId(2));
  kj::Vector<kj::Promise<Commit>> commits;
  for (uint64_t n = 0; n < 30; n++) {
    commits.add(store->insertWallet(sampleWallet(n, n % 3 == 0 ? owner : other, "w" + std::to_string(n))));
  }
  for (auto& c : commits) EXPECT_EQ(c.wait(io.waitScope), Commit::DONE);
  for (auto [whose, expected] : {std::pair<const OwnerId*, size_t>{nullptr, 30}, {&owner, 10}}) {
    size_t seen = 0;
    kj::Maybe<Id> after;
    for (;;) {
      kj::Maybe<OwnerId> asked;
      if (whose != nullptr) asked = *whose;
      auto rows = store->page(asked, after, 7).wait(io.waitScope);
      if (rows.size() == 0) break;
      for (auto& row : rows) {
        KJ_IF_MAYBE (before, after) {
          EXPECT_LT(*before, row.walletId);
        }
        after = row.walletId;
        seen++;
      }
    }
    EXPECT_EQ(seen, expected);
  }
}

TEST_F(PostgresStoreTest, AuditAppendsAreIdempotentAndRefuseOtherBytes) {
  auto instance = sampleId(1);
  std::vector<AuditRow> rows;
  for (uint64_t s = 1; s <= 200; s++) rows.push_back(sampleAudit(instance, s));
  rows[9].headSignature = Signature{};
  auto all = kj::arrayPtr(rows.data(), rows.size());
  store->appendAudit(all.slice(0, 100)).wait(io.waitScope);
  store->appendAudit(all).wait(io.waitScope);
  store->appendAudit(all).wait(io.waitScope);

  auto tail = store->auditTail(instance, 0, 1000).wait(io.waitScope);
  ASSERT_EQ(tail.size(), 200u);
  for (size_t i = 0; i < tail.size(); i++) {
    EXPECT_EQ(tail[i].sequence, i + 1);
    EXPECT_EQ(tail[i].record, rows[i].record);
    EXPECT_EQ(tail[i].headSignature != nullptr, i == 9);
  }
  rows[50].record[100] ^= 1;
  EXPECT_EQ(codeOf(store->appendAudit(all)), code(protocol::ErrorCode::RECORD_REFUSED));
}

TEST_F(PostgresStoreTest, AuditTailFindsTheLifeThatWroteLast) {
  auto old = sampleId(1), recent = sampleId(2);
  for (uint64_t s = 1; s <= 5; s++) {
    AuditRow row = sampleAudit(old, s);
    store->appendAudit(kj::arrayPtr(&row, 1)).wait(io.waitScope);
  }
  for (uint64_t s = 1; s <= 9; s++) {
    AuditRow row = sampleAudit(recent, s);
    store->appendAudit(kj::arrayPtr(&row, 1)).wait(io.waitScope);
  }
  auto lives = store->auditInstances().wait(io.waitScope);
  ASSERT_EQ(lives.size(), 2u);
  EXPECT_EQ(lives[0].instance, recent);
  EXPECT_EQ(lives[0].first, 1u);
  EXPECT_EQ(lives[0].last, 9u);
  EXPECT_EQ(lives[1].last, 5u);

  auto tail = store->auditTail(nullptr, 0, 3).wait(io.waitScope);
  ASSERT_EQ(tail.size(), 3u);
  EXPECT_EQ(tail[0].instance, recent);
  EXPECT_EQ(tail[0].sequence, 7u);
  EXPECT_EQ(tail[2].sequence, 9u);
  EXPECT_EQ(store->auditTail(old, 3, 1000).wait(io.waitScope).size(), 2u);
  EXPECT_EQ(store->auditTail(sampleId(3), 0, 1000).wait(io.waitScope).size(), 0u);
}

TEST_F(PostgresStoreTest, EmptyLogHasNoTailAndNoLives) {
  EXPECT_EQ(store->auditTail(nullptr, 0, 10).wait(io.waitScope).size(), 0u);
  EXPECT_EQ(store->auditInstances().wait(io.waitScope).size(), 0u);
}

// The end of an answer is its Sync: what fails only while it commits is no success.
TEST_F(PostgresStoreTest, FailureAtTheMomentOfCommitIsNoSuccess) {
  server.sql(
      "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$;"
      "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON waas.wallets DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION late()");
  auto wallet = sampleWallet(1, service(sampleId(1)), "w");
  EXPECT_EQ(store->insertWallet(wallet.clone()).wait(io.waitScope), Commit::CONFLICT);
  EXPECT_TRUE(none(store->wallet(wallet.walletId)));
}

TEST_F(PostgresStoreTest, MissingSchemaIsSaidInWordsOfOurs) {
  server.sql("DROP SCHEMA waas CASCADE");
  auto promise = store->wallet(sampleId(1));
  KJ_IF_MAYBE (e, kj::runCatchingExceptions([&]() { promise.wait(io.waitScope); })) {
    EXPECT_EQ(faultOf(*e).code, protocol::ErrorCode::UNKNOWN);
    EXPECT_EQ(faultOf(*e).detail, "the database schema does not fit: run waas db migrate");
  } else {
    FAIL() << "read from a table that is not there";
  }
}

TEST_F(PostgresStoreTest, HealthTellsVersionAndRoundTrip) {
  none(store->wallet(sampleId(1)));
  auto health = store->health();
  EXPECT_TRUE(health.reachable);
  EXPECT_EQ(health.reconnects, 0u);
  EXPECT_TRUE(health.version.startsWith("1")) << health.version.cStr();
  EXPECT_EQ(health.detail, "primary");
  ASSERT_EQ(health.risks.size(), 1u);  // the test's server runs without fsync
  EXPECT_TRUE(health.risks[0].startsWith("PostgreSQL answers commits before"));
}

}  // namespace
}  // namespace waas::broker
