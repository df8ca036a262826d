// Making wallets, and what operators see of them.
#include <gtest/gtest.h>
#include <kj/debug.h>

#include <algorithm>
#include <ctime>

#include "broker-client.h"
#include "whole-broker.h"

namespace waas::testing {
namespace {

class Wallets : public ::testing::Test {
 protected:
  Wallets() : io(kj::setupAsyncIo()), client(io, stack.socket()), session(client.service()) {}
  ~Wallets() noexcept override {}
  WholeBroker stack;
  kj::AsyncIoContext io;
  BrokerClient client;
  protocol::Session::Client session;
};

TEST_F(Wallets, B2_ANewWalletHasAllItsShares) {
  createWallet(io, session, "first");
  auto request = session.shareStatusRequest().send().wait(io.waitScope);
  ASSERT_EQ(outcome(request.getStatus()), "ok");
  auto rows = request.getStatus().getOk();
  ASSERT_EQ(rows.size(), 1u);
  for (auto state : rows[0].getShares()) EXPECT_EQ(state, protocol::ShareStatus::ShareState::PRESENT);
  EXPECT_FALSE(rows[0].getNeedsRotation());
  uint64_t now = static_cast<uint64_t>(time(nullptr)) * 1000;
  EXPECT_NEAR(static_cast<double>(rows[0].getExpiresAt() - now), 30 * 86'400'000.0, 120'000.0);
  EXPECT_EQ(rows[0].getName(), kj::StringPtr("first"));
}

TEST_F(Wallets, ANameIsTakenOnce) {
  std::string refused;
  createWallet(io, session, "mine");
  createWallet(io, session, "mine", &refused);
  EXPECT_EQ(refused, "nameTaken");
  createWallet(io, session, "", &refused);
  EXPECT_EQ(refused, "invalidRequest");
}

TEST_F(Wallets, TheRaceForTheFirstWalletHasOneWinnerAndNoLoser) {
  kj::Vector<kj::Promise<bool>> made;
  for (int i = 0; i < 8; i++) {
    auto request = session.createWalletRequest();
    request.setName(kj::str("racer ", i));
    made.add(request.send().then([](auto&& response) { return response.getWallet().isOk(); }));
  }
  for (bool good : kj::joinPromises(made.releaseAsArray()).wait(io.waitScope)) EXPECT_TRUE(good);
  EXPECT_EQ(stack.postgres.sql("SELECT count(*), count(*) FILTER (WHERE is_first) FROM waas.wallets"), "8|1\n");
}

TEST_F(Wallets, B2_WithoutOneOfTheServersThereIsNoWalletAndNothingIsLeft) {
  stack.redis2.kill();
  std::string refused;
  createWallet(io, session, "half", &refused);
  EXPECT_EQ(refused, "redisUnreachable");
  EXPECT_EQ(stack.postgres.sql("SELECT count(*) FROM waas.wallets"), "0\n");
  waitUntil([this]() { return stack.redis1.command({"DBSIZE"}) == "0\n"; }, "the shares are taken back");
}

TEST_F(Wallets, OperatorsSeeEverybodysSharesPageByPage) {
  for (int i = 0; i < 5; i++) createWallet(io, session, "w" + std::to_string(i));
  auto view = client.operatorView();
  std::vector<std::string> ids;
  bool more = true;
  while (more) {
    auto request = view.shareStatusRequest();
    request.initWhose().setAll();
    request.setLimit(2);
    if (!ids.empty()) request.setAfter(kj::StringPtr(ids.back().data(), ids.back().size()).asBytes());
    auto response = request.send().wait(io.waitScope);
    ASSERT_EQ(outcome(response.getPage()), "ok");
    for (auto row : response.getPage().getOk().getRows()) {
      auto id = row.getWalletId();
      ids.emplace_back(reinterpret_cast<const char*>(id.begin()), id.size());
    }
    more = response.getPage().getOk().getMore();
    ASSERT_LE(ids.size(), 5u);
  }
  EXPECT_EQ(ids.size(), 5u);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST_F(Wallets, StatusTellsMissingFromUnreachable) {
  createWallet(io, session, "w");
  stack.redis1.command({"FLUSHALL"});
  stack.redis2.kill();
  auto response = session.shareStatusRequest().send().wait(io.waitScope);
  ASSERT_EQ(outcome(response.getStatus()), "ok");
  auto shares = response.getStatus().getOk()[0].getShares();
  EXPECT_EQ(shares[0], protocol::ShareStatus::ShareState::PRESENT);
  EXPECT_EQ(shares[1], protocol::ShareStatus::ShareState::MISSING);
  EXPECT_EQ(shares[2], protocol::ShareStatus::ShareState::UNREACHABLE);
}

TEST_F(Wallets, HealthSaysWhatIsAwayAndWhatIsThere) {
  auto view = client.operatorView();
  auto before = view.healthRequest().send().wait(io.waitScope);
  EXPECT_TRUE(before.getHealth().getVault().getReachable());
  EXPECT_TRUE(before.getHealth().getVault().getGuarded());
  EXPECT_TRUE(before.getHealth().getBroker().getSandboxed());
  for (auto store : before.getHealth().getStores()) EXPECT_TRUE(store.getReachable()) << store.getName().cStr();

  stack.redis1.kill();
  waitUntil([&]() { return !view.healthRequest().send().wait(io.waitScope).getHealth().getStores()[1].getReachable(); },
            "health notices that a Redis is away");
  auto after = view.healthRequest().send().wait(io.waitScope);
  bool said = false;
  for (auto risk : after.getHealth().getRisks())
    said = said || risk == kj::StringPtr("The store redis1 does not answer.");
  EXPECT_TRUE(said);
}

TEST_F(Wallets, OperatorsReadTheAuditLog) {
  createWallet(io, session, "w");
  auto view = client.operatorView();
  auto lives = view.auditInstancesRequest().send().wait(io.waitScope);
  ASSERT_EQ(outcome(lives.getInstances()), "ok");
  ASSERT_EQ(lives.getInstances().getOk().size(), 1u);
  auto request = view.auditTailRequest();
  request.setInstance(lives.getInstances().getOk()[0].getInstance());
  auto tail = request.send().wait(io.waitScope);
  ASSERT_EQ(outcome(tail.getPage()), "ok");
  EXPECT_EQ(tail.getPage().getOk().getRecords().size(), lives.getInstances().getOk()[0].getLast());
}

// Same uid, so the roles are the same; what differs is what the vault's configuration says of it.
TEST(Roles, B3_WithoutARoleThereIsNoCapability) {
  WholeBroker stack({.vaultLines = "allow uid %u login\n"});
  auto io = kj::setupAsyncIo();
  BrokerClient client(io, stack.socket());
  auto response = client.signer().enterRequest().send().wait(io.waitScope);
  auto roles = response.getRoles();
  ASSERT_EQ(outcome(roles), "ok");
  EXPECT_TRUE(roles.getOk().hasLogin());
  EXPECT_FALSE(roles.getOk().hasService());
  EXPECT_FALSE(roles.getOk().hasOperator());
}

TEST(Roles, B3_APeerWithoutAnyRoleIsRefused) {
  WholeBroker stack({.vaultLines = "allow uid 4242 login\n"});
  auto io = kj::setupAsyncIo();
  BrokerClient client(io, stack.socket());
  auto response = client.signer().enterRequest().send().wait(io.waitScope);
  EXPECT_EQ(outcome(response.getRoles()), "notAllowed");
}

}  // namespace
}  // namespace waas::testing
