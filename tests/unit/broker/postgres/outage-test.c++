// A PostgreSQL that goes away, hangs, comes back, or is not the one that was meant.
#include "postgres-fixture.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

using PostgresOutageTest = PostgresTest;

TEST_F(PostgresOutageTest, KilledServerFailsReadsAtOnceAndServiceResumesByItself) {
  auto wallet = sampleWallet(1, service(sampleId(1)), "w");
  store->insertWallet(wallet.clone()).wait(io.waitScope);
  kj::Vector<kj::Promise<kj::Maybe<WalletRow>>> inFlight;
  for (uint64_t n = 0; n < 500; n++) inFlight.add(store->wallet(wallet.walletId));
  server.kill();
  for (auto& p : inFlight) {
    int c = codeOf(kj::mv(p));
    EXPECT_TRUE(c == -1 || c == code(ErrorCode::POSTGRES_UNREACHABLE)) << c;
  }
  turnUntil([&] { return observer.lost >= 2; }, "the loss is not noticed");
  auto start = now();
  EXPECT_EQ(codeOf(store->wallet(wallet.walletId)), code(ErrorCode::POSTGRES_UNREACHABLE));
  EXPECT_EQ(codeOf(store->insertWallet(sampleWallet(2, service(sampleId(1)), "v"))),
            code(ErrorCode::POSTGRES_UNREACHABLE));
  EXPECT_LT(since(start) / kj::MILLISECONDS, 50);

  server.start();
  turnUntil([&] { return store->health().reachable; }, "the store does not come back");
  expectSame(need(store->wallet(wallet.walletId)), wallet);
  EXPECT_GE(store->health().reconnects, 2u);
}

// Nobody can know whether a commit that was not answered took place.
TEST_F(PostgresOutageTest, CommitWithoutAnswerIsUnknownNotFailed) {
  server.sql(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$;"
      "CREATE TRIGGER slow BEFORE INSERT ON waas.wallets FOR EACH ROW EXECUTE FUNCTION slow()");
  auto insert = store->insertWallet(sampleWallet(1, service(sampleId(1)), "w"));
  turnUntil([&] { return server.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1\n"; },
            "the insert does not arrive");
  server.kill();
  EXPECT_EQ(codeOf(kj::mv(insert)), code(ErrorCode::OUTCOME_UNKNOWN));
}

TEST_F(PostgresOutageTest, HangingServerIsGivenUpAtTheDeadline) {
  auto options = optionsFor(server.conninfo());
  options.deadline = 300 * kj::MILLISECONDS;
  options.connectTimeout = 300 * kj::MILLISECONDS;
  connect(kj::mv(options));
  auto wallet = sampleWallet(1, service(sampleId(1)), "w");
  store->insertWallet(wallet.clone()).wait(io.waitScope);

  server.pause();
  auto start = now();
  auto read = store->wallet(wallet.walletId);
  auto write = store->insertWallet(sampleWallet(2, service(sampleId(1)), "v"));
  EXPECT_EQ(codeOf(kj::mv(read)), code(ErrorCode::POSTGRES_UNREACHABLE));
  EXPECT_EQ(codeOf(kj::mv(write)), code(ErrorCode::OUTCOME_UNKNOWN));
  EXPECT_LT(since(start) / kj::MILLISECONDS, 700);
  start = now();
  EXPECT_EQ(codeOf(store->wallet(wallet.walletId)), code(ErrorCode::POSTGRES_UNREACHABLE));
  EXPECT_LT(since(start) / kj::MILLISECONDS, 50);

  server.resume();
  turnUntil([&] { return store->health().reachable; }, "the store does not come back");
  expectSame(need(store->wallet(wallet.walletId)), wallet);
}

TEST_F(PostgresOutageTest, IdleConnectionNoticesAHangingServer) {
  auto options = optionsFor(server.conninfo());
  options.deadline = 200 * kj::MILLISECONDS;
  options.probeEvery = 100 * kj::MILLISECONDS;
  connect(kj::mv(options));
  server.pause();
  turnUntil([&] { return !store->health().reachable; }, "an idle connection does not notice");
  server.resume();
}

TEST_F(PostgresOutageTest, AuditAppendsSurviveRestartsWithoutGapOrDouble) {
  auto instance = sampleId(1);
  uint64_t durable = 0;
  for (int round = 0; round < 6; round++) {
    for (int i = 0; i < 20; i++) {
      std::vector<AuditRow> rows;
      for (uint64_t s = durable + 1; s <= durable + 10; s++) rows.push_back(sampleAudit(instance, s));
      auto append = store->appendAudit(kj::arrayPtr(rows.data(), rows.size()));
      if (i == 10) {
        kj::evalLater([]() {}).wait(io.waitScope);
        server.kill();
        server.start();
      }
      int c = codeOf(kj::mv(append));
      if (c == -1) {
        durable += 10;
      } else {
        ASSERT_TRUE(c == code(ErrorCode::OUTCOME_UNKNOWN) || c == code(ErrorCode::POSTGRES_UNREACHABLE)) << c;
        turnUntil([&] { return store->health().reachable; }, "the store does not come back");
      }
    }
  }
  EXPECT_GT(durable, 500u);
  EXPECT_EQ(server.sql("SELECT count(*), min(sequence), max(sequence) FROM waas.audit"),
            std::to_string(durable) + "|1|" + std::to_string(durable) + "\n");
}

TEST_F(PostgresOutageTest, WrongPasswordIsToldToTheLogAndNeverTheWord) {
  auto options = optionsFor(server.conninfo());
  options.password = kj::str("not the word");
  observer = RecordingObserver();
  connectWithoutWaiting(kj::mv(options));
  turnUntil([&] { return observer.lost >= 2; }, "a refused login is not told");
  EXPECT_NE(observer.text().find("password authentication failed"), std::string::npos) << observer.text();
  EXPECT_EQ(observer.text().find("not the word"), std::string::npos);
  EXPECT_FALSE(store->health().reachable);
  EXPECT_EQ(codeOf(store->wallet(sampleId(1))), code(ErrorCode::POSTGRES_UNREACHABLE));
}

TEST_F(PostgresOutageTest, UnreadableConnectionStringIsRefusedWithoutQuotingIt) {
  for (const char* text : {"postgres://u:sesame@host:port:1/x", "host=a password=sesame nonsense=1",
                           "postgres://u:sesame/x@host/x", "host=a,b port=1,2,3"}) {
    KJ_IF_MAYBE (e, kj::runCatchingExceptions([&]() { connectWithoutWaiting(optionsFor(text)); })) {
      EXPECT_EQ(faultOf(*e).code, ErrorCode::INVALID_REQUEST);
      EXPECT_EQ(std::string(e->getDescription().cStr()).find("sesame"), std::string::npos);
    } else {
      ADD_FAILURE() << "accepted " << text;
    }
  }
}

TEST_F(PostgresOutageTest, StandbyIsNotWrittenToAndTheNextHostIsTaken) {
  testing::PrivatePostgres standby;
  standby.migrate();
  standby.demote();
  auto wallet = sampleWallet(1, service(sampleId(1)), "w");
  auto both = "host=" + standby.socketFolder() + "," + server.socketFolder() + " user=signer dbname=waas";
  connect(optionsFor(both));
  EXPECT_EQ(store->insertWallet(wallet.clone()).wait(io.waitScope), Commit::DONE);
  EXPECT_EQ(server.sql("SELECT count(*) FROM waas.wallets"), "1\n");
}

TEST_F(PostgresOutageTest, StandbyAloneIsNotAConnection) {
  server.demote();
  observer = RecordingObserver();
  connectWithoutWaiting(optionsFor(server.conninfo()));
  turnUntil([&] { return observer.lost >= 2; }, "a standby is not refused");
  EXPECT_FALSE(store->health().reachable);
  server.promote();
  turnUntil([&] { return store->health().reachable; }, "a promoted server is not taken");
}

TEST_F(PostgresOutageTest, DeadFirstHostDoesNotHideTheSecond) {
  auto options = optionsFor("host=/nonexistent," + server.socketFolder() + " user=signer dbname=waas");
  connect(kj::mv(options));
  EXPECT_TRUE(none(store->wallet(sampleId(1))));
}

TEST_F(PostgresOutageTest, HangingFirstHostDoesNotHideTheSecond) {
  testing::PrivatePostgres other;
  other.pause();
  auto options = optionsFor("host=" + other.socketFolder() + "," + server.socketFolder() + " user=signer dbname=waas");
  options.connectTimeout = 200 * kj::MILLISECONDS;
  connect(kj::mv(options));
  EXPECT_TRUE(none(store->wallet(sampleId(1))));
  other.resume();
}

TEST_F(PostgresOutageTest, WorksThroughPgBouncerInTransactionMode) {
  if (!testing::haveProgram("pgbouncer")) GTEST_SKIP() << "pgbouncer is not installed";
  testing::PrivatePgBouncer bouncer(server, 2);
  connect(optionsFor(bouncer.conninfo()));
  auto owner = service(sampleId(1));
  kj::Vector<kj::Promise<Commit>> commits;
  kj::Vector<kj::Promise<kj::Maybe<WalletRow>>> reads;
  for (uint64_t n = 0; n < 200; n++) {
    commits.add(store->insertWallet(sampleWallet(n, owner, "w" + std::to_string(n))));
    reads.add(store->wallet(sampleId(n % 7)));
    if (n % 20 == 0) kj::evalLater([]() {}).wait(io.waitScope);
  }
  for (auto& c : commits) EXPECT_EQ(c.wait(io.waitScope), Commit::DONE);
  for (auto& r : reads) r.wait(io.waitScope);
  for (uint64_t n = 0; n < 200; n++) {
    expectSame(need(store->wallet(sampleId(n))), sampleWallet(n, owner, "w" + std::to_string(n)));
  }
  EXPECT_EQ(store->insertWallet(sampleWallet(3, owner, "w3")).wait(io.waitScope), Commit::CONFLICT);
  AuditRow row = sampleAudit(sampleId(1), 1);
  store->appendAudit(kj::arrayPtr(&row, 1)).wait(io.waitScope);
  EXPECT_EQ(store->health().reconnects, 0u);
}

class PostgresTlsTest : public PostgresTest {
 protected:
  PostgresTlsTest() : PostgresTlsTest(new testing::TestAuthority("localhost")) {}
  explicit PostgresTlsTest(testing::TestAuthority* made) : PostgresTest({.tls = made}), authority(made) {}

  void SetUp() override {}

  // Connects by TCP; a name that is checked, so that nothing less than verify-full is at work.
  PostgresOptions tlsOptions(const std::string& host, const std::string& caFile) {
    auto options = optionsFor(server.conninfoFor(host) + " sslmode=verify-full");
    options.caFile = kj::str(caFile.c_str());
    return options;
  }
  void expectRefused(PostgresOptions options, const char* reason) {
    connectWithoutWaiting(kj::mv(options));
    turnUntil([&] { return observer.lost >= 2; }, "a false server is not refused");
    EXPECT_EQ(observer.connected, 0);
    EXPECT_NE(observer.text().find(reason), std::string::npos) << observer.text();
  }

  std::unique_ptr<testing::TestAuthority> authority;
};

TEST_F(PostgresTlsTest, TrustedServerIsSpokenToEncrypted) {
  connect(tlsOptions("localhost", authority->caFile()));
  auto wallet = sampleWallet(1, service(sampleId(1)), "w");
  EXPECT_EQ(store->insertWallet(wallet.clone()).wait(io.waitScope), Commit::DONE);
  // Records of TLS end where they like: big answers show whether libpq's own buffer is emptied.
  std::vector<AuditRow> rows;
  for (uint64_t s = 1; s <= 1'000; s++) rows.push_back(sampleAudit(sampleId(1), s));
  store->appendAudit(kj::arrayPtr(rows.data(), rows.size())).wait(io.waitScope);
  kj::Vector<kj::Promise<kj::Array<AuditRow>>> asked;
  for (int i = 0; i < 40; i++) asked.add(store->auditTail(sampleId(1), 0, 1'000));
  for (auto& a : asked) EXPECT_EQ(a.wait(io.waitScope).size(), 1'000u);
  EXPECT_EQ(server.sql("SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                       "WHERE ssl AND version >= 'TLSv1.2' AND usename = 'signer'"),
            "3\n");
}

TEST_F(PostgresTlsTest, ServerOfAnotherAuthorityIsRefused) {
  testing::TestAuthority other("localhost");
  expectRefused(tlsOptions("localhost", other.caFile()), "certificate verify failed");
}

TEST_F(PostgresTlsTest, ServerOfAnotherNameIsRefused) {
  expectRefused(tlsOptions("127.0.0.1", authority->caFile()), "does not match host name");
}

TEST_F(PostgresTlsTest, HostsThatMayBeFarAreVerifiedByDefault) {
  // hostaddr leads to this machine; the name says elsewhere, so the default must be verify-full.
  auto options = optionsFor("host=database.example hostaddr=127.0.0.1 port=" + std::to_string(server.tlsPort()) +
                            " user=signer dbname=waas");
  options.caFile = kj::str(authority->caFile().c_str());
  expectRefused(kj::mv(options), "does not match host name \"database.example\"");
}

}  // namespace
}  // namespace waas::broker
