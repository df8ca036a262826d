#include "client/lib/wallet.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include "client/lib/error.h"
#include "fake-vault.h"

namespace waas::client {
namespace {

struct Info {
  capnp::MallocMessageBuilder message;
  protocol::WalletInfo::Builder info = message.initRoot<protocol::WalletInfo>();

  Info(const test::FakeVault& vault, const OwnerId& owner) {
    Certificate certificate{Id{9}, owner, PublicKey{8}, true, 77, "main"};
    auto made = vault.certify(certificate);
    info.setCertificate(kj::arrayPtr(made.payload.data(), made.payload.size()));
    info.setSignature(kj::arrayPtr(made.signature.data(), made.signature.size()));
  }

  // The code with which it is refused, or `unknown` when it is not.
  ErrorCode verify(const test::FakeVault& vault, const OwnerId& owner) {
    try {
      verifiedWallet(info.asReader(), vault.publicKeys().answers, owner);
    } catch (const kj::Exception& e) {
      return failureOf(e).code;
    }
    return ErrorCode::UNKNOWN;
  }
};

TEST(Wallet, L1_AnAddressIsTakenFromAVerifiedCertificateOnly) {
  test::FakeVault vault, other;
  OwnerId alice{OwnerId::Kind::USER, Id{1}}, bob{OwnerId::Kind::USER, Id{2}};
  Info good(vault, alice);
  auto wallet = verifiedWallet(good.info.asReader(), vault.publicKeys().answers, alice);
  EXPECT_EQ(wallet.publicKey, PublicKey{8});
  EXPECT_EQ(wallet.walletId, Id{9});
  EXPECT_TRUE(wallet.first);
  EXPECT_EQ(std::string(wallet.name.cStr()), "main");

  EXPECT_EQ(good.verify(other, alice), ErrorCode::ADDRESS_UNPROVEN) << "another vault's";
  EXPECT_EQ(good.verify(vault, bob), ErrorCode::ADDRESS_UNPROVEN) << "another owner's";
  good.info.getCertificate()[40] ^= 1;
  EXPECT_EQ(good.verify(vault, alice), ErrorCode::ADDRESS_UNPROVEN) << "changed";
  good.info.setCertificate(nullptr);
  EXPECT_EQ(good.verify(vault, alice), ErrorCode::ADDRESS_UNPROVEN) << "empty";
}

TEST(Wallet, AServicesOwnerIdComesFromItsName) {
  // printf 'waas service payouts' | sha256sum
  OwnerId owner = serviceOwner("payouts"_kj);
  EXPECT_EQ(owner.kind, OwnerId::Kind::SERVICE);
  EXPECT_EQ(owner.id,
            (Id{0x6c, 0x20, 0x6d, 0xed, 0x9f, 0x0b, 0x97, 0x12, 0x0b, 0x15, 0xcd, 0x5a, 0x20, 0x1e, 0x61, 0xbf}));
}

TEST(Wallet, ASelectorGoesOntoTheWireAsItIsProven) {
  capnp::MallocMessageBuilder message;
  auto wire = message.initRoot<protocol::Selector>();
  Selector::first().write(wire);
  EXPECT_TRUE(wire.isFirst());
  Selector::byId(Id{1, 2}).write(wire);
  EXPECT_EQ(wire.getId()[1], 2);
  Selector::byName(
      "b\xc3\xbc"
      "chse")
      .write(wire);
  EXPECT_EQ(std::string(wire.getName().cStr()),
            "b\xc3\xbc"
            "chse");
  Selector::byPublicKey(PublicKey{3}).write(wire);
  EXPECT_EQ(wire.getPublicKey().size(), 32u);
}

TEST(Wallet, AMalformedShareStatusIsRefused) {
  capnp::MallocMessageBuilder message;
  auto row = message.initRoot<protocol::ShareStatus>();
  EXPECT_THROW(readShareStatus(row.asReader()), kj::Exception);
  row.initWalletId(16);
  row.initPublicKey(32);
  row.initOwnerId(17)[0] = 1;
  row.initShares(2);
  EXPECT_THROW(readShareStatus(row.asReader()), kj::Exception);
  row.initShares(3);
  EXPECT_NO_THROW(readShareStatus(row.asReader()));
  row.getOwnerId()[0] = 9;
  EXPECT_THROW(readShareStatus(row.asReader()), kj::Exception);
}

}  // namespace
}  // namespace waas::client
