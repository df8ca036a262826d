// Key versions and custody as an operator asks for them, and what they do to wallets meanwhile.
#include <gtest/gtest.h>

#include "daemon/vault/custody.h"
#include "row-for-tests.h"

namespace waas::vault {
namespace {

using Why = rpc::Advance::Why;

// A keyring that was loaded under a root credential, as a vault's is.
struct LoadedKeyring : Keyring {
  LoadedKeyring() {
    FreshKeyring fresh;
    Secret<32> root;
    put(root, Octets(32, 0x42));
    KernelRandom random;
    Octets file(MAX_KEYRING_BYTES);
    file.resize(fresh.wrap(root, random, file));
    if (load(file, root) != KeyringLoaded::LOADED) abort();
  }
};

class KeyRequests : public testing::Test {
 protected:
  KeyRequests() : scene(keyring) { scene.test.service.changeable = &keyring; }

  using Change = std::function<void(rpc::KeysRequest::Builder)>;
  rpc::Answer::Reader keys(const Change& change, uint64_t by = 0) {
    return scene.test.askOne([&](auto request) {
      auto in = request.initKeys();
      in.setPeer(by == 0 ? scene.asOperator : by);
      change(in);
    });
  }
  rpc::Answer::Reader custody(const std::function<void(rpc::CustodyRequest::Builder)>& change, uint64_t by = 0) {
    return scene.test.askOne([&](auto request) {
      auto in = request.initCustody();
      in.setPeer(by == 0 ? scene.asOperator : by);
      change(in);
    });
  }
  static void name(rpc::KeysRequest::KeyName::Builder to, const char* purpose, uint32_t version) {
    to.setPurpose(purpose);
    to.setVersion(version);
  }
  ErrorCode addAndActivate(const char* purpose, uint32_t version) {
    auto added = keys([&](auto in) { in.setAdd(purpose); });
    if (added.isRefused()) return added.getRefused().getCode();
    Octets file = octets(added.getKeys().getKeyring());
    auto installed = keys([&](auto in) { in.setInstall(reader(file)); });
    if (installed.isRefused()) return installed.getRefused().getCode();
    return codeOf(keys([&](auto in) { name(in.initActivate(), purpose, version); }));
  }

  LoadedKeyring keyring;
  LifeScene scene;
};

TEST_F(KeyRequests, ListsVersionsAndTheirStates) {
  auto answer = keys([](auto in) { in.setList(); });
  ASSERT_TRUE(answer.isKeys());
  EXPECT_EQ(answer.getKeys().getVersions().size(), PURPOSES);
  EXPECT_EQ(answer.getKeys().getKeyring().size(), 0u);
  EXPECT_EQ(scene.test.reply().getAudit().size(), 0u);
  keys([](auto in) { in.setAdd("share"); });
  EXPECT_EQ(scene.lastEvent().event, AuditEvent::KEYS_CHANGED);
  EXPECT_EQ(scene.lastEvent().uid, 78u);
  answer = keys([](auto in) { in.setList(); });
  auto last = answer.getKeys().getVersions()[PURPOSES];
  EXPECT_EQ(last.getPurpose(), "share");
  EXPECT_EQ(last.getVersion(), 2u);
  EXPECT_EQ(last.getState(), rpc::Health::KeyState::PENDING);
  EXPECT_FALSE(last.getNewest());
}

TEST_F(KeyRequests, V36RotationWrapsUnderTheNewestVersionAndTheOldOneCanBeRetired) {
  LifeScene second(keyring);  // with a wallet that is not wrapped anew
  ASSERT_EQ(codeOf(keys([](auto in) { in.setAdd("share"); })), NOT_REFUSED);
  EXPECT_EQ(codeOf(keys([](auto in) { name(in.initActivate(), "share", 2); })), ErrorCode::INVALID_REQUEST)
      << "it has not come back from where it is kept";
  RowForTests stillOld = RowForTests::of(scene.advance(scene.wallet, Why::REWRAP).getWallet());
  EXPECT_EQ(stillOld.shares[0][2], 1);
  ASSERT_EQ(addAndActivate("recovery", 2), NOT_REFUSED);
  ASSERT_EQ(codeOf(keys([](auto in) { name(in.initActivate(), "share", 2); })), NOT_REFUSED);
  EXPECT_EQ(codeOf(keys([](auto in) { name(in.initRetire(), "share", 2); })), ErrorCode::KEY_IN_USE);

  EXPECT_EQ(scene.sign(scene.wallet), NOT_REFUSED);
  RowForTests next = RowForTests::of(scene.advance(scene.wallet, Why::REWRAP).getWallet());
  for (auto& share : next.shares) EXPECT_EQ(share[2], 2);
  EXPECT_EQ(next.recovery[2], 2);
  EXPECT_EQ(scene.sign(next), NOT_REFUSED);
  ASSERT_EQ(codeOf(keys([](auto in) { name(in.initRetire(), "share", 1); })), NOT_REFUSED);
  EXPECT_EQ(scene.sign(next), NOT_REFUSED);

  // What was not wrapped anew is refused by its own name, and nothing repairs it.
  EXPECT_EQ(scene.sign(second.wallet), ErrorCode::KEY_VERSION_UNKNOWN);
  for (Why why : {Why::DUE, Why::MISSING, Why::DAMAGED}) {
    auto refused = scene.advance(second.wallet, why);
    EXPECT_EQ(codeOf(refused), ErrorCode::KEY_VERSION_UNKNOWN);
    EXPECT_EQ(refused.getRefused().getDetail(), "share: its key was retired");
  }
}

TEST_F(KeyRequests, V36RotationFreesARowFromAnOldRecordKey) {
  LifeScene second(keyring);
  ASSERT_EQ(addAndActivate("record", 2), NOT_REFUSED);
  RowForTests next = RowForTests::of(scene.advance(scene.wallet, Why::REWRAP).getWallet());
  EXPECT_NE(next.mac, scene.wallet.mac);
  ASSERT_EQ(codeOf(keys([](auto in) { name(in.initRetire(), "record", 1); })), NOT_REFUSED);
  EXPECT_EQ(scene.sign(next), NOT_REFUSED);
  EXPECT_EQ(scene.sign(second.wallet), ErrorCode::RECORD_REFUSED) << "its certificate is vouched for by no key";
}

TEST_F(KeyRequests, OnlyOperatorsAskAndOnlyForWhatThereIs) {
  for (uint64_t by : {scene.peer, uint64_t{0x99}}) {
    EXPECT_EQ(codeOf(keys([](auto in) { in.setList(); }, by)), ErrorCode::NOT_ALLOWED);
    EXPECT_EQ(codeOf(custody([](auto in) { in.setForget(); }, by)), ErrorCode::NOT_ALLOWED);
  }
  for (const char* purpose : {"", "shares", "salt", "audit"}) {
    EXPECT_NE(codeOf(keys([&](auto in) { in.setAdd(purpose); })), NOT_REFUSED) << purpose;
    EXPECT_NE(codeOf(keys([&](auto in) { name(in.initActivate(), purpose, 9); })), NOT_REFUSED) << purpose;
    EXPECT_NE(codeOf(keys([&](auto in) { name(in.initRetire(), purpose, 1); })), NOT_REFUSED) << purpose;
  }
  EXPECT_EQ(codeOf(keys([](auto in) { in.setInstall(reader("junk")); })), ErrorCode::INVALID_REQUEST);
  auto answers = scene.test.ask([&](rpc::Record::Builder record) {
    auto requests = record.initRequests(2);
    requests[0].setHealth();
    auto in = requests[1].initKeys();
    in.setPeer(scene.asOperator);
    in.setAdd("share");
  });
  EXPECT_EQ(answers[0].getHealth().getKeys().size(), PURPOSES);
  EXPECT_EQ(answers[1].getKeys().getVersions().size(), PURPOSES + 1) << "beside others, too";
}

TEST_F(KeyRequests, V37CustodiansLendTheKeyForOneRecovery) {
  std::vector<PublicKey> people(3);
  std::vector<std::array<uint8_t, 32>> secrets(3);
  for (size_t i = 0; i < 3; i++) crypto_box_keypair(people[i].data(), secrets[i].data());
  EXPECT_EQ(codeOf(custody([](auto in) { in.setForget(); })), ErrorCode::INVALID_REQUEST) << "the only copy";
  auto toAll = [&](rpc::CustodyRequest::Builder in) {
    auto to = in.initSplit();
    to.setThreshold(2);
    auto list = to.initRecipients(3);
    for (unsigned i = 0; i < 3; i++) list.set(i, reader(people[i]));
  };
  scene.test.config.custodians = {people[0], people[1]};
  EXPECT_EQ(codeOf(custody(toAll)), ErrorCode::NOT_ALLOWED) << "one of them is nobody that root has named";
  scene.test.config.custodians = people;
  auto split = custody(toAll);
  ASSERT_TRUE(split.isCustody());
  EXPECT_EQ(scene.lastEvent().event, AuditEvent::CUSTODY_CHANGED);
  std::vector<Octets> parts;
  for (auto part : scene.test.reply().getAnswers()[0].getCustody().getParts()) parts.push_back(octets(part));
  ASSERT_EQ(parts.size(), 3u);
  auto forgotten = custody([](auto in) { in.setForget(); });
  ASSERT_TRUE(forgotten.isCustody());
  EXPECT_FALSE(forgotten.getCustody().getHeld());
  EXPECT_GT(forgotten.getCustody().getKeyring().size(), 0u) << "the keyring without it, to be kept";

  RowForTests lost = scene.wallet.without(1);
  EXPECT_EQ(codeOf(scene.advance(lost, Why::MISSING)), ErrorCode::RECOVERY_KEY_ABSENT);
  EXPECT_EQ(scene.sign(lost, 0b010), ErrorCode::RECOVERY_KEY_ABSENT);
  EXPECT_TRUE(scene.advance(scene.wallet, Why::DUE).isWallet()) << "rotation needs the public half only";

  auto giveBox = [&](size_t i) {
    Octets plain(CUSTODY_BOX_MAGIC.size() + CUSTODY_PART_BYTES),
        give(CUSTODY_GIVE_MAGIC.begin(), CUSTODY_GIVE_MAGIC.end());
    EXPECT_EQ(
        crypto_box_seal_open(plain.data(), parts[i].data(), CUSTODY_BOX_BYTES, people[i].data(), secrets[i].data()), 0);
    give.resize(give.size() + 8);
    ByteWriter(std::span(give).last(8)).u64(scene.test.clock.time);
    give.insert(give.end(), plain.begin() + CUSTODY_BOX_MAGIC.size(), plain.end());
    Octets box(give.size() + SEALED_BOX_OVERHEAD);
    crypto_box_seal(box.data(), give.data(), give.size(), keyring.publicKeys().sealing.data());
    return box;
  };
  auto gave = [&](size_t i) {
    Octets box = giveBox(i);
    auto answer = custody([&](auto in) { in.setPart(reader(box)); });
    return answer.isCustody() && answer.getCustody().getHeld();
  };
  EXPECT_FALSE(gave(0));
  EXPECT_EQ(codeOf(scene.advance(lost, Why::MISSING)), ErrorCode::RECOVERY_KEY_ABSENT);
  EXPECT_TRUE(gave(2));
  EXPECT_TRUE(scene.advance(lost, Why::MISSING).isWallet());
  EXPECT_TRUE(custody([](auto in) { in.setForget(); }).isCustody());
  EXPECT_EQ(codeOf(scene.advance(lost, Why::MISSING)), ErrorCode::RECOVERY_KEY_ABSENT);

  // And if nobody says that it is over, time does.
  EXPECT_FALSE(gave(1));
  EXPECT_TRUE(gave(2));
  EXPECT_TRUE(scene.advance(lost, Why::MISSING).isWallet());
  scene.test.clock.time += CUSTODY_HELD_MS;
  EXPECT_EQ(codeOf(scene.advance(lost, Why::MISSING)), ErrorCode::RECOVERY_KEY_ABSENT);
  EXPECT_FALSE(keyring.newest(Purpose::RECOVERY).hasPrivate());
}

TEST_F(KeyRequests, AVaultWithoutAKeyringToChangeSaysSo) {
  scene.test.service.changeable = nullptr;
  EXPECT_EQ(codeOf(keys([](auto in) { in.setAdd("share"); })), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(codeOf(custody([](auto in) { in.setForget(); })), ErrorCode::NOT_ALLOWED);
}

}  // namespace
}  // namespace waas::vault
