// Floors, states and ends of share hashes in a real Redis.
#include <kj/debug.h>

#include "redis-fixture.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

class ShareHashLifeTest : public RedisTest {
 protected:
  static testing::PrivateRedis::Options withMoreRights() {
    testing::PrivateRedis::Options options;
    options.user = "waas";
    options.password = "word";
    options.rights += " +del +hexists +wait +config|get";
    return options;
  }
  ShareHashLifeTest() : server(withMoreRights()) {}
  void SetUp() override { connect(optionsFor(server.url())); }
  void put(const Id& id, uint64_t epoch) {
    store->put(id, {epoch, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, epoch), 50 * kj::SECONDS).wait(io.waitScope);
  }

  testing::PrivateRedis server;
};

TEST_F(ShareHashLifeTest, FloorsRestBesideTheShares) {
  auto id = sampleId(1);
  auto floor = sampleBytes(57, 1), limit = sampleBytes(57, 2);
  put(id, 1);
  store->putFloor(id, floor, 100 * kj::SECONDS).wait(io.waitScope);
  server.command({"HSET", keyOf(id), "floor-limit", "short"});
  auto hash = store->shares(id).wait(io.waitScope);
  EXPECT_EQ(hash.fields.size(), 1u);
  EXPECT_TRUE(hash.floor.asPtr() == floor.asPtr());
  EXPECT_EQ(hash.limitFloor.size(), 5u);
  EXPECT_GT(KJ_ASSERT_NONNULL(store->expiry(id).wait(io.waitScope)) / kj::SECONDS, 50);
  EXPECT_EQ(codeOf(store->putFloor(id, sampleBytes(MAX_FLOOR_BYTES + 1, 1), 1 * kj::SECONDS)),
            code(ErrorCode::INVALID_REQUEST));
  server.command({"HSET", keyOf(id), "floor", std::string(MAX_FLOOR_BYTES + 1, 'x')});
  EXPECT_EQ(codeOf(store->shares(id)), code(ErrorCode::RECORD_REFUSED));
}

TEST_F(ShareHashLifeTest, StateTellsVersionAndTimeLeft) {
  auto id = sampleId(1);
  auto none = store->state(id, {1, 1}).wait(io.waitScope);
  EXPECT_FALSE(none.present);
  EXPECT_TRUE(none.left == nullptr);
  put(id, 1);
  auto there = store->state(id, {1, 1}).wait(io.waitScope);
  EXPECT_TRUE(there.present);
  EXPECT_GT(KJ_ASSERT_NONNULL(there.left) / kj::SECONDS, 40);
  auto other = store->state(id, {2, 1}).wait(io.waitScope);
  EXPECT_FALSE(other.present);
  EXPECT_FALSE(other.left == nullptr);
}

TEST_F(ShareHashLifeTest, ExtendingMakesNoKey) {
  auto id = sampleId(1);
  store->extend(id, 100 * kj::SECONDS).wait(io.waitScope);
  EXPECT_TRUE(store->expiry(id).wait(io.waitScope) == nullptr);
  put(id, 1);
  store->extend(id, 1000 * kj::SECONDS).wait(io.waitScope);
  EXPECT_GT(KJ_ASSERT_NONNULL(store->expiry(id).wait(io.waitScope)) / kj::SECONDS, 900);
}

TEST_F(ShareHashLifeTest, ErasingTakesEverything) {
  auto id = sampleId(1);
  put(id, 1);
  put(id, 2);
  store->putFloor(id, sampleBytes(57, 1), 100 * kj::SECONDS).wait(io.waitScope);
  store->erase(id).wait(io.waitScope);
  store->erase(id).wait(io.waitScope);
  EXPECT_EQ(server.command({"EXISTS", keyOf(id)}), "0\n");
}

// A primary without the replicas that are wanted: the write is there, and still it does not count.
TEST_F(ShareHashLifeTest, AWriteWithoutItsReplicasDoesNotCount) {
  auto options = optionsFor(server.url());
  options.waitReplicas = 1;
  options.deadline = 400 * kj::MILLISECONDS;
  connect(kj::mv(options));
  EXPECT_EQ(codeOf(store->put(sampleId(1), {1, 1}, sampleBytes(SHARE_ENVELOPE_BYTES, 1), 50 * kj::SECONDS)),
            code(ErrorCode::REDIS_UNREACHABLE));
  EXPECT_TRUE(store->health().reachable) << "a deadline passed";
}

}  // namespace
}  // namespace waas::broker
