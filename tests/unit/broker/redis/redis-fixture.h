#pragma once
#include <daemon/broker/redis/redis-share-store.h>

#include "../store-samples.h"

namespace waas::broker {

class RedisTest : public StoreTest {
 protected:
  RedisTest() = default;
  ~RedisTest() noexcept override {}

  RedisOptions optionsFor(const std::string& url) {
    RedisOptions options;
    options.name = kj::str("redis1");
    options.url = kj::str(url.c_str());
    options.minBackoff = 5 * kj::MILLISECONDS;
    options.maxBackoff = 50 * kj::MILLISECONDS;
    return options;
  }
  void connect(RedisOptions options) {
    connectWithoutWaiting(kj::mv(options));
    turnUntil([&] { return store->health().reachable; }, "the store does not connect");
  }
  void connectWithoutWaiting(RedisOptions options) {
    store = nullptr;
    // KJ's clock stands still while the test starts a server; limits would run from long ago.
    io.provider->getTimer().afterDelay(1 * kj::MILLISECONDS).wait(io.waitScope);
    store = newRedisShareStore(kj::mv(options), io.provider->getNetwork(), io.provider->getTimer(), observer);
  }
  // Waits until the store has refused to take a connection, and shows why.
  void expectRefused(RedisOptions options, const char* reason) {
    connectWithoutWaiting(kj::mv(options));
    turnUntil([&] { return observer.lost >= 1; }, "the server is not refused");
    EXPECT_EQ(observer.connected, 0);
    EXPECT_NE(observer.text().find(reason), std::string::npos) << observer.text();
    EXPECT_EQ(codeOf(store->shares(sampleId(1))), code(protocol::ErrorCode::REDIS_UNREACHABLE));
  }

  static std::string hexOf(const Id& id) {
    std::string out;
    for (uint8_t b : id) {
      char two[3];
      snprintf(two, sizeof(two), "%02x", b);
      out += two;
    }
    return out;
  }
  static std::string keyOf(const Id& id) { return "mpc:share:" + hexOf(id) + ":2"; }

  kj::Own<ShareStore> store;
};

}  // namespace waas::broker
