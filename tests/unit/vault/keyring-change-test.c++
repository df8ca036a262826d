#include <gtest/gtest.h>

#include "daemon/vault/envelope.h"
#include "daemon/vault/recovery-envelope.h"
#include "keys-for-tests.h"

namespace waas::vault {
namespace {

using Change = KeyringChange;

class KeyringChanges : public testing::Test {
 protected:
  KeyringChanges() {
    put(root, Octets(32, 0x42));
    first = wrapped(fresh);
    EXPECT_EQ(keyring.load(first, root), KeyringLoaded::LOADED);
  }
  Octets wrapped(const Keyring& of) {
    Octets out(MAX_KEYRING_BYTES);
    out.resize(of.wrap(root, random, out));
    return out;
  }
  Octets handedOut(const Keyring& of) {
    Octets out(MAX_KEYRING_BYTES);
    out.resize(of.wrapAgain(random, out));
    return out;
  }
  std::array<uint8_t, SHARE_ENVELOPE_BYTES> sealedBy(const Keyring& by) {
    std::array<uint8_t, SHARE_ENVELOPE_BYTES> envelope;
    EXPECT_TRUE(sealEnvelope(by, ShareContext{}, share, random, envelope));
    return envelope;
  }
  Opened openedBy(const Keyring& by, Bytes envelope) {
    Secret<32> opened;
    return openEnvelope(by, ShareContext{}, envelope, opened);
  }

  KernelRandom random;
  Secret<32> root, share;
  FreshKeyring fresh;
  Keyring keyring;
  Octets first;
};

TEST_F(KeyringChanges, V36ANewVersionIsWrittenWithOnlyAfterItCameBack) {
  ASSERT_EQ(keyring.addVersion(Purpose::SHARE, random), Change::DONE);
  const Key* second = keyring.find(Purpose::SHARE, 2);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->state(), KeyState::PENDING);
  EXPECT_EQ(keyring.newest(Purpose::SHARE).version(), 1u);
  EXPECT_EQ(keyring.activate(Purpose::SHARE, 2), Change::NOT_KEPT);
  Octets kept = handedOut(keyring);
  ASSERT_FALSE(kept.empty());
  ASSERT_EQ(keyring.install(kept), Change::DONE);
  ASSERT_EQ(keyring.activate(Purpose::SHARE, 2), Change::DONE);
  EXPECT_EQ(keyring.newest(Purpose::SHARE).version(), 2u);
  EXPECT_FALSE(keyring.find(Purpose::SHARE, 1)->newest());

  auto envelope = sealedBy(keyring);
  EXPECT_EQ(envelope[2], 2);
  // After a restart with what was kept it opens; with the old file it is said to be another version, not damaged.
  Keyring restarted, forgetful;
  ASSERT_EQ(restarted.load(kept, root), KeyringLoaded::LOADED);
  EXPECT_EQ(openedBy(restarted, envelope), Opened::OPENED);
  EXPECT_EQ(restarted.newest(Purpose::SHARE).version(), 1u) << "activated on the one host only";
  ASSERT_EQ(forgetful.load(first, root), KeyringLoaded::LOADED);
  EXPECT_EQ(openedBy(forgetful, envelope), Opened::UNKNOWN_KEY_VERSION);
}

TEST_F(KeyringChanges, V36ARetiredVersionOpensNothing) {
  auto old = sealedBy(keyring);
  EXPECT_EQ(keyring.retire(Purpose::SHARE, 1), Change::IN_USE);
  EXPECT_EQ(keyring.retire(Purpose::SHARE, 2), Change::UNKNOWN_KEY);
  ASSERT_EQ(keyring.addVersion(Purpose::SHARE, random), Change::DONE);
  ASSERT_EQ(keyring.install(handedOut(keyring)), Change::DONE);
  ASSERT_EQ(keyring.activate(Purpose::SHARE, 2), Change::DONE);
  EXPECT_EQ(openedBy(keyring, old), Opened::OPENED) << "until it is retired";
  ASSERT_EQ(keyring.retire(Purpose::SHARE, 1), Change::DONE);
  EXPECT_EQ(openedBy(keyring, old), Opened::KEY_RETIRED);
  Keyring restarted;
  ASSERT_EQ(restarted.load(handedOut(keyring), root), KeyringLoaded::LOADED);
  EXPECT_EQ(openedBy(restarted, old), Opened::KEY_RETIRED);
  // It was a mistake: activate it, and the other one again.
  ASSERT_EQ(keyring.activate(Purpose::SHARE, 1), Change::DONE);
  ASSERT_EQ(keyring.activate(Purpose::SHARE, 2), Change::DONE);
  EXPECT_EQ(openedBy(keyring, old), Opened::OPENED);
}

TEST_F(KeyringChanges, V36ARetiredRecordKeyVouchesForNothing) {
  Octets text{1, 2, 3};
  Hash mac = keyring.newest(Purpose::RECORD).hmac().mac({text});
  ASSERT_EQ(keyring.addVersion(Purpose::RECORD, random), Change::DONE);
  ASSERT_EQ(keyring.install(handedOut(keyring)), Change::DONE);
  ASSERT_EQ(keyring.activate(Purpose::RECORD, 2), Change::DONE);
  EXPECT_TRUE(keyring.verifies(Purpose::RECORD, {text}, mac));
  ASSERT_EQ(keyring.retire(Purpose::RECORD, 1), Change::DONE);
  EXPECT_FALSE(keyring.verifies(Purpose::RECORD, {text}, mac));
}

TEST_F(KeyringChanges, WhatClientsHoldIsNotChangedWhileRunning) {
  for (Purpose purpose : {Purpose::SALT, Purpose::SEALING, Purpose::ANSWER, Purpose::AUDIT}) {
    EXPECT_EQ(keyring.addVersion(purpose, random), Change::FIXED_PURPOSE);
    EXPECT_EQ(keyring.retire(purpose, 1), Change::FIXED_PURPOSE);
  }
}

TEST_F(KeyringChanges, AFullKeyringRefuses) {
  while (keyring.keys().size() < MAX_KEYS) ASSERT_EQ(keyring.addVersion(Purpose::TOKEN, random), Change::DONE);
  EXPECT_EQ(keyring.addVersion(Purpose::TOKEN, random), Change::FULL);
  Octets all = handedOut(keyring);
  ASSERT_FALSE(all.empty());
  Keyring restarted;
  EXPECT_EQ(restarted.load(all, root), KeyringLoaded::LOADED);
}

TEST_F(KeyringChanges, V29TheOldFormIsWrittenAsLongAsItCanSayEverything) {
  EXPECT_EQ(handedOut(keyring).size(), first.size());
  ASSERT_EQ(keyring.addVersion(Purpose::SHARE, random), Change::DONE);
  EXPECT_EQ(handedOut(keyring).size(), first.size() + 2 + KEYRING_ENTRY_BYTES + keyring.keys().size());
}

TEST_F(KeyringChanges, V29InstallsNothingThatLacksOrContradictsAKey) {
  ASSERT_EQ(keyring.addVersion(Purpose::SHARE, random), Change::DONE);
  Octets mine = handedOut(keyring);
  FreshKeyring stranger(77);
  std::vector<Octets> refused = {first, wrapped(stranger), Octets(), Octets(60), Octets(MAX_KEYRING_BYTES + 1)};
  for (size_t i = 0; i < mine.size(); i += 7) {
    Octets changed = mine;
    changed[i] ^= 1;
    refused.push_back(changed);
    refused.push_back(Octets(mine.begin(), mine.begin() + static_cast<ptrdiff_t>(i)));
  }
  Secret<32> otherRoot;
  put(otherRoot, Octets(32, 0x43));
  Octets elsewhere(MAX_KEYRING_BYTES);
  elsewhere.resize(keyring.wrap(otherRoot, random, elsewhere));
  refused.push_back(elsewhere);
  for (const Octets& file : refused) EXPECT_EQ(keyring.install(file), Change::REFUSED);
  EXPECT_FALSE(keyring.find(Purpose::SHARE, 2)->isKept());
  EXPECT_EQ(keyring.keys().size(), PURPOSES + 1);
}

TEST_F(KeyringChanges, TwoHostsComeTogether) {
  Keyring other;
  ASSERT_EQ(other.load(first, root), KeyringLoaded::LOADED);
  ASSERT_EQ(keyring.addVersion(Purpose::SHARE, random), Change::DONE);
  Octets file = handedOut(keyring);
  ASSERT_EQ(keyring.install(file), Change::DONE);
  ASSERT_EQ(other.install(file), Change::DONE);
  ASSERT_EQ(keyring.activate(Purpose::SHARE, 2), Change::DONE);
  EXPECT_EQ(openedBy(other, sealedBy(keyring)), Opened::OPENED) << "pending opens";
  ASSERT_EQ(other.install(handedOut(keyring)), Change::DONE);
  EXPECT_EQ(other.newest(Purpose::SHARE).version(), 2u);
  // Two that were made apart have one number and two keys: neither host takes the other's.
  ASSERT_EQ(keyring.addVersion(Purpose::TOKEN, random), Change::DONE);
  ASSERT_EQ(other.addVersion(Purpose::TOKEN, random), Change::DONE);
  EXPECT_EQ(other.install(handedOut(keyring)), Change::REFUSED);
}

TEST_F(KeyringChanges, V29KeysAreReadOnlyBeforeAndAfterEachChange) {
  auto* byte = const_cast<uint8_t*>(keyring.pages().data()) + 64;
  EXPECT_DEATH(*static_cast<volatile uint8_t*>(byte) = 1, "");
  ASSERT_EQ(keyring.addVersion(Purpose::SHARE, random), Change::DONE);
  EXPECT_DEATH(*static_cast<volatile uint8_t*>(byte) = 1, "");
}

TEST_F(KeyringChanges, V37ALentKeyIsInNoKeyringThatIsHandedOut) {
  Secret<32> half;
  ASSERT_TRUE(keyring.newest(Purpose::RECOVERY).copyPrivate(half));
  ASSERT_EQ(keyring.forgetRecovery(), Change::DONE);
  Octets without = handedOut(keyring);
  EXPECT_FALSE(keyring.newest(Purpose::RECOVERY).hasPrivate());
  ASSERT_EQ(keyring.lendRecovery(1, half), Change::DONE);
  EXPECT_TRUE(keyring.newest(Purpose::RECOVERY).hasPrivate());
  Secret<32> none;
  EXPECT_FALSE(keyring.newest(Purpose::RECOVERY).copyPrivate(none)) << "what is lent is not split again";
  Keyring restarted;
  ASSERT_EQ(restarted.load(handedOut(keyring), root), KeyringLoaded::LOADED);
  EXPECT_FALSE(restarted.newest(Purpose::RECOVERY).hasPrivate());
  ASSERT_EQ(keyring.returnRecovery(), Change::DONE);
  EXPECT_FALSE(keyring.newest(Purpose::RECOVERY).hasPrivate());
  Secret<32> wrong;
  put(wrong, Octets(32, 9));
  EXPECT_EQ(keyring.lendRecovery(1, wrong), Change::REFUSED);
  EXPECT_EQ(keyring.lendRecovery(2, half), Change::UNKNOWN_KEY);
  // A keyring from before brings it back, and one from after takes it away.
  ASSERT_EQ(keyring.install(first), Change::DONE);
  EXPECT_TRUE(keyring.newest(Purpose::RECOVERY).hasPrivate());
  ASSERT_EQ(keyring.install(without), Change::DONE);
  EXPECT_FALSE(keyring.newest(Purpose::RECOVERY).hasPrivate());
}

TEST_F(KeyringChanges, V37NoRecordIsLeftThatNobodyCanOpen) {
  ASSERT_EQ(keyring.addVersion(Purpose::RECOVERY, random), Change::DONE);
  ASSERT_EQ(keyring.install(handedOut(keyring)), Change::DONE);
  ASSERT_EQ(keyring.activate(Purpose::RECOVERY, 2), Change::DONE);
  EXPECT_EQ(keyring.forgetRecovery(), Change::IN_USE) << "version 1 may still protect something";
  ASSERT_EQ(keyring.retire(Purpose::RECOVERY, 1), Change::DONE);
  ASSERT_EQ(keyring.forgetRecovery(), Change::DONE);
  EXPECT_FALSE(keyring.find(Purpose::RECOVERY, 1)->hasPrivate());
}

TEST_F(KeyringChanges, WithoutTheRootCredentialNothingIsHandedOut) {
  EXPECT_TRUE(handedOut(fresh).empty()) << "it was made, not loaded";
  EXPECT_EQ(fresh.install(first), Change::REFUSED);
}

}  // namespace
}  // namespace waas::vault
