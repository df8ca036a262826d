// P7: the vault takes a compiled policy only if every field of it is as it must be.
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>
#include <protocol/policy.capnp.h>

#include <random>

#include "transactions.h"

namespace waas::policy {
namespace {

namespace rpc = protocol::compiled;

/// Bytes of an example, changed by `change`.
template <typename Change>
const char* readChanged(Change change, Policy& out) {
  auto read = file::readPolicyFile(R"(
format = 1
name = "n"
[mints]
USDC = { address = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", decimals = 6 }
[lists]
a = ["7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2"]
[limits.l]
amount = "1 USDC"
per = "1 day"
[limits.m]
uses = 1
per = "1 day"
[[allow]]
name = "one"
actions = ["sign-transaction"]
callers = ["person", "service x"]
owners = ["service x"]
wallets = ["name y", "address 7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2"]
operations = ["transfer"]
assets = ["USDC"]
destinations = ["list a"]
max-fee = "any"
max-amounts = ["1 USDC", "1 SOL"]
limits = ["l", "m"]
[[deny]]
name = "two"
)");
  EXPECT_FALSE(read.failed());
  auto bytes = *file::compile(read.file);
  std::vector<capnp::word> words(bytes.size() / 8);
  memcpy(words.data(), bytes.data(), bytes.size());
  capnp::FlatArrayMessageReader reader(kj::arrayPtr(words.data(), words.size()));
  capnp::MallocMessageBuilder message(1 << 14);
  message.setRoot(reader.getRoot<rpc::Policy>());
  change(message.getRoot<rpc::Policy>());
  auto flat = capnp::messageToFlatArray(message);
  return readPolicy(Bytes(flat.asBytes().begin(), flat.asBytes().size()), out);
}

template <typename Change>
bool refused(Change change) {
  Policy policy;
  policy.number = 77;
  const char* why = readChanged(change, policy);
  EXPECT_TRUE(why == nullptr || policy.number == 77) << "a refused policy was written";
  return why != nullptr;
}

TEST(P7CompiledPolicy, TakesWhatTheCompilerMakes) {
  EXPECT_FALSE(refused([](rpc::Policy::Builder) {}));
}

TEST(P7CompiledPolicy, RefusesEachFieldThatIsOutOfItsBounds) {
  using P = rpc::Policy::Builder;
  EXPECT_TRUE(refused([](P p) { p.setFormat(2); }));
  EXPECT_TRUE(refused([](P p) { p.setName(std::string(65, 'x').c_str()); }));
  EXPECT_TRUE(refused([](P p) { p.setName("a\nb"); }));
  EXPECT_TRUE(refused([](P p) { p.initAddresses(33); }));
  EXPECT_TRUE(refused([](P p) { p.initAddresses(64); }));  // the same address twice
  EXPECT_TRUE(refused([](P p) { p.initAddresses(0); }));   // what sets name is not there
  EXPECT_TRUE(refused([](P p) { p.initAddressSets(0); }));
  EXPECT_TRUE(refused([](P p) { p.initAddressSets(1'025); }));
  EXPECT_TRUE(refused([](P p) {
    auto members = p.getAddressSets()[0].initMembers(2);
    members.set(0, 1);
    members.set(1, 0);
  }));
  EXPECT_TRUE(refused([](P p) { p.getAddressSets()[0].initMembers(1).set(0, 999); }));
  EXPECT_TRUE(refused([](P p) { p.getCallerSets()[0].getMembers()[0].initPerson(15); }));
  EXPECT_TRUE(refused([](P p) { p.getCallerSets()[0].getMembers()[0].initService().initId(16); }));
  EXPECT_TRUE(refused([](P p) { p.getOwnerSets()[0].getMembers()[0].initPerson(17); }));
  EXPECT_TRUE(refused([](P p) { p.getWalletSets()[0].getMembers()[0].setAddress(999); }));
  EXPECT_TRUE(refused([](P p) { p.getWalletSets()[0].getMembers()[0].setName(""); }));
  EXPECT_TRUE(refused([](P p) { p.getAmountSets()[0].getMembers()[0].setAsset(999); }));
  EXPECT_TRUE(refused([](P p) {
    for (auto amount : p.getAmountSets()[0].getMembers()) amount.setAsset(0);
  }));
  EXPECT_TRUE(refused([](P p) { p.getLimits()[0].setId(0); }));
  EXPECT_TRUE(refused([](P p) { p.getLimits()[0].setId(p.getLimits()[1].getId()); }));
  EXPECT_TRUE(refused([](P p) { p.getLimits()[0].setWindow(0); }));
  EXPECT_TRUE(refused([](P p) { p.getLimits()[0].setWindow(UINT64_MAX); }));
  EXPECT_TRUE(refused([](P p) { p.getLimits()[0].setAsset(999); }));
  EXPECT_TRUE(refused([](P p) { p.initLimits(33); }));
  EXPECT_TRUE(refused([](P p) { p.initLimits(0); }));
  EXPECT_TRUE(refused([](P p) { p.getMints()[0].setDecimals(20); }));
  EXPECT_TRUE(refused([](P p) { p.getMints()[0].setAddress(999); }));
  EXPECT_TRUE(refused([](P p) { p.getTokenAccounts()[0].setOwner(999); }));
  EXPECT_TRUE(refused([](P p) { p.getTokenAccounts()[1].setAddress(p.getTokenAccounts()[0].getAddress()); }));
  EXPECT_TRUE(refused([](P p) { p.initRules(2'001); }));
}

TEST(P7CompiledPolicy, RefusesRulesThatAreNone) {
  auto rule = [](auto change) { return refused([&](rpc::Policy::Builder p) { change(p.getRules()[0]); }); };
  using R = rpc::Rule::Builder;
  EXPECT_TRUE(rule([](R r) { r.setName(""); }));
  EXPECT_TRUE(rule([](R r) { r.setName("two"); }));
  EXPECT_TRUE(rule([](R r) { r.setEffect(rpc::Rule::Effect::NONE); }));
  EXPECT_TRUE(rule([](R r) { r.setEffect(static_cast<rpc::Rule::Effect>(3)); }));
  EXPECT_TRUE(rule([](R r) { r.setEffect(rpc::Rule::Effect::DENY); }));
  EXPECT_TRUE(rule([](R r) { r.setActions(0); }));
  EXPECT_TRUE(rule([](R r) { r.setActions(1 << 8); }));
  EXPECT_TRUE(rule([](R r) { r.setOperations(1 << 14); }));
  EXPECT_TRUE(rule([](R r) { r.setCallers(9); }));
  EXPECT_TRUE(rule([](R r) { r.setWallets(9); }));
  EXPECT_TRUE(rule([](R r) { r.setOwners(9); }));
  EXPECT_TRUE(rule([](R r) { r.setPrograms(99); }));
  EXPECT_TRUE(rule([](R r) { r.setBlind(99); }));
  EXPECT_TRUE(rule([](R r) { r.setAssets(99); }));
  EXPECT_TRUE(rule([](R r) { r.setDestinations(99); }));
  EXPECT_TRUE(rule([](R r) { r.setOtherSigners(99); }));
  EXPECT_TRUE(rule([](R r) { r.setReceive(99); }));
  EXPECT_TRUE(rule([](R r) { r.setAmounts(99); }));
  EXPECT_TRUE(rule([](R r) { r.setLimits(1 << 5); }));
  EXPECT_TRUE(rule([](R r) { r.setMaxSlippage(10'001); }));
  EXPECT_TRUE(rule([](R r) { r.setMaxPlatformFee(10'001); }));
  EXPECT_TRUE(rule([](R r) { r.setTables(static_cast<rpc::Rule::Tables>(7)); }));
}

TEST(P7CompiledPolicy, DamagedBytesAreRefusedOrReadWhole) {
  std::vector<std::uint8_t> good = *file::compile(file::readPolicyFile("format = 1\n[[deny]]\nname = \"d\"\n").file);
  Policy policy;
  ASSERT_EQ(readPolicy(good, policy), nullptr);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(readPolicy(Bytes(good).first(size), policy), nullptr);
  }
  auto longer = good;
  longer.resize(good.size() + 8);
  EXPECT_NE(readPolicy(longer, policy), nullptr);
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    auto bad = good;
    for (unsigned n = random() % 4 + 1; n > 0; --n) bad[random() % bad.size()] = static_cast<std::uint8_t>(random());
    Policy read;
    if (readPolicy(bad, read) == nullptr) ask(read, {transferSol(WALLET, STRANGER, 1)});
  }
}

}  // namespace
}  // namespace waas::policy
