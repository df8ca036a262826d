#pragma once
// A wallet's row as the stores keep it, to be shown to a service as it was or changed.
#include <gtest/gtest.h>

#include "keys-for-tests.h"
#include "service-for-tests.h"

namespace waas::vault {

constexpr ErrorCode NOT_REFUSED = static_cast<ErrorCode>(0xffff);

inline ErrorCode codeOf(rpc::Answer::Reader answer) {
  return answer.isRefused() ? answer.getRefused().getCode() : NOT_REFUSED;
}

inline Octets octets(capnp::Data::Reader data) { return Octets(data.begin(), data.end()); }

struct RowForTests {
  Octets certificate, signature, mac, recovery;
  uint64_t epoch = 0, tag = 0;
  std::vector<Octets> shares, floors;

  static RowForTests of(rpc::Wallet::Reader from) {
    RowForTests row{octets(from.getCertificate()),
                    octets(from.getSignature()),
                    octets(from.getMac()),
                    octets(from.getRecovery()),
                    from.getEpoch(),
                    from.getTag(),
                    {},
                    {}};
    for (auto share : from.getShares()) row.shares.push_back(octets(share));
    for (auto floor : from.getFloors()) row.floors.push_back(octets(floor));
    return row;
  }
  void fill(rpc::Wallet::Builder to) const {
    to.setCertificate(reader(certificate));
    to.setSignature(reader(signature));
    to.setMac(reader(mac));
    to.setRecovery(reader(recovery));
    to.setEpoch(epoch);
    to.setTag(tag);
    auto list = to.initShares(static_cast<unsigned>(shares.size()));
    for (unsigned i = 0; i < shares.size(); i++) list.set(i, reader(shares[i]));
    auto known = to.initFloors(static_cast<unsigned>(floors.size()));
    for (unsigned i = 0; i < floors.size(); i++) known.set(i, reader(floors[i]));
  }
  RowForTests without(size_t share) const {
    RowForTests row = *this;
    row.shares[share].clear();
    return row;
  }
  RowForTests withFloors(const std::vector<Octets>& others) const {
    RowForTests row = *this;
    row.floors = others;
    return row;
  }
  PublicKey publicKey() const { return toArray<32>(Octets(certificate.begin() + 34, certificate.begin() + 66)); }
  Id walletId() const { return toArray<16>(Octets(certificate.begin() + 1, certificate.begin() + 17)); }
};

// A local service with a wallet.
struct LifeScene {
  explicit LifeScene(const Keyring& keyring = keyringForTests()) : test(8192, 8, keyring) {
    peer = test.peerWith(true, true);
    asOperator = test.operatorPeer();
    wallet = RowForTests::of(test.askOne([&](auto request) {
                                   auto in = request.initCreateWallet();
                                   in.initCaller().setPeer(peer);
                                   in.setName("mine");
                                 })
                                 .getWallet());
  }

  rpc::Answer::Reader advance(const RowForTests& row, rpc::Advance::Why why, uint64_t above = 0, uint64_t by = 0) {
    return test.askOne([&](auto request) {
      auto in = request.initAdvance();
      row.fill(in.initWallet());
      in.setWhy(why);
      in.setAbove(above);
      in.setPeer(by);
    });
  }
  ErrorCode sign(const RowForTests& row, uint8_t unreachable = 0) {
    auto answer = test.askOne([&](auto request) {
      auto in = request.initSign();
      in.initCaller().setPeer(peer);
      auto item = in.initItems(1)[0];
      item.initSelector().setName("mine");
      row.fill(item.initWallet());
      item.setUnreachable(unreachable);
      item.setMessage(reader("text"));
    });
    if (answer.isRefused()) return answer.getRefused().getCode();
    auto outcome = answer.getSigned()[0];
    if (outcome.isRefused()) return outcome.getRefused().getCode();
    Bytes bytes = view(outcome.getSignedBytes());
    EXPECT_EQ(
        crypto_sign_verify_detached(outcome.getSignature().begin(), bytes.data(), bytes.size(), row.publicKey().data()),
        0);
    return NOT_REFUSED;
  }
  AuditRecord lastEvent() {
    AuditRecord record;
    auto audit = test.reply().getAudit();
    EXPECT_GT(audit.size(), 0u);
    if (audit.size() > 0) {
      EXPECT_TRUE(record.parse(view(audit[audit.size() - 1])));
    }
    return record;
  }

  ServiceForTests test;
  uint64_t peer, asOperator;
  RowForTests wallet;
};

}  // namespace waas::vault
