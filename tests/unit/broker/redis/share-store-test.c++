// Share hashes in a real Redis.
#include "redis-fixture.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

class ShareStoreTest : public RedisTest {
 protected:
  void SetUp() override { connect(optionsFor(server.url())); }
  kj::Duration timeLeft(const Id& id) { return store->expiry(id).wait(io.waitScope).orDefault(0 * kj::SECONDS); }

  testing::PrivateRedis server;
};

TEST_F(ShareStoreTest, VersionsAreWrittenReadAndRemovedOneByOne) {
  auto id = sampleId(1);
  auto one = sampleBytes(SHARE_ENVELOPE_BYTES, 1), two = sampleBytes(SHARE_ENVELOPE_BYTES, 2);
  WalletVersion first{1, 0x00000000000000ab}, second{INT64_MAX, UINT64_MAX};
  EXPECT_EQ(store->shares(id).wait(io.waitScope).fields.size(), 0u);
  store->put(id, first, one, 100 * kj::SECONDS).wait(io.waitScope);
  store->put(id, second, two, 100 * kj::SECONDS).wait(io.waitScope);
  auto fields = store->shares(id).wait(io.waitScope).fields;
  ASSERT_EQ(fields.size(), 2u);
  for (auto& field : fields) {
    auto& expected = field.version == first ? one : two;
    EXPECT_TRUE(field.version == first || field.version == second);
    EXPECT_EQ(memcmp(field.envelope.data(), expected.begin(), SHARE_ENVELOPE_BYTES), 0);
  }
  // The layout that operators and other hosts rely on.
  EXPECT_EQ(server.command({"HEXISTS", keyOf(id), "1-00000000000000ab"}), "1\n");

  store->remove(id, first).wait(io.waitScope);
  store->remove(id, first).wait(io.waitScope);
  EXPECT_EQ(store->shares(id).wait(io.waitScope).fields.size(), 1u);
}

TEST_F(ShareStoreTest, TimeToLiveIsSetWithEachWrite) {
  auto id = sampleId(1);
  EXPECT_TRUE(store->expiry(id).wait(io.waitScope) == nullptr);
  store->put(id, {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS).wait(io.waitScope);
  store->put(id, {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 30 * kj::DAYS).wait(io.waitScope);
  auto left = timeLeft(id);
  EXPECT_GT(left / kj::SECONDS, 30 * 86400 - 60);
  EXPECT_LE(left / kj::SECONDS, 30 * 86400);
  server.command({"PERSIST", keyOf(id)});
  EXPECT_TRUE(timeLeft(id) == kj::Duration(kj::maxValue));
}

TEST_F(ShareStoreTest, IndexesDoNotMeet) {
  auto options = optionsFor(server.url());
  options.shareIndex = 3;
  auto third = newRedisShareStore(kj::mv(options), io.provider->getNetwork(), io.provider->getTimer(), observer);
  turnUntil([&] { return third->health().reachable; }, "the store does not connect");
  store->put(sampleId(1), {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS).wait(io.waitScope);
  EXPECT_EQ(third->shares(sampleId(1)).wait(io.waitScope).fields.size(), 0u);
}

TEST_F(ShareStoreTest, ThousandsOfLookupsGetTheirOwnAnswers) {
  kj::Vector<kj::Promise<void>> writes;
  for (uint64_t n = 0; n < 200; n++) {
    writes.add(store->put(sampleId(n), {n + 1, n}, sampleBytes(SHARE_ENVELOPE_BYTES, n), 50 * kj::SECONDS));
  }
  for (auto& w : writes) w.wait(io.waitScope);
  std::mt19937_64 random(3);
  for (int round = 0; round < 4; round++) {
    kj::Vector<std::pair<uint64_t, kj::Promise<ShareHash>>> asked;
    for (int i = 0; i < 2'500; i++) {
      uint64_t n = random() % 300;
      asked.add(n, store->shares(sampleId(n)));
      if (random() % 50 == 0) kj::evalLater([]() {}).wait(io.waitScope);
    }
    for (auto& [n, answer] : asked) {
      auto fields = answer.wait(io.waitScope).fields;
      ASSERT_EQ(fields.size(), n < 200 ? 1u : 0u);
      if (n >= 200) continue;
      ASSERT_EQ(fields[0].version, (WalletVersion{n + 1, n}));
      ASSERT_EQ(memcmp(fields[0].envelope.data(), sampleBytes(SHARE_ENVELOPE_BYTES, n).begin(), SHARE_ENVELOPE_BYTES),
                0);
    }
  }
}

TEST_F(ShareStoreTest, TooManyCommandsAreRefusedNotQueued) {
  kj::Vector<kj::Promise<ShareHash>> asked;
  for (uint64_t n = 0; n < 9'000; n++) asked.add(store->shares(sampleId(n)));
  EXPECT_EQ(codeOf(kj::mv(asked[8'999])), code(ErrorCode::OVERLOADED));
  EXPECT_EQ(codeOf(kj::mv(asked[8'000])), -1);
}

TEST_F(ShareStoreTest, ForeignContentFailsOnlyItsOwnWallet) {
  auto good = sampleId(1);
  store->put(good, {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS).wait(io.waitScope);
  std::string envelope(SHARE_ENVELOPE_BYTES, 'e');
  server.command({"SET", keyOf(sampleId(2)), "text"});
  server.command({"HSET", keyOf(sampleId(3)), "1-0000000000000001", envelope + "e"});
  server.command({"HSET", keyOf(sampleId(4)), "1-0000000000000001", ""});
  uint64_t n = 10;
  for (const char* name : {"0-0000000000000001", "01-0000000000000001", "1-000000000000001", "1-00000000000000001",
                           "1-000000000000000A", "1-000000000000000g", "-0000000000000001", "1 0000000000000001",
                           "+1-0000000000000001", "9223372036854775808-0000000000000001", "", "x"}) {
    server.command({"HSET", keyOf(sampleId(n++)), name, envelope});
  }
  for (int i = 1; i <= 17; i++) {
    server.command({"HSET", keyOf(sampleId(5)), std::to_string(i) + "-0000000000000001", envelope});
  }
  kj::Vector<kj::Promise<ShareHash>> bad;
  for (uint64_t i = 2; i <= 5; i++) bad.add(store->shares(sampleId(i)));
  for (uint64_t i = 10; i < n; i++) bad.add(store->shares(sampleId(i)));
  auto kept = store->shares(good);
  for (auto& b : bad) EXPECT_EQ(codeOf(kj::mv(b)), code(ErrorCode::RECORD_REFUSED));
  EXPECT_EQ(kept.wait(io.waitScope).fields.size(), 1u);
  EXPECT_EQ(codeOf(store->put(sampleId(2), {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS)),
            code(ErrorCode::RECORD_REFUSED));
  EXPECT_EQ(codeOf(store->put(good, {0, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS)),
            code(ErrorCode::INVALID_REQUEST));
  EXPECT_EQ(codeOf(store->put(good, {1, 1}, sampleBytes(10, 1), 50 * kj::SECONDS)), code(ErrorCode::INVALID_REQUEST));
  EXPECT_EQ(store->health().reconnects, 0u);
}

TEST_F(ShareStoreTest, KilledServerFailsAtOnceAndServiceResumesByItself) {
  kj::Vector<kj::Promise<ShareHash>> inFlight;
  for (uint64_t n = 0; n < 500; n++) inFlight.add(store->shares(sampleId(n)));
  server.kill();
  for (auto& p : inFlight) {
    int c = codeOf(kj::mv(p));
    EXPECT_TRUE(c == -1 || c == code(ErrorCode::REDIS_UNREACHABLE)) << c;
  }
  turnUntil([&] { return !store->health().reachable; }, "the loss is not noticed");
  auto start = now();
  EXPECT_EQ(codeOf(store->shares(sampleId(1))), code(ErrorCode::REDIS_UNREACHABLE));
  EXPECT_EQ(codeOf(store->put(sampleId(1), {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS)),
            code(ErrorCode::REDIS_UNREACHABLE));
  EXPECT_LT(since(start) / kj::MILLISECONDS, 50);
  auto before = store->health();
  server.start();
  turnUntil([&] { return store->health().reachable; }, "the store does not come back");
  EXPECT_EQ(codeOf(store->shares(sampleId(1))), -1);
  EXPECT_EQ(store->health().reconnects, 1u);
  EXPECT_NE(store->health().runId, before.runId);
}

TEST_F(ShareStoreTest, HangingServerIsGivenUpAtTheDeadline) {
  auto options = optionsFor(server.url());
  options.deadline = 300 * kj::MILLISECONDS;
  connect(kj::mv(options));
  server.pause();
  auto start = now();
  EXPECT_EQ(codeOf(store->shares(sampleId(1))), code(ErrorCode::REDIS_UNREACHABLE));
  EXPECT_LT(since(start) / kj::MILLISECONDS, 700);
  server.resume();
  turnUntil([&] { return store->health().reachable; }, "the store does not come back");
  EXPECT_EQ(codeOf(store->shares(sampleId(1))), -1);
}

TEST_F(ShareStoreTest, IdleConnectionNoticesAHangingServer) {
  auto options = optionsFor(server.url());
  options.deadline = 200 * kj::MILLISECONDS;
  options.probeEvery = 100 * kj::MILLISECONDS;
  connect(kj::mv(options));
  server.pause();
  turnUntil([&] { return !store->health().reachable; }, "an idle connection does not notice");
  server.resume();
}

TEST_F(ShareStoreTest, HealthTellsWhoTheServerIsAndWhatEndangersShares) {
  auto health = store->health();
  EXPECT_TRUE(health.version.startsWith("Redis ") || health.version.startsWith("Valkey ")) << health.version.cStr();
  EXPECT_EQ(health.runId.size(), 40u);
  EXPECT_EQ(health.replicationId.size(), 40u);
  EXPECT_EQ(health.detail, "primary");
  ASSERT_EQ(health.risks.size(), 1u);  // the test's server writes nothing to disk
  EXPECT_TRUE(health.risks[0].startsWith("redis1 forgets recent shares"));
}

TEST_F(ShareStoreTest, EvictionAndReplicationAreReportedAsRisks) {
  testing::PrivateRedis risky(
      {.settings = {"appendonly yes", "maxmemory 100mb", "maxmemory-policy volatile-lru", "replicaof 127.0.0.1 1"}});
  connect(optionsFor(risky.url()));
  auto health = store->health();
  EXPECT_EQ(health.detail, "replica");
  ASSERT_EQ(health.risks.size(), 2u);
  EXPECT_EQ(codeOf(store->put(sampleId(1), {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS)),
            code(ErrorCode::REDIS_UNREACHABLE));
}

}  // namespace
}  // namespace waas::broker
