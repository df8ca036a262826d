// Import, export and deletion.
#include <gtest/gtest.h>

#include "protocol/key-box.h"
#include "row-for-tests.h"

namespace waas::vault {
namespace {

constexpr std::string_view NAME = "imported";

Octets sealed(const Octets& plain, const PublicKey& to) {
  Octets box(plain.size() + SEALED_BOX_OVERHEAD);
  EXPECT_EQ(crypto_box_seal(box.data(), plain.data(), plain.size(), to.data()), 0);
  return box;
}

class Transfer : public testing::Test {
 protected:
  Transfer() {
    pair.resize(64);
    Octets seed(32, 0x77);
    PublicKey publicKey;
    crypto_sign_seed_keypair(publicKey.data(), pair.data(), seed.data());
    crypto_box_keypair(clientKey.data(), clientSecret.data());
  }
  Octets importPlain(const OwnerId& owner, std::string_view name, uint64_t time, const Octets& keyPair) {
    Octets plain(ImportBoxLayout::SIZE);
    Hash hash;
    crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(name.data()), name.size());
    ByteWriter w(plain);
    w.bytes(asBytes(IMPORT_BOX_MAGIC.data(), IMPORT_BOX_MAGIC.size()));
    w.owner(owner);
    w.u64(time);
    w.bytes(hash);
    w.bytes(keyPair);
    EXPECT_EQ(w.size(), plain.size());
    return plain;
  }
  Octets honestBox() { return boxOf(importPlain(scene.test.us.owner, NAME, scene.test.clock.time, pair)); }
  Octets boxOf(const Octets& plain) { return sealed(plain, keyringForTests().publicKeys().sealing); }
  rpc::Answer::Reader import(const Octets& box, std::string_view name = NAME) {
    return scene.test.askOne([&](auto request) {
      auto in = request.initImportWallet();
      in.initCaller().setPeer(scene.peer);
      in.setName(std::string(name).c_str());
      in.setBox(reader(box));
    });
  }
  rpc::Answer::Reader exported(const RowForTests& row, Bytes key, uint64_t by = 0) {
    return scene.test.askOne([&](auto request) {
      auto in = request.initExportWallet();
      in.initCaller().setPeer(by == 0 ? scene.peer : by);
      in.initSelector().setName("mine");
      row.fill(in.initWallet());
      in.setClientKey(reader(key));
    });
  }
  rpc::Answer::Reader deleted(const RowForTests& row) {
    return scene.test.askOne([&](auto request) {
      auto in = request.initDeleteWallet();
      in.initCaller().setPeer(scene.peer);
      in.initSelector().setName("mine");
      row.fill(in.initWallet());
    });
  }

  LifeScene scene;
  Octets pair;
  PublicKey clientKey;
  std::array<uint8_t, 32> clientSecret;
};

TEST_F(Transfer, V38AnImportedKeySigns) {
  auto answer = import(honestBox());
  ASSERT_TRUE(answer.isWallet());
  RowForTests row = RowForTests::of(answer.getWallet());
  EXPECT_EQ(scene.lastEvent().event, AuditEvent::WALLET_IMPORTED);
  PublicKey publicKey = row.publicKey();
  EXPECT_TRUE(std::equal(publicKey.begin(), publicKey.end(), pair.begin() + 32));
  auto signedBy = scene.test.askOne([&](auto request) {
    auto in = request.initSign();
    in.initCaller().setPeer(scene.peer);
    auto item = in.initItems(1)[0];
    item.initSelector().setPublicKey(reader(publicKey));
    row.fill(item.initWallet());
    item.setMessage(reader("text"));
  });
  auto outcome = signedBy.getSigned()[0];
  ASSERT_TRUE(outcome.isSignature());
  EXPECT_EQ(crypto_sign_verify_detached(outcome.getSignature().begin(), outcome.getSignedBytes().begin(),
                                        outcome.getSignedBytes().size(), publicKey.data()),
            0);
}

TEST_F(Transfer, V38ABoxIsForOneOwnerOneNameAndOneMinute) {
  OwnerId other{OwnerId::Kind::SERVICE, {9}}, person{OwnerId::Kind::USER, scene.test.us.owner.id};
  uint64_t now = scene.test.clock.time;
  const OwnerId& us = scene.test.us.owner;
  struct Case {
    Octets box;
    ErrorCode code;
  };
  Octets flipped = honestBox(), wrongMagic = importPlain(us, NAME, now, pair), cut = honestBox();
  flipped[90] ^= 1;
  wrongMagic[3] ^= 1;
  cut.pop_back();
  Octets wrongPair = pair, otherSeed = pair;
  wrongPair[40] ^= 1;
  otherSeed[0] ^= 1;
  for (const Case& c : {Case{boxOf(importPlain(other, NAME, now, pair)), ErrorCode::INVALID_REQUEST},
                        {boxOf(importPlain(person, NAME, now, pair)), ErrorCode::INVALID_REQUEST},
                        {boxOf(importPlain(us, "another", now, pair)), ErrorCode::INVALID_REQUEST},
                        {boxOf(importPlain(us, NAME, now - 60'001, pair)), ErrorCode::PROOF_INVALID},
                        {boxOf(importPlain(us, NAME, now + 60'001, pair)), ErrorCode::PROOF_INVALID},
                        {boxOf(importPlain(us, NAME, now, wrongPair)), ErrorCode::INVALID_REQUEST},
                        {boxOf(importPlain(us, NAME, now, otherSeed)), ErrorCode::INVALID_REQUEST},
                        {boxOf(wrongMagic), ErrorCode::INVALID_REQUEST},
                        {flipped, ErrorCode::INVALID_REQUEST},
                        {cut, ErrorCode::INVALID_REQUEST},
                        {Octets(), ErrorCode::INVALID_REQUEST},
                        {sealed(importPlain(us, NAME, now, pair), clientKey), ErrorCode::INVALID_REQUEST}}) {
    EXPECT_EQ(codeOf(import(c.box)), c.code);
    EXPECT_EQ(scene.test.reply().getAudit().size(), 0u);
  }
  EXPECT_EQ(codeOf(import(honestBox(), "other name")), ErrorCode::INVALID_REQUEST);
  EXPECT_TRUE(import(boxOf(importPlain(us, NAME, now - 60'000, pair))).isWallet());
}

TEST_F(Transfer, V38AnExportIsTheWalletsOwnKeyForTheClientOnly) {
  auto answer = exported(scene.wallet, clientKey);
  ASSERT_TRUE(answer.isExported());
  EXPECT_EQ(scene.lastEvent().event, AuditEvent::WALLET_EXPORTED);
  Octets box = octets(scene.test.reply().getAnswers()[0].getExported()), plain(ExportBoxLayout::SIZE);
  ASSERT_EQ(box.size(), EXPORT_BOX_BYTES);
  ASSERT_EQ(crypto_box_seal_open(plain.data(), box.data(), box.size(), clientKey.data(), clientSecret.data()), 0);
  ByteReader r(plain);
  r.bytes(EXPORT_BOX_MAGIC.size());
  EXPECT_EQ(r.owner(), scene.test.us.owner);
  Id id;
  r.fill(id);
  EXPECT_EQ(id, scene.wallet.walletId());
  PublicKey derived;
  Octets unused(64);
  crypto_sign_seed_keypair(derived.data(), unused.data(), r.bytes(32).data());
  EXPECT_EQ(derived, scene.wallet.publicKey());
}

TEST_F(Transfer, V38NothingGoesOutThatIsNotAsked) {
  for (Octets key : {Octets(), Octets(31), Octets(33)}) {
    EXPECT_EQ(codeOf(exported(scene.wallet, key)), ErrorCode::INVALID_REQUEST);
  }
  EXPECT_TRUE(exported(scene.wallet, Octets(32)).isRefused()) << "a point of low order";
  EXPECT_EQ(codeOf(exported(scene.wallet.without(1), clientKey)), ErrorCode::SHARE_MISSING) << "not from recovery";
  RowForTests damaged = scene.wallet;
  damaged.shares[2][60] ^= 1;
  EXPECT_EQ(codeOf(exported(damaged, clientKey)), ErrorCode::RECORD_REFUSED);
  EXPECT_EQ(codeOf(exported(scene.wallet, clientKey, scene.asOperator)), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(scene.test.reply().getAudit().size(), 0u);
}

TEST_F(Transfer, V39ADeletedWalletStaysDeleted) {
  RowForTests old = scene.wallet;
  auto answer = deleted(old);
  ASSERT_TRUE(answer.isTombstone());
  EXPECT_EQ(scene.lastEvent().event, AuditEvent::WALLET_DELETED);
  RowForTests tombstone = RowForTests::of(scene.test.reply().getAnswers()[0].getTombstone());
  EXPECT_EQ(tombstone.certificate, old.certificate);
  EXPECT_GT(tombstone.epoch, old.epoch);
  EXPECT_EQ(tombstone.signature.size(), 64u);
  EXPECT_TRUE(tombstone.recovery.empty());
  EXPECT_TRUE(tombstone.shares.empty());
  EXPECT_FALSE(verifyCertificate(tombstone.certificate, tombstone.signature, keyringForTests().publicKeys().answers));
  ASSERT_EQ(tombstone.floors.size(), 1u);
  // It may not have been committed: until its floor is seen, the wallet lives.
  EXPECT_EQ(scene.sign(old.withFloors({})), NOT_REFUSED);

  LifeScene other;  // another vault, with the same keys
  using Why = rpc::Advance::Why;
  EXPECT_EQ(codeOf(other.advance(old.withFloors(tombstone.floors), Why::DUE)), ErrorCode::WALLET_DELETED);
  EXPECT_EQ(codeOf(other.advance(old.withFloors({}), Why::DUE)), ErrorCode::WALLET_DELETED) << "it remembers";
  EXPECT_EQ(codeOf(other.advance(old, Why::REQUESTED, 0, other.asOperator)), ErrorCode::WALLET_DELETED);
  EXPECT_EQ(codeOf(scene.advance(tombstone, Why::DUE)), ErrorCode::WALLET_DELETED);
  EXPECT_EQ(scene.sign(old), ErrorCode::WALLET_DELETED);
  EXPECT_EQ(codeOf(exported(old, clientKey)), ErrorCode::WALLET_DELETED);
  EXPECT_EQ(codeOf(deleted(tombstone)), ErrorCode::WALLET_DELETED);
  EXPECT_TRUE(deleted(old).isTombstone()) << "a row that was put back is deleted again";
}

TEST_F(Transfer, V2ATombstoneCantBeMadeOrMoved) {
  RowForTests tombstone = RowForTests::of(deleted(scene.wallet).getTombstone());
  auto refused = [&](const RowForTests& row) { return codeOf(scene.advance(row, rpc::Advance::Why::DUE)); };
  for (size_t bit = 0; bit < tombstone.mac.size() * 8; bit++) {
    RowForTests row = tombstone;
    row.mac[bit / 8] = static_cast<uint8_t>(row.mac[bit / 8] ^ 1u << (bit % 8));
    EXPECT_EQ(refused(row), ErrorCode::RECORD_REFUSED);
  }
  RowForTests later = tombstone, living = scene.wallet;
  later.epoch++;
  EXPECT_EQ(refused(later), ErrorCode::RECORD_REFUSED);
  living.mac = tombstone.mac;
  EXPECT_EQ(refused(living), ErrorCode::RECORD_REFUSED) << "a tombstone's MAC is of its own version";
  RowForTests revived = tombstone;
  revived.mac = scene.wallet.mac;
  revived.shares = scene.wallet.shares;
  EXPECT_EQ(refused(revived), ErrorCode::WALLET_DELETED) << "its floor came along";
  RowForTests elsewhere = revived.withFloors({});
  LifeScene other;
  EXPECT_EQ(codeOf(other.advance(elsewhere, rpc::Advance::Why::DUE)), ErrorCode::RECORD_REFUSED)
      << "its shares are of another version";
}

TEST_F(Transfer, EvenAWalletThatCantSignCanBeDeleted) {
  RowForTests row = scene.wallet;
  for (auto& share : row.shares) share.clear();
  row.recovery.clear();
  EXPECT_TRUE(deleted(row).isTombstone());
}

}  // namespace
}  // namespace waas::vault
