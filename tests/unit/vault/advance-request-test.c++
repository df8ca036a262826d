// The next version of a wallet's shares, floors, and degraded signatures, as the broker asks for them.
#include <gtest/gtest.h>

#include "row-for-tests.h"

namespace waas::vault {
namespace {

using Why = rpc::Advance::Why;

TEST(AdvanceRequest, V34RotatesAndSaysSo) {
  LifeScene scene;
  for (Why why : {Why::DUE, Why::REQUESTED, Why::REWRAP}) {
    auto answer = scene.advance(scene.wallet, why);
    ASSERT_TRUE(answer.isWallet());
    RowForTests next = RowForTests::of(answer.getWallet());
    EXPECT_EQ(answer.getAuditThrough(), scene.lastEvent().sequence);
    EXPECT_EQ(scene.lastEvent().event, AuditEvent::SHARES_ROTATED);
    EXPECT_EQ(scene.lastEvent().epoch, scene.wallet.epoch + 1);
    EXPECT_EQ(scene.lastEvent().uid, NOBODY) << "nobody asked for it";
    EXPECT_EQ(next.certificate, scene.wallet.certificate);
    EXPECT_EQ(next.signature, scene.wallet.signature);
    EXPECT_EQ(next.mac, scene.wallet.mac);
    EXPECT_EQ(scene.sign(next), NOT_REFUSED);
    scene.wallet = next;
  }
  scene.advance(scene.wallet, Why::DUE, 0, scene.asOperator);
  EXPECT_EQ(scene.lastEvent().uid, 78u);
}

TEST(AdvanceRequest, GoesAboveWhatWasSeen) {
  LifeScene scene;
  auto epochAfter = [&](const RowForTests& row, uint64_t above) {
    auto answer = scene.advance(row, Why::DUE, above);
    return answer.isWallet() ? answer.getWallet().getEpoch() : 0;
  };
  EXPECT_EQ(epochAfter(scene.wallet, 0), 2u);
  EXPECT_EQ(epochAfter(scene.wallet, 1), 2u);
  EXPECT_EQ(epochAfter(scene.wallet, 7), 8u);
  EXPECT_EQ(epochAfter(scene.wallet, 1 + MAX_EPOCH_STEP), 2 + MAX_EPOCH_STEP);
  for (uint64_t above : {2 + MAX_EPOCH_STEP, MAX_EPOCH, UINT64_MAX}) {
    EXPECT_EQ(codeOf(scene.advance(scene.wallet, Why::DUE, above)), ErrorCode::INVALID_REQUEST) << above;
  }
}

TEST(AdvanceRequest, V35RecoversOnlyWhatTheReasonNames) {
  LifeScene scene;
  LifeScene judge;  // another vault: this one would hold what it has signed with against what comes later
  for (size_t i : {size_t{1}, size_t{2}}) {
    RowForTests missing = scene.wallet.without(i), damaged = scene.wallet;
    damaged.shares[i][50] ^= 1;
    for (Why why : {Why::DUE, Why::REQUESTED, Why::REWRAP}) {
      auto refused = scene.advance(missing, why);
      EXPECT_EQ(codeOf(refused), ErrorCode::SHARE_MISSING);
      EXPECT_EQ(refused.getRefused().getShare(), i + 1);
    }
    for (Why why : {Why::DUE, Why::REQUESTED, Why::REWRAP, Why::MISSING}) {
      auto refused = scene.advance(damaged, why);
      EXPECT_EQ(codeOf(refused), ErrorCode::RECORD_REFUSED);
      EXPECT_EQ(refused.getRefused().getShare(), i + 1);
      EXPECT_EQ(scene.test.reply().getAudit().size(), 0u) << "no key was used";
    }
    struct Case {
      const RowForTests& row;
      Why why;
    };
    for (const Case& c : {Case{missing, Why::MISSING}, {missing, Why::DAMAGED}, {damaged, Why::DAMAGED}}) {
      auto answer = scene.advance(c.row, c.why);
      ASSERT_TRUE(answer.isWallet());
      EXPECT_EQ(scene.lastEvent().event, AuditEvent::SHARES_RECOVERED);
      EXPECT_EQ(judge.sign(RowForTests::of(scene.test.reply().getAnswers()[0].getWallet())), NOT_REFUSED);
    }
    RowForTests bare = missing;
    bare.recovery.clear();
    EXPECT_EQ(codeOf(scene.advance(bare, Why::MISSING)), ErrorCode::SHARE_MISSING);
    bare.recovery = Octets(RECOVERY_ENVELOPE_BYTES);
    auto refused = scene.advance(bare, Why::MISSING);
    EXPECT_EQ(codeOf(refused), ErrorCode::RECORD_REFUSED);
    EXPECT_EQ(refused.getRefused().getDetail(), "recovery envelope");
  }
  // Shares that are there are not replaced by an envelope that is damaged.
  RowForTests row = scene.wallet;
  row.recovery[60] ^= 1;
  EXPECT_TRUE(scene.advance(row, Why::DAMAGED).isWallet());
  EXPECT_EQ(scene.lastEvent().event, AuditEvent::SHARES_ROTATED);
}

TEST(AdvanceRequest, V35AnUnknownKeyVersionIsNeverRepaired) {
  LifeScene scene;
  for (size_t i = 0; i < 3; i++) {
    RowForTests row = scene.wallet;
    row.shares[i][2] = 9;
    for (Why why : {Why::DUE, Why::MISSING, Why::DAMAGED}) {
      auto refused = scene.advance(row, why);
      EXPECT_EQ(codeOf(refused), ErrorCode::KEY_VERSION_UNKNOWN);
      EXPECT_EQ(refused.getRefused().getShare(), i + 1);
    }
  }
}

TEST(AdvanceRequest, V39ARowThatWasPutBackIsRefused) {
  LifeScene scene;
  RowForTests old = scene.wallet, next = RowForTests::of(scene.advance(old, Why::DUE).getWallet());
  ASSERT_EQ(next.floors.size(), 1u);
  EXPECT_EQ(scene.sign(old), NOT_REFUSED) << "the next version is not committed yet";
  // By the floor that the Redis servers keep, in a vault that has seen nothing, and with junk beside it.
  std::vector<Octets> floors = {Octets(), Octets(FLOOR_BYTES), next.floors[0], old.floors[0]};
  EXPECT_EQ(scene.sign(next.withFloors(floors)), NOT_REFUSED);
  LifeScene other;
  EXPECT_EQ(other.test.service.floors.highest(FloorKind::SHARES, old.walletId()), 0u);
  EXPECT_EQ(codeOf(other.advance(old.withFloors(floors), Why::DUE)), ErrorCode::ROLLED_BACK);
  // And then by its own memory, whoever shows what.
  EXPECT_EQ(codeOf(other.advance(old.withFloors({}), Why::DUE)), ErrorCode::ROLLED_BACK);
  EXPECT_EQ(scene.sign(old), ErrorCode::ROLLED_BACK);
  EXPECT_EQ(codeOf(scene.advance(old, Why::MISSING)), ErrorCode::ROLLED_BACK);
  // An operator who put the store back may go on from there, above all that was seen.
  auto answer = scene.advance(old.withFloors(floors), Why::REQUESTED, 0, scene.asOperator);
  ASSERT_TRUE(answer.isWallet());
  EXPECT_EQ(answer.getWallet().getEpoch(), 3u);
  EXPECT_EQ(codeOf(scene.advance(old, Why::REQUESTED, 0, scene.peer)), ErrorCode::ROLLED_BACK) << "not its owner";
}

TEST(AdvanceRequest, V39ForgedFloorsAreNotLookedAt) {
  LifeScene scene;
  Octets honest = RowForTests::of(scene.advance(scene.wallet, Why::DUE).getWallet()).floors[0];
  RowForTests other = RowForTests::of(scene.test
                                          .askOne([&](auto request) {
                                            request.initCreateWallet().setName("other");
                                            request.getCreateWallet().initCaller().setPeer(scene.peer);
                                          })
                                          .getWallet());
  std::vector<Octets> forged = {other.floors[0]};
  for (size_t bit = 0; bit < honest.size() * 8; bit++) {
    Octets changed = honest;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1u << (bit % 8));
    forged.push_back(changed);
  }
  for (const auto& floor : forged) EXPECT_EQ(scene.sign(scene.wallet.withFloors({floor})), NOT_REFUSED);
  EXPECT_EQ(scene.sign(scene.wallet.withFloors(std::vector<Octets>(MAX_FLOORS + 1, honest))),
            ErrorCode::INVALID_REQUEST);
  EXPECT_EQ(scene.sign(scene.wallet.withFloors({honest})), ErrorCode::ROLLED_BACK);
}

TEST(AdvanceRequest, V2MovedFlippedAndCutEnvelopesAreRefused) {
  LifeScene scene;
  RowForTests other = RowForTests::of(scene.test
                                          .askOne([&](auto request) {
                                            request.initCreateWallet().setName("other");
                                            request.getCreateWallet().initCaller().setPeer(scene.peer);
                                          })
                                          .getWallet());
  auto expectRefused = [&](const RowForTests& row) {
    auto answer = scene.advance(row, Why::DUE);
    ASSERT_TRUE(answer.isRefused());
    EXPECT_NE(answer.getRefused().getCode(), ErrorCode::SIGNATURE_FAULT);
    EXPECT_EQ(scene.test.reply().getAudit().size(), 0u);
  };
  for (size_t i = 0; i < 3; i++) {
    RowForTests row = scene.wallet;
    row.shares[i] = other.shares[i];
    expectRefused(row);
    row.shares[i] = scene.wallet.shares[(i + 1) % 3];
    expectRefused(row);
    for (size_t at = 0; at < SHARE_ENVELOPE_BYTES; at++) {
      row.shares[i] = scene.wallet.shares[i];
      row.shares[i][at] ^= 4;
      expectRefused(row);
      row.shares[i] =
          Octets(scene.wallet.shares[i].begin(), scene.wallet.shares[i].begin() + static_cast<ptrdiff_t>(at));
      expectRefused(row);
    }
  }
  for (auto change : std::vector<std::function<void(RowForTests&)>>{
           [](RowForTests& r) { r.epoch++; }, [](RowForTests& r) { r.tag++; },
           [](RowForTests& r) { r.shares.pop_back(); }, [&](RowForTests& r) { r.certificate = other.certificate; },
           [&](RowForTests& r) { r.mac = other.mac; },
           [&](RowForTests& r) { r.certificate = other.certificate, r.mac = other.mac; },
           [](RowForTests& r) { r.certificate.clear(); }}) {
    RowForTests row = scene.wallet;
    change(row);
    expectRefused(row);
  }
}

TEST(AdvanceRequest, V3AServiceRotatesItsOwnOnly) {
  LifeScene scene;
  LocalService others{"others", {OwnerId::Kind::SERVICE, {8}}};
  Peer foreign;
  foreign.roles.service = &others;
  uint64_t handle = scene.test.service.peers.add(foreign).value();
  EXPECT_EQ(codeOf(scene.advance(scene.wallet, Why::REQUESTED, 0, handle)), ErrorCode::UNKNOWN_WALLET);
  EXPECT_TRUE(scene.advance(scene.wallet, Why::REQUESTED, 0, scene.peer).isWallet());
  EXPECT_EQ(scene.lastEvent().caller, scene.test.us.owner);
  EXPECT_EQ(codeOf(scene.advance(scene.wallet, Why::REQUESTED, 0, 0x1234)), ErrorCode::NOT_ALLOWED) << "no such peer";
}

TEST(Degraded, V35SignsFromTheRecoveryEnvelopeWhileAStoreIsAway) {
  LifeScene scene;
  EXPECT_EQ(scene.sign(scene.wallet, 0b110), NOT_REFUSED);
  EXPECT_EQ(scene.lastEvent().event, AuditEvent::MESSAGE_SIGNED) << "all shares were there after all";
  for (uint8_t bits : Octets{0b010, 0b100, 0b110}) {
    RowForTests row = scene.wallet;
    for (size_t i = 0; i < 3; i++) {
      if ((bits >> i & 1) != 0) row.shares[i].clear();
    }
    EXPECT_EQ(scene.sign(row, bits), NOT_REFUSED);
    EXPECT_EQ(scene.lastEvent().event, AuditEvent::MESSAGE_SIGNED_DEGRADED);
    EXPECT_EQ(scene.sign(row), ErrorCode::SHARE_MISSING) << "missing is not out of reach";
    row.recovery.clear();
    EXPECT_EQ(scene.sign(row, bits), ErrorCode::RECORD_REFUSED);
  }
  RowForTests damaged = scene.wallet;
  damaged.shares[1][50] ^= 1;
  EXPECT_EQ(scene.sign(damaged, 0b010), ErrorCode::RECORD_REFUSED) << "damaged is not out of reach";
  EXPECT_EQ(scene.sign(scene.wallet.without(0), 0b001), ErrorCode::SHARE_MISSING) << "share 1 is PostgreSQL's";
}

}  // namespace
}  // namespace waas::vault
