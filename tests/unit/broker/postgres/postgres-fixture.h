#pragma once
#include <daemon/broker/postgres/postgres-store.h>

#include "../store-samples.h"

namespace waas::broker {

// A private server with the schema, and a store that is connected to it as the broker's role.
class PostgresTest : public StoreTest {
 protected:
  explicit PostgresTest(testing::PrivatePostgres::Options options = {}) : server(options) { server.migrate(); }
  ~PostgresTest() noexcept override {}

  void SetUp() override { connect(); }

  PostgresOptions optionsFor(const std::string& conninfo) {
    PostgresOptions options;
    options.conninfo = kj::str(conninfo.c_str());
    options.password = kj::str(testing::PrivatePostgres::password().c_str());
    options.minBackoff = 5 * kj::MILLISECONDS;
    options.maxBackoff = 50 * kj::MILLISECONDS;
    return options;
  }
  void connect() { connect(optionsFor(server.conninfo())); }
  void connect(PostgresOptions options) {
    connectWithoutWaiting(kj::mv(options));
    turnUntil([&] { return store->health().reachable; }, "the store does not connect");
  }
  void connectWithoutWaiting(PostgresOptions options) {
    store = nullptr;
    // KJ's clock stands still while the test starts a server; limits would run from long ago.
    io.provider->getTimer().afterDelay(1 * kj::MILLISECONDS).wait(io.waitScope);
    store = newPostgresStore(kj::mv(options), io.provider->getNetwork(), io.unixEventPort, observer);
  }

  template <typename Row>
  Row need(kj::Promise<kj::Maybe<Row>> promise) {
    auto found = promise.wait(io.waitScope);
    KJ_IF_MAYBE (row, found) {
      return kj::mv(*row);
    }
    ADD_FAILURE() << "a row is missing";
    return Row();
  }
  template <typename Row>
  bool none(kj::Promise<kj::Maybe<Row>> promise) {
    return promise.wait(io.waitScope) == nullptr;
  }

  testing::PrivatePostgres server;
  kj::Own<WalletStore> store;
};

}  // namespace waas::broker
