// The policy and its limits, against a broker that wants more than they allow.
#include <gtest/gtest.h>
#include <protocol/policy.capnp.h>
#include <sodium.h>

#include "person.h"
#include "protocol/limit-row.h"
#include "protocol/policy-bundle.h"

namespace waas::hostile {
namespace {

namespace compiled = protocol::compiled;
constexpr uint64_t DAY_MS = 86'400'000;
constexpr uint64_t USES = 2;

struct PolicyKey {
  PolicyKey() { crypto_sign_keypair(verifying.data(), signing); }
  std::string line() const {
    char hex[65];
    sodium_bin2hex(hex, sizeof hex, verifying.data(), verifying.size());
    return std::string("policy_key ") + hex + "\n";
  }
  PublicKey verifying{};
  uint8_t signing[crypto_sign_SECRETKEYBYTES];
};

// Services may sign texts, so many a day.
Octets bundleOf(const PolicyKey& key, uint64_t number, uint64_t notAfter = nowMs() + DAY_MS, uint64_t uses = USES,
                unsigned rules = 1) {
  capnp::MallocMessageBuilder message;
  auto policy = message.initRoot<compiled::Policy>();
  policy.setFormat(1);
  policy.setName("hostile");
  auto callers = policy.initCallerSets(1)[0].initMembers(1);
  callers[0].setAnyService();
  auto limit = policy.initLimits(1)[0];
  limit.setId(77);
  limit.setName("a-day");
  limit.setWindow(DAY_MS);
  limit.setMost(uses);
  limit.setUses();
  auto list = policy.initRules(rules);
  for (unsigned i = 1; i < rules; i++) {  // fill the room, allow nothing more
    list[i].setName("rule " + std::to_string(i));
    list[i].setEffect(compiled::Rule::Effect::ALLOW);
    list[i].setActions(1u << 4);
    list[i].setTables(compiled::Rule::Tables::NONE);
  }
  auto rule = list[0];
  rule.setName("texts");
  rule.setEffect(compiled::Rule::Effect::ALLOW);
  rule.setActions(1u << 1);  // sign a message
  rule.setCallers(1);
  rule.setTables(compiled::Rule::Tables::NONE);
  rule.setLimits(1);
  auto words = capnp::messageToFlatArray(message);
  auto body = words.asBytes();
  auto bytes = policyBundleToSign(number, notAfter, Bytes(body.begin(), body.size())).value();
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), key.signing);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return bytes;
}

class Policies : public testing::Test {
 protected:
  explicit Policies(const std::string& more = "")
      : scene({.lines = "allow uid %u operator login service payouts\n" + key().line() + more}) {}

  // One for all, so that the configuration can name it.
  static const PolicyKey& key() {
    static const PolicyKey one;
    return one;
  }

  ErrorCode load(const Octets& bundle, uint64_t peer = 0) {
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initLoadPolicy();
      in.setPeer(peer);
      in.setBundle(reader(Bytes(bundle)));
    });
    settle(reply);
    if (reply.answer().isPolicy()) return NOT_REFUSED;
    return reply.answer().getRefused().getCode();
  }

  uint64_t inForce() {
    Reply reply = scene.link->ask([](auto request) { request.setHealth(); });
    return reply.answer().getHealth().getPolicy().getNumber();
  }

  struct Shown {
    Octets limits;
    std::vector<Octets> floors;
  };
  struct Told {
    ErrorCode code = NOT_REFUSED;
    std::string rule;
    Octets charge;
    bool isSigned = false;
  };

  Told sign(const WalletCopy& wallet, const std::string& text, const Shown& shown = {}) {
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initSign();
      in.initCaller().setPeer(scene.peer);
      auto item = in.initItems(1)[0];
      item.initSelector().setId(reader(wallet.walletId()));
      wallet.fill(item.initWallet());
      item.getWallet().setLimits(reader(Bytes(shown.limits)));
      auto floors = item.getWallet().initFloors(static_cast<unsigned>(shown.floors.size()));
      for (unsigned i = 0; i < shown.floors.size(); i++) floors.set(i, reader(Bytes(shown.floors[i])));
      item.setMessage(reader(text));
    });
    settle(reply);
    auto outcome = reply.answer().getSigned()[0];
    Told told;
    told.isSigned = outcome.isSignature();
    if (outcome.isCharge()) told.charge = octets(outcome.getCharge());
    if (outcome.isRefused()) {
      told.code = outcome.getRefused().getCode();
      told.rule = outcome.getRefused().getRule();
    }
    return told;
  }

  // What an honest broker does: commits the charge and asks again. Returns the row that stands then.
  Octets charged(const WalletCopy& wallet, const std::string& text, const Octets& row = {}) {
    Told told = sign(wallet, text, {row, {}});
    EXPECT_FALSE(told.charge.empty());
    EXPECT_TRUE(sign(wallet, text, {told.charge, {}}).isSigned);
    return told.charge;
  }

  void settle(Reply& reply) {
    if (reply.get().getAudit().size() > 0) scene.link->acknowledge(reply.get().getHead().getSequence());
  }

  static Octets floorOf(const Octets& row) { return Octets(row.begin(), row.begin() + FLOOR_BYTES); }

  Scene scene;
};

TEST_F(Policies, V40_WithoutAPolicyNothingIsSigned) {
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w");
  EXPECT_EQ(sign(wallet, "text").code, ErrorCode::DENIED_BY_POLICY);
  EXPECT_EQ(load(bundleOf(key(), 1)), NOT_REFUSED);
  EXPECT_FALSE(sign(wallet, "text").charge.empty());
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, wallet), ErrorCode::DENIED_BY_POLICY)
      << "no rule allows transactions";
}

TEST_F(Policies, V40_ForgedBundlesAreRefusedAndTheOldOneStays) {
  ASSERT_EQ(load(bundleOf(key(), 5)), NOT_REFUSED);
  PolicyKey other;
  EXPECT_EQ(load(bundleOf(other, 6, nowMs() + DAY_MS, 1000)), ErrorCode::POLICY_REFUSED);
  EXPECT_EQ(load(bundleOf(key(), 4)), ErrorCode::POLICY_REFUSED);
  EXPECT_EQ(load(bundleOf(key(), 5, nowMs() + DAY_MS, 1000)), ErrorCode::POLICY_REFUSED)
      << "another one with its number";
  EXPECT_EQ(load(bundleOf(key(), 6, nowMs() - 1)), ErrorCode::POLICY_REFUSED) << "expired";
  EXPECT_EQ(load({}), ErrorCode::POLICY_REFUSED);
  Octets good = bundleOf(key(), 6);
  for (size_t bit = 0; bit < good.size() * 8; bit += 37) {
    Octets flipped = good;
    flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    ASSERT_EQ(load(flipped), ErrorCode::POLICY_REFUSED) << bit;
  }
  EXPECT_EQ(load(good, 12345), ErrorCode::NOT_ALLOWED) << "in the name of a connection that is none";
  EXPECT_EQ(inForce(), 5u);
  EXPECT_EQ(load(good), NOT_REFUSED);
  EXPECT_EQ(load(good), NOT_REFUSED) << "the very same again";
  EXPECT_EQ(inForce(), 6u);
}

TEST_F(Policies, V40_TheLargestPoliciesFitAndReplaceEachOther) {
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w");
  constexpr unsigned RULES = 1'450;
  for (uint64_t number = 1; number <= 20; number++) {
    Octets bundle = bundleOf(key(), number, nowMs() + DAY_MS, USES, RULES);
    EXPECT_GT(bundle.size(), 110'000u);
    ASSERT_EQ(load(bundle), NOT_REFUSED) << number;
    ASSERT_FALSE(sign(wallet, "text").charge.empty());
  }
}

TEST_F(Policies, V40_AnExpiredPolicyDenies) {
  uint64_t end = nowMs() + 1'500;
  ASSERT_EQ(load(bundleOf(key(), 1, end)), NOT_REFUSED);
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w");
  ASSERT_FALSE(sign(wallet, "text").charge.empty());
  Told told;
  while (told.code == NOT_REFUSED && nowMs() < end + 20'000) told = sign(wallet, "text");
  EXPECT_EQ(told.code, ErrorCode::DENIED_BY_POLICY);
  EXPECT_GT(nowMs(), end);
  EXPECT_EQ(load(bundleOf(key(), 2)), NOT_REFUSED);
  EXPECT_FALSE(sign(wallet, "text").charge.empty());
}

TEST_F(Policies, V41_ALimitHoldsWhateverRowIsShown) {
  ASSERT_EQ(load(bundleOf(key(), 1)), NOT_REFUSED);
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w"), other = serviceWallet(*scene.link, scene.peer, "o");
  Octets first = charged(wallet, "one");
  Octets second = charged(wallet, "two", first);
  Octets another = charged(other, "one");

  Told full = sign(wallet, "three", {second, {}});
  EXPECT_EQ(full.code, ErrorCode::DENIED_BY_POLICY);
  EXPECT_EQ(full.rule, "texts");
  EXPECT_EQ(sign(wallet, "three", {first, {}}).code, ErrorCode::ROLLED_BACK) << "an old row";
  EXPECT_EQ(sign(wallet, "three").code, ErrorCode::ROLLED_BACK) << "no row";
  EXPECT_EQ(sign(wallet, "three", {another, {}}).code, ErrorCode::RECORD_REFUSED) << "another wallet's row";
  EXPECT_TRUE(sign(wallet, "two", {second, {}}).isSigned) << "charged before";
  for (size_t bit = 0; bit < second.size() * 8; bit += 41) {
    Octets flipped = second;
    flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    ASSERT_EQ(sign(wallet, "three", {flipped, {}}).code, ErrorCode::RECORD_REFUSED) << bit;
  }
  Octets cut(second.begin(), second.end() - 1);
  EXPECT_EQ(sign(wallet, "three", {cut, {}}).code, ErrorCode::RECORD_REFUSED);
}

TEST_F(Policies, V41_ARowThatWasNeverCommittedBuysNothingTwice) {
  ASSERT_EQ(load(bundleOf(key(), 1)), NOT_REFUSED);
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w");
  Octets first = charged(wallet, "one");
  // Two next rows of one row: each is good for its own message, and the vault remembers the number.
  Octets a = sign(wallet, "a", {first, {}}).charge, b = sign(wallet, "b", {first, {}}).charge;
  ASSERT_FALSE(a.empty() || b.empty());
  EXPECT_TRUE(sign(wallet, "a", {a, {}}).isSigned);
  EXPECT_EQ(sign(wallet, "c", {a, {}}).code, ErrorCode::DENIED_BY_POLICY);
  EXPECT_EQ(sign(wallet, "c", {first, {}}).code, ErrorCode::ROLLED_BACK);
}

TEST_F(Policies, V41_FloorsOutliveTheVault) {
  ASSERT_EQ(load(bundleOf(key(), 1)), NOT_REFUSED);
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w");
  Octets first = charged(wallet, "one");
  Octets second = charged(wallet, "two", first);
  scene.vault.restart();
  scene.reconnect();
  ASSERT_EQ(load(bundleOf(key(), 1)), NOT_REFUSED);
  EXPECT_EQ(sign(wallet, "three", {first, {floorOf(second)}}).code, ErrorCode::ROLLED_BACK);
  EXPECT_EQ(sign(wallet, "three", {{}, {{}, floorOf(second)}}).code, ErrorCode::ROLLED_BACK);
  EXPECT_EQ(sign(wallet, "three", {second, {floorOf(first), floorOf(second)}}).code, ErrorCode::DENIED_BY_POLICY);
  // What is no floor, or another wallet's, is not looked at.
  Octets forged = floorOf(second);
  forged[20] = 9;
  EXPECT_TRUE(sign(wallet, "two", {second, {forged, {}, Octets(57, 1)}}).isSigned);
}

TEST_F(Policies, V41_ItemsOfOneCallShareOneRow) {
  ASSERT_EQ(load(bundleOf(key(), 1)), NOT_REFUSED);
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w");
  Reply reply = scene.link->ask([&](auto request) {
    auto in = request.initSign();
    in.initCaller().setPeer(scene.peer);
    auto items = in.initItems(4);
    for (unsigned i = 0; i < 4; i++) {
      items[i].initSelector().setId(reader(wallet.walletId()));
      wallet.fill(items[i].initWallet());
      items[i].setMessage(reader(std::string(1, static_cast<char>('a' + i % 3))));
    }
  });
  settle(reply);
  auto outcomes = reply.answer().getSigned();
  EXPECT_TRUE(outcomes[0].isCharge());
  EXPECT_EQ(outcomes[0].getCharge().size(), 0u);
  ASSERT_TRUE(outcomes[1].isCharge());
  EXPECT_EQ(outcomes[2].getRefused().getCode(), ErrorCode::DENIED_BY_POLICY);
  EXPECT_TRUE(outcomes[3].isCharge()) << "the same bytes as the first";
  Octets row = octets(outcomes[1].getCharge());
  EXPECT_TRUE(sign(wallet, "a", {row, {}}).isSigned);
  EXPECT_TRUE(sign(wallet, "b", {row, {}}).isSigned);
  EXPECT_EQ(sign(wallet, "c", {row, {}}).code, ErrorCode::DENIED_BY_POLICY);
}

class FlooredPolicies : public Policies {
 protected:
  FlooredPolicies() : Policies("policy_floor 7\n") {}
};

TEST_F(FlooredPolicies, V40_AStartingVaultTakesNothingBelowItsFloor) {
  EXPECT_EQ(load(bundleOf(key(), 6)), ErrorCode::POLICY_REFUSED);
  EXPECT_EQ(inForce(), 0u);
  EXPECT_EQ(load(bundleOf(key(), 7)), NOT_REFUSED);
}

}  // namespace
}  // namespace waas::hostile
