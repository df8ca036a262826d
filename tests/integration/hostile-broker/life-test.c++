// The life of a wallet's key, against the real vault in its sandbox: what a broker that has gone over to the attacker
// gets out of rotation, import, export, deletion, key versions and custody. Nothing.
#include <gtest/gtest.h>

#include "person.h"
#include "protocol/floor.h"
#include "protocol/key-box.h"

namespace waas::hostile {
namespace {

using Why = rpc::Advance::Why;

// A row with all that the stores keep besides.
struct LifeCopy : WalletCopy {
  Octets recovery;
  std::vector<Octets> floors;

  static LifeCopy of(rpc::Wallet::Reader from) {
    LifeCopy copy;
    static_cast<WalletCopy&>(copy) = WalletCopy::of(from);
    copy.recovery = octets(from.getRecovery());
    for (auto floor : from.getFloors()) copy.floors.push_back(octets(floor));
    return copy;
  }
  void fill(rpc::Wallet::Builder to) const {
    WalletCopy::fill(to);
    to.setRecovery(reader(Bytes(recovery)));
    auto list = to.initFloors(static_cast<unsigned>(floors.size()));
    for (unsigned i = 0; i < floors.size(); i++) list.set(i, reader(Bytes(floors[i])));
  }
};

class Life : public testing::Test {
 protected:
  Life() {
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initCreateWallet();
      in.initCaller().setPeer(scene.peer);
      in.setName("mine");
    });
    mine = LifeCopy::of(reply.answer().getWallet());
    EXPECT_TRUE(alice.signUp(*scene.link).answer().isSignedUp());
    crypto_box_keypair(clientKey.data(), clientSecret.data());
  }
  Reply advance(const LifeCopy& row, Why why, uint64_t by = 0) {
    return scene.link->ask([&](auto request) {
      auto in = request.initAdvance();
      row.fill(in.initWallet());
      in.setWhy(why);
      in.setPeer(by);
    });
  }
  ErrorCode advanced(const LifeCopy& row, Why why, uint64_t by = 0) {
    return refusalOf(advance(row, why, by).answer());
  }
  Reply keys(const std::function<void(rpc::KeysRequest::Builder)>& fill, uint64_t by) {
    return scene.link->ask([&](auto request) {
      auto in = request.initKeys();
      in.setPeer(by);
      fill(in);
    });
  }
  // Alice's honest export, with whatever is changed on the way.
  ErrorCode exports(const std::function<void(rpc::ExportWallet::Builder)>& change) {
    Octets key(clientKey.begin(), clientKey.end());
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initExportWallet();
      alice.fillCaller(in.initCaller(), Call::EXPORT_WALLET, {{0}, {}, key});
      in.initSelector().setFirst();
      alice.wallet.fill(in.initWallet());
      in.setClientKey(reader(Bytes(key)));
      change(in);
    });
    return refusalOf(reply.answer());
  }

  Scene scene;
  LifeCopy mine;
  Person alice{scene.vault.publicKeys(), scene.peer, "alice@example.org"};
  PublicKey clientKey;
  std::array<uint8_t, 32> clientSecret;
};

TEST_F(Life, V34RotatesInTheSandboxAndNothingElseComesOfIt) {
  LifeCopy previous = mine;
  for (int round = 0; round < 5; round++) {
    Reply reply = advance(previous, Why::DUE);
    ASSERT_TRUE(reply.answer().isWallet());
    LifeCopy next = LifeCopy::of(reply.answer().getWallet());
    EXPECT_EQ(serviceSigns(*scene.link, scene.peer, next), NOT_REFUSED);
    // Old and new, however mixed.
    for (size_t i = 0; i < 3; i++) {
      LifeCopy mixed = next;
      mixed.shares[i] = previous.shares[i];
      EXPECT_EQ(serviceSigns(*scene.link, scene.peer, mixed), ErrorCode::RECORD_REFUSED);
      EXPECT_EQ(advanced(mixed, Why::REWRAP), ErrorCode::RECORD_REFUSED);
    }
    LifeCopy oldRecovery = next;
    oldRecovery.recovery = previous.recovery;
    oldRecovery.shares[1].clear();
    EXPECT_EQ(advanced(oldRecovery, Why::MISSING), ErrorCode::RECORD_REFUSED);
    EXPECT_EQ(serviceSigns(*scene.link, scene.peer, previous), ErrorCode::ROLLED_BACK);
    previous = next;
  }
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Life, V35RecoversInTheSandbox) {
  LifeCopy lost = mine;
  lost.shares[1].clear();
  lost.shares[2].clear();
  EXPECT_EQ(advanced(lost, Why::DUE), ErrorCode::SHARE_MISSING);
  Reply reply = advance(lost, Why::MISSING);
  ASSERT_TRUE(reply.answer().isWallet());
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, LifeCopy::of(reply.answer().getWallet())), NOT_REFUSED);
}

TEST_F(Life, V9JunkInEveryFieldEndsNothing) {
  for (size_t size : {0u, 1u, 37u, 56u, 57u, 58u, 86u, 118u, 140u, 1000u}) {
    Octets junk(size, 0xa5);
    for (Why why : {Why::DUE, Why::MISSING, Why::DAMAGED, static_cast<Why>(77)}) {
      LifeCopy row = mine;
      row.recovery = junk;
      row.floors = {junk, junk};
      row.shares = {junk, junk, junk};
      EXPECT_NE(advanced(row, why), NOT_REFUSED);
      row = mine;
      row.certificate = row.mac = junk;
      EXPECT_NE(advanced(row, why), NOT_REFUSED);
    }
    for (uint64_t by : {scene.peer, uint64_t{0}, uint64_t{1}}) {
      EXPECT_NE(refusalOf(keys([&](auto in) { in.setInstall(reader(Bytes(junk))); }, by).answer()), NOT_REFUSED);
      Reply reply = scene.link->ask([&](auto request) {
        auto in = request.initCustody();
        in.setPeer(by);
        in.setPart(reader(Bytes(junk)));
      });
      EXPECT_NE(refusalOf(reply.answer()), NOT_REFUSED);
    }
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initImportWallet();
      in.initCaller().setPeer(scene.peer);
      in.setName("junk");
      in.setBox(reader(Bytes(junk)));
    });
    EXPECT_EQ(refusalOf(reply.answer()), ErrorCode::INVALID_REQUEST);
  }
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Life, V5APersonsKeyGoesToThePersonOnly) {
  EXPECT_EQ(exports([](auto) {}), NOT_REFUSED);
  PublicKey thief;
  std::array<uint8_t, 32> unused;
  crypto_box_keypair(thief.data(), unused.data());
  EXPECT_EQ(exports([&](auto in) { in.setClientKey(reader(Bytes(thief))); }), ErrorCode::PROOF_INVALID);
  EXPECT_EQ(exports([&](auto in) { in.initSelector().setId(reader(alice.wallet.walletId())); }),
            ErrorCode::PROOF_INVALID);
  EXPECT_EQ(exports([&](auto in) { mine.fill(in.initWallet()); }), ErrorCode::UNKNOWN_WALLET);
  EXPECT_EQ(exports([&](auto in) { in.initCaller().setPeer(scene.peer); }), ErrorCode::UNKNOWN_WALLET)
      << "the service in the person's place";
  // A proof for one call is none for another.
  Reply reply = scene.link->ask([&](auto request) {
    auto in = request.initDeleteWallet();
    alice.fillCaller(in.initCaller(), Call::EXPORT_WALLET, {{0}, {}});
    in.initSelector().setFirst();
    alice.wallet.fill(in.initWallet());
  });
  EXPECT_EQ(refusalOf(reply.answer()), ErrorCode::PROOF_INVALID);
}

TEST_F(Life, V38ARecordedImportCantBeHandedInForSomebodyElse) {
  Octets pair(64), seed(32, 0x31);
  PublicKey publicKey;
  crypto_sign_seed_keypair(publicKey.data(), pair.data(), seed.data());
  std::string name = "theirs";
  Octets plain(ImportBoxLayout::SIZE);
  Hash hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(name.data()), name.size());
  OwnerId owner{OwnerId::Kind::USER, {}};
  std::copy_n(alice.userId.begin(), 16, owner.id.begin());
  ByteWriter w(plain);
  w.bytes(asBytes(IMPORT_BOX_MAGIC.data(), IMPORT_BOX_MAGIC.size()));
  w.owner(owner);
  w.u64(nowMs());
  w.bytes(hash);
  w.bytes(pair);
  Octets box(IMPORT_BOX_BYTES);
  crypto_box_seal(box.data(), plain.data(), plain.size(), scene.vault.publicKeys().sealing.data());
  auto import = [&](const std::function<void(rpc::Caller::Builder)>& caller) {
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initImportWallet();
      caller(in.initCaller());
      in.setName(name);
      in.setBox(reader(Bytes(box)));
    });
    return refusalOf(reply.answer());
  };
  Octets nameField(name.begin(), name.end());
  EXPECT_EQ(import([&](auto caller) { caller.setPeer(scene.peer); }), ErrorCode::INVALID_REQUEST) << "for the service";
  EXPECT_EQ(import([&](auto caller) { alice.fillCaller(caller, Call::CREATE_WALLET, {nameField}); }),
            ErrorCode::PROOF_INVALID);
  EXPECT_EQ(import([&](auto caller) { alice.fillCaller(caller, Call::IMPORT_WALLET, {nameField, box}); }), NOT_REFUSED);
}

TEST_F(Life, V39ADeletedWalletDoesNotComeBackWithOldRows) {
  auto remove = [&](const LifeCopy& row) {
    return scene.link->ask([&](auto request) {
      auto in = request.initDeleteWallet();
      in.initCaller().setPeer(scene.peer);
      in.initSelector().setName("mine");
      row.fill(in.initWallet());
    });
  };
  Reply reply = remove(mine);
  ASSERT_TRUE(reply.answer().isTombstone());
  LifeCopy tombstone = LifeCopy::of(reply.answer().getTombstone()), back = mine;
  back.floors = tombstone.floors;
  EXPECT_EQ(advanced(back, Why::DUE), ErrorCode::WALLET_DELETED);
  EXPECT_EQ(advanced(mine, Why::MISSING, scene.peer), ErrorCode::WALLET_DELETED) << "remembered; an operator, too";
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, mine), ErrorCode::WALLET_DELETED);
  // Another vault life has to be shown the floor.
  scene.vault.restart();
  scene.reconnect();
  EXPECT_EQ(advanced(tombstone, Why::DUE), ErrorCode::WALLET_DELETED);
  LifeCopy parts = back;
  parts.mac = tombstone.mac;
  parts.epoch = tombstone.epoch;
  parts.tag = tombstone.tag;
  EXPECT_EQ(advanced(parts, Why::DAMAGED), ErrorCode::WALLET_DELETED);
}

TEST_F(Life, V36KeyVersionsChangeInTheSandboxAndAreHandedOutWrapped) {
  auto add = [](auto in) { in.setAdd("share"); };
  Reply added = keys(add, scene.peer);
  ASSERT_TRUE(added.answer().isKeys());
  Octets file = octets(added.answer().getKeys().getKeyring());
  auto activate = [](auto in) {
    auto name = in.initActivate();
    name.setPurpose("share");
    name.setVersion(2);
  };
  EXPECT_EQ(refusalOf(keys(activate, scene.peer).answer()), ErrorCode::INVALID_REQUEST);
  for (size_t at = 0; at < file.size(); at += 11) {
    Octets changed = file;
    changed[at] ^= 2;
    EXPECT_NE(refusalOf(keys([&](auto in) { in.setInstall(reader(Bytes(changed))); }, scene.peer).answer()),
              NOT_REFUSED);
  }
  ASSERT_EQ(refusalOf(keys([&](auto in) { in.setInstall(reader(Bytes(file))); }, scene.peer).answer()), NOT_REFUSED);
  ASSERT_EQ(refusalOf(keys(activate, scene.peer).answer()), NOT_REFUSED);
  Reply reply = advance(mine, Why::REWRAP);
  ASSERT_TRUE(reply.answer().isWallet());
  LifeCopy next = LifeCopy::of(reply.answer().getWallet());
  for (auto& share : next.shares) EXPECT_EQ(share[2], 2);
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, next), NOT_REFUSED);
  EXPECT_EQ(refusalOf(keys(add, 0).answer()), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(refusalOf(keys(add, scene.peer + 1).answer()), ErrorCode::NOT_ALLOWED);
  // A vault that was started with the old file says what is wrong, and repairs nothing.
  scene.vault.restart();
  scene.reconnect();
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, next), ErrorCode::KEY_VERSION_UNKNOWN);
  EXPECT_EQ(advanced(next, Why::DAMAGED), ErrorCode::KEY_VERSION_UNKNOWN);
}

std::string base64Of(const PublicKey& key) {
  std::string text(sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL) - 1, ' ');
  std::vector<char> chars(text.size() + 1);
  sodium_bin2base64(chars.data(), chars.size(), key.data(), key.size(), sodium_base64_VARIANT_ORIGINAL);
  return std::string(chars.data());
}

TEST(Custody, V37TheRecoveryKeyLeavesInPartsThatTheBrokerCantOpen) {
  PublicKey ours[2], thief;
  std::array<uint8_t, 32> secrets[2], unused;
  for (size_t i = 0; i < 2; i++) crypto_box_keypair(ours[i].data(), secrets[i].data());
  crypto_box_keypair(thief.data(), unused.data());
  VaultOptions options;
  for (const PublicKey& key : ours) options.lines += "custodian " + base64Of(key) + "\n";
  Scene scene(options);
  auto custody = [&](const std::function<void(rpc::CustodyRequest::Builder)>& fill) {
    return scene.link->ask([&](auto request) {
      auto in = request.initCustody();
      in.setPeer(scene.peer);
      fill(in);
    });
  };
  auto split = [&](const PublicKey& second) {
    return custody([&](auto in) {
      auto to = in.initSplit();
      to.setThreshold(2);
      auto list = to.initRecipients(2);
      list.set(0, reader(Bytes(ours[0])));
      list.set(1, reader(Bytes(second)));
    });
  };
  EXPECT_EQ(refusalOf(custody([](auto in) { in.setForget(); }).answer()), ErrorCode::INVALID_REQUEST)
      << "the only copy";
  EXPECT_EQ(refusalOf(split(thief).answer()), ErrorCode::NOT_ALLOWED) << "whoever speaks for an operator";
  Reply reply = split(ours[1]);
  ASSERT_TRUE(reply.answer().isCustody());
  auto parts = reply.answer().getCustody().getParts();
  Octets plain(CUSTODY_BOX_MAGIC.size() + CUSTODY_PART_BYTES);
  for (unsigned i = 0; i < 2; i++) {
    for (unsigned j = 0; j < 2; j++) {
      int opened =
          crypto_box_seal_open(plain.data(), parts[i].begin(), CUSTODY_BOX_BYTES, ours[j].data(), secrets[j].data());
      EXPECT_EQ(opened == 0, i == j);
    }
  }
  Reply given = custody([&](auto in) { in.setPart(capnp::Data::Reader(parts[1].begin(), CUSTODY_BOX_BYTES)); });
  EXPECT_EQ(refusalOf(given.answer()), ErrorCode::INVALID_REQUEST) << "sealed to a custodian, not to the vault";
  EXPECT_EQ(refusalOf(custody([](auto in) { in.setForget(); }).answer()), NOT_REFUSED);
  EXPECT_EQ(refusalOf(split(ours[1]).answer()), ErrorCode::RECOVERY_KEY_ABSENT);
  EXPECT_TRUE(scene.stillHonest());
}

}  // namespace
}  // namespace waas::hostile
