// sign() through the whole daemon.
#include <gtest/gtest.h>
#include <kj/debug.h>

#include "broker-client.h"
#include "whole-broker.h"

namespace waas::testing {
namespace {

// One stack for all tests of this file: starting it takes longer than they do.
class Signing : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { stack = new WholeBroker(); }
  static void TearDownTestSuite() {
    delete stack;
    stack = nullptr;
  }
  Signing() : io(kj::setupAsyncIo()), client(io, stack->socket()), session(client.service()) {}
  ~Signing() noexcept override { EXPECT_TRUE(stack->isAlive()); }

  std::string unique(const std::string& name) {
    static int number = 0;
    return name + std::to_string(++number);
  }
  // The wallet's id in hex, as Redis keys have it.
  std::string idOf(const PublicKey& key) {
    auto hex = postgresHex(key);
    auto row = stack->postgres.sql("SELECT encode(id, 'hex') FROM waas.wallets WHERE position('\\x" + hex +
                                   "'::bytea in certificate) > 0");
    while (!row.empty() && row.back() == '\n') row.pop_back();
    return row;
  }
  std::string epochOf(const std::string& id) {
    return stack->postgres.sql("SELECT epoch FROM waas.wallets WHERE id = '\\x" + id + "'");
  }
  static std::string postgresHex(const PublicKey& key) {
    std::string hex;
    for (uint8_t byte : key) {
      char two[3];
      snprintf(two, sizeof(two), "%02x", byte);
      hex += two;
    }
    return hex;
  }

  static WholeBroker* stack;
  kj::AsyncIoContext io;
  BrokerClient client;
  protocol::Session::Client session;
};

WholeBroker* Signing::stack = nullptr;

TEST_F(Signing, SignsForALocalServiceByName) {
  auto name = unique("wallet");
  auto key = createWallet(io, session, name);
  EXPECT_EQ(signMessage(io, session, name, key), "ok");
  EXPECT_EQ(signMessage(io, session, name, key, "again, with the selector remembered"), "ok");
}

TEST_F(Signing, ItemsAreAnsweredInOrderAndOneByOne) {
  auto a = unique("a"), b = unique("b");
  createWallet(io, session, a);
  auto keyB = createWallet(io, session, b);
  auto request = session.signRequest();
  auto items = request.initItems(40);
  for (unsigned int i = 0; i < items.size(); i++) {
    switch (i % 4) {
      case 0: items[i].initWallet().setName(a.c_str()); break;
      case 1: items[i].initWallet().setPublicKey(kj::arrayPtr(keyB.data(), keyB.size())); break;
      case 2: items[i].initWallet().setName("nobody has this wallet"); break;
      default: items[i].initWallet().setName(b.c_str()); break;
    }
    if (i % 8 == 7) {
      items[i].setTransaction(kj::StringPtr("no transaction").asBytes());
    } else {
      items[i].setMessage(kj::str("message ", i).asBytes());
    }
  }
  auto response = request.send().wait(io.waitScope);
  ASSERT_EQ(outcome(response.getOutcomes()), "ok");
  auto outcomes = response.getOutcomes().getOk().getOutcomes();
  ASSERT_EQ(outcomes.size(), items.size());
  for (unsigned int i = 0; i < outcomes.size(); i++) {
    std::string expected = i % 8 == 7 ? "transactionMalformed" : i % 4 == 2 ? "unknownWallet" : "ok";
    EXPECT_EQ(outcomes[i].isSignature() ? "ok" : describe(outcomes[i].getRefused()), expected) << i;
    if (expected != "ok") continue;
    auto bytes = outcomes[i].getSignedBytes();
    auto text = kj::str("message ", i);
    EXPECT_EQ(bytes.slice(bytes.size() - text.size(), bytes.size()), text.asBytes()) << i;
  }
  EXPECT_GT(response.getOutcomes().getOk().getHead().getSequence(), 0u);
}

TEST_F(Signing, ManyCallsInFlightAreAllAnswered) {
  auto name = unique("busy");
  createWallet(io, session, name);
  kj::Vector<kj::Promise<bool>> calls;
  for (int i = 0; i < 200; i++) {
    auto request = session.signRequest();
    auto item = request.initItems(1)[0];
    item.initWallet().setName(name.c_str());
    item.setMessage(kj::str("call ", i).asBytes());
    calls.add(request.send().then([](auto&& response) {
      return response.getOutcomes().isOk() && response.getOutcomes().getOk().getOutcomes()[0].isSignature();
    }));
  }
  for (bool good : kj::joinPromises(calls.releaseAsArray()).wait(io.waitScope)) EXPECT_TRUE(good);
}

TEST_F(Signing, B6_AShareThatIsGoneIsMadeAnewBeforeTheSignature) {
  auto name = unique("poor");
  auto key = createWallet(io, session, name);
  auto id = idOf(key);
  ASSERT_EQ(id.size(), 32u);
  stack->redis2.command({"DEL", "mpc:share:" + id + ":3"});
  EXPECT_EQ(signMessage(io, session, name, key), "ok");
  EXPECT_EQ(stack->redis2.command({"EXISTS", "mpc:share:" + id + ":3"}), "1\n");
  stack->redis1.command({"DEL", "mpc:share:" + id + ":2"});
  EXPECT_EQ(signMessage(io, session, name, key), "ok");
  EXPECT_EQ(stack->redis1.command({"EXISTS", "mpc:share:" + id + ":2"}), "1\n");
  EXPECT_EQ(epochOf(id), "3\n");
}

TEST_F(Signing, B6_AServerThatIsAwayIsNoMissingShare) {
  auto name = unique("away");
  auto key = createWallet(io, session, name);
  auto id = idOf(key);
  stack->redis1.kill();
  // Degraded, if the policy allows it; nothing is made anew meanwhile.
  auto said = signMessage(io, session, name, key);
  EXPECT_TRUE(said == "redisUnreachable" || said == "ok") << said;
  EXPECT_EQ(epochOf(id), "1\n");
  stack->redis1.start();
  // It comes back empty, and that is the other thing.
  waitUntil([&]() { return signMessage(io, session, name, key) == "ok" && epochOf(id) == "2\n"; }, "the recovery");
}

TEST_F(Signing, AnothersWalletIsUnknown) {
  auto request = session.signRequest();
  auto item = request.initItems(1)[0];
  item.initWallet().setId(kj::heapArray<kj::byte>(16));
  item.setMessage(kj::StringPtr("x").asBytes());
  auto response = request.send().wait(io.waitScope);
  ASSERT_EQ(outcome(response.getOutcomes()), "ok");
  EXPECT_EQ(describe(response.getOutcomes().getOk().getOutcomes()[0].getRefused()), "unknownWallet");
}

TEST_F(Signing, MalformedRequestsAreRefusedAsAWhole) {
  auto refusal = [this](auto fill) {
    auto request = session.signRequest();
    fill(request);
    return outcome(request.send().wait(io.waitScope).getOutcomes());
  };
  EXPECT_EQ(refusal([](auto&) {}), "invalidRequest");
  EXPECT_EQ(refusal([](auto& r) { r.initItems(65); }), "tooLarge");
  EXPECT_EQ(refusal([](auto& r) { r.initItems(1)[0].initWallet().setId(kj::heapArray<kj::byte>(15)); }),
            "invalidRequest");
  EXPECT_EQ(refusal([](auto& r) { r.initItems(1)[0].initWallet().setName("line\nbreak"); }), "invalidRequest");
  EXPECT_EQ(refusal([](auto& r) { r.initItems(1)[0].setTransaction(kj::heapArray<kj::byte>(4'097)); }), "tooLarge");
  EXPECT_EQ(refusal([](auto& r) {
              auto items = r.initItems(2);
              for (auto item : items) item.setMessage(kj::heapArray<kj::byte>(40'000));
            }),
            "tooLarge");
}

TEST_F(Signing, EachUseOfAKeyIsInTheAuditLogWithoutAGap) {
  auto name = unique("audited");
  auto key = createWallet(io, session, name);
  for (int i = 0; i < 5; i++) ASSERT_EQ(signMessage(io, session, name, key), "ok");
  EXPECT_EQ(stack->postgres.sql("SELECT bool_and(n = last - first + 1) FROM (SELECT count(*) n, max(sequence) last, "
                                "min(sequence) first FROM waas.audit GROUP BY instance) lives"),
            "t\n");
}

}  // namespace
}  // namespace waas::testing
