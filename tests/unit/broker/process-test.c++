// The program as a process: how it starts and how it ends.
#include <gtest/gtest.h>
#include <kj/debug.h>
#include <signal.h>

#include <fstream>

#include "broker-client.h"
#include "whole-broker.h"

namespace waas::testing {
namespace {

TEST(Process, SigtermLetsCallsFinishAndExitsWithZero) {
  WholeBroker stack;
  auto io = kj::setupAsyncIo();
  BrokerClient client(io, stack.socket());
  auto session = client.service();
  createWallet(io, session, "w");
  kj::Vector<kj::Promise<bool>> calls;
  for (int i = 0; i < 50; i++) {
    auto request = session.signRequest();
    auto item = request.initItems(1)[0];
    item.initWallet().setName("w");
    item.setMessage(kj::str("call ", i).asBytes());
    calls.add(request.send().then(
        [](auto&& response) {
          auto outcomes = response.getOutcomes();
          return outcomes.isOk() || outcomes.getRefused().getCode() == protocol::ErrorCode::OVERLOADED;
        },
        [](kj::Exception&&) { return false; }));
  }
  EXPECT_TRUE(calls[0].wait(io.waitScope));
  kill(stack.pid(), SIGTERM);
  int answered = 0;
  for (size_t i = 1; i < calls.size(); i++) answered += calls[i].wait(io.waitScope);
  EXPECT_EQ(answered, 49);
  client.hangUp();
  EXPECT_EQ(stack.waitForEnd(), 0);
}

TEST(Process, ASecondDaemonDoesNotTakeTheSocketOfALivingOne) {
  WholeBroker stack;
  TemporaryFolder folder;
  std::ofstream(folder / "signerd.toml") << "[postgres]\nurl = \"postgresql:///x?host=/nonexistent\"\n[redis_1]\nurl = "
                                            "\"unix:///a\"\n[redis_2]\nurl = \"unix:///b\"\n";
  auto second = runBroker({"--config", folder / "signerd.toml", "--listen", stack.socket()});
  EXPECT_EQ(second.code, 1);
  EXPECT_NE(second.output.find("another daemon listens"), std::string::npos);
}

TEST(Process, TwoSettingsThatNameTheSameRedisAreRefused) {
  WholeBroker stack;
  ASSERT_EQ(stack.end(SIGTERM), 0);
  TemporaryFolder folder;
  std::ofstream(folder / "signerd.toml") << "[signerd]\nvault = \"" << stack.vault.vaultSocket()
                                         << "\"\n[postgres]\nurl = \"" << stack.postgres.conninfo()
                                         << "\"\n[redis_1]\nurl = \"" << stack.redis1.url() << "\"\n[redis_2]\nurl = \""
                                         << stack.redis1.url() << "\"\n";
  auto result = runBroker({"--config", folder / "signerd.toml", "--listen", folder / "s"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.output.find("same server"), std::string::npos);
}

TEST(Process, BadSettingsAreASentenceAndExitCodeOne) {
  TemporaryFolder folder;
  std::ofstream(folder / "signerd.toml") << "[limits]\nspeed = 3\n";
  auto result = runBroker({"--config", folder / "signerd.toml"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.output.find("signerd.toml:2: unknown setting speed"), std::string::npos);
  EXPECT_EQ(runBroker({"--no-sandbox"}).code, 2);
}

TEST(Process, TheSandboxCanBeRead) {
  auto result = runBroker({"--print-sandbox"});
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.output.find("accept4"), std::string::npos);
}

TEST(Process, TheLogHoldsNoPayloadAndNoPassword) {
  WholeBroker stack;
  auto io = kj::setupAsyncIo();
  BrokerClient client(io, stack.socket());
  auto session = client.service();
  auto key = createWallet(io, session, "secret-sounding-name");
  EXPECT_EQ(signMessage(io, session, "secret-sounding-name", key, "secret-sounding-text"), "ok");
  stack.end(SIGTERM);
  auto log = stack.log();
  for (auto word : {"secret-sounding", "signer's word", "postgresql://", "unix://"}) {
    EXPECT_EQ(log.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace waas::testing
