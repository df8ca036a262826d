// Stores and vault that go away and come back.
#include <gtest/gtest.h>
#include <kj/debug.h>
#include <signal.h>

#include <chrono>

#include "broker-client.h"
#include "whole-broker.h"

namespace waas::testing {
namespace {

class Outage : public ::testing::Test {
 protected:
  Outage() : io(kj::setupAsyncIo()), client(io, stack.socket()), session(client.service()) {
    key = createWallet(io, session, "w");
  }
  ~Outage() noexcept override { EXPECT_TRUE(stack.isAlive()); }

  std::string sign() { return signMessage(io, session, "w", key); }
  // No call may take longer than its deadline; the margin is for a busy machine.
  std::string signInTime() {
    auto before = std::chrono::steady_clock::now();
    auto result = sign();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(8));
    return result;
  }
  bool gapless() {
    return stack.postgres.sql(
               "SELECT bool_and(n = last) FROM (SELECT count(*) n, max(sequence) last FROM waas.audit GROUP BY "
               "instance) lives") == "t\n";
  }

  WholeBroker stack;
  kj::AsyncIoContext io;
  BrokerClient client;
  protocol::Session::Client session;
  PublicKey key{};
};

TEST_F(Outage, SessionsOutliveTheVault) {
  stack.vault.restart();
  waitUntil([this]() { return sign() == "ok"; }, "signing goes on");
  EXPECT_TRUE(gapless());
  EXPECT_EQ(stack.postgres.sql("SELECT count(DISTINCT instance) FROM waas.audit"), "2\n");
}

TEST_F(Outage, WithoutTheVaultCallsAreRefusedAtOnce) {
  stack.vault.terminate();
  waitUntil([this]() { return sign() != "ok"; }, "the broker notices");
  EXPECT_EQ(signInTime(), "vaultUnreachable");
}

TEST_F(Outage, WithoutPostgresCallsAreRefusedAndServiceResumesByItself) {
  stack.postgres.kill();
  EXPECT_EQ(signInTime(), "postgresUnreachable");
  stack.postgres.start();
  waitUntil([this]() { return sign() == "ok"; }, "signing goes on");
  EXPECT_TRUE(gapless());
}

TEST_F(Outage, B5_AStoreThatHangsHoldsNoCallBeyondItsDeadline) {
  stack.redis2.pause();
  auto said = signInTime();
  EXPECT_TRUE(said == "redisUnreachable" || said == "ok") << said;  // degraded, if the policy allows it
  stack.redis2.resume();
  waitUntil([this]() { return sign() == "ok"; }, "signing goes on");
  stack.postgres.pause();
  EXPECT_EQ(signInTime(), "postgresUnreachable");
  stack.postgres.resume();
  waitUntil([this]() { return sign() == "ok"; }, "signing goes on");
  EXPECT_TRUE(gapless());
}

TEST_F(Outage, B1_NothingIsReleasedWhileTheLogCannotBeWritten) {
  stack.postgres.sql(
      "REVOKE INSERT ON waas.audit FROM waas_broker; REVOKE INSERT (instance, sequence, record, head_signature) "
      "ON waas.audit FROM waas_broker");
  EXPECT_EQ(signInTime(), "auditUnavailable");
  EXPECT_EQ(signInTime(), "auditUnavailable");
  stack.postgres.sql("GRANT INSERT (instance, sequence, record, head_signature) ON waas.audit TO waas_broker");
  waitUntil([this]() { return sign() == "ok"; }, "signing goes on");
  EXPECT_TRUE(gapless());
}

TEST_F(Outage, B1_ABrokerThatIsKilledLeavesNoGap) {
  kj::Vector<kj::Promise<void>> calls;
  for (int i = 0; i < 100; i++) {
    auto request = session.signRequest();
    auto item = request.initItems(1)[0];
    item.initWallet().setName("w");
    item.setMessage(kj::str("call ", i).asBytes());
    calls.add(request.send().ignoreResult().catch_([](kj::Exception&&) {}));
  }
  // Some are on their way through every part when it dies.
  calls[10].wait(io.waitScope);
  stack.restart();
  BrokerClient again(io, stack.socket());
  auto other = again.service();
  waitUntil([&]() { return signMessage(io, other, "w", key) == "ok"; }, "signing goes on");
  EXPECT_TRUE(gapless());
}

}  // namespace
}  // namespace waas::testing
