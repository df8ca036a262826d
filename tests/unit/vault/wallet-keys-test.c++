#include "daemon/vault/wallet-keys.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "keys-for-tests.h"

namespace waas::vault {
namespace {

const OwnerId OWNER{OwnerId::Kind::USER, Id{1, 2, 3}};
constexpr uint64_t NOW = 1'790'000'000'000;

WalletView viewOf(const NewWallet& wallet, const OwnerId& owner = OWNER) {
  return {.walletId = wallet.walletId,
          .owner = owner,
          .publicKey = wallet.publicKey,
          .epoch = wallet.epoch,
          .tag = wallet.tag,
          .shares = {wallet.shares[0], wallet.shares[1], wallet.shares[2]}};
}

bool verifies(const Signature& signature, Bytes message, const PublicKey& key) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
}

bool wiped(const WalletScratch& scratch) {
  bool zero = isZero(scratch.seed) && isZero(scratch.openedSeed) && isZero(scratch.signingKey);
  for (const auto& share : scratch.shares) zero = zero && isZero(share);
  for (const auto& share : scratch.opened) zero = zero && isZero(share);
  return zero;
}

class WalletKeys : public testing::Test {
 protected:
  WalletKeys() { EXPECT_EQ(make("Main", mine), MakeOutcome::MADE); }

  MakeOutcome make(std::string_view name, NewWallet& wallet, const OwnerId& owner = OWNER) {
    return makeWallet(owner, name, true, NOW, keyring, random, *scratch, wallet);
  }
  SignResult sign(const WalletView& view) {
    out.fill(7);
    SignResult result = signWith(keyring, view, message, *scratch, out);
    EXPECT_TRUE(wiped(*scratch)) << "V33";
    if (result.outcome != SignOutcome::SIGNED) {
      EXPECT_EQ(out, Signature{});
    }
    return result;
  }
  void expectRefused(const WalletView& view, SignOutcome outcome, uint8_t share) {
    SignResult result = sign(view);
    EXPECT_EQ(result.outcome, outcome);
    EXPECT_EQ(result.share, share);
  }

  FreshKeyring keyring;
  KernelRandom random;
  SecretBox<WalletScratch> scratch;
  NewWallet mine;
  Octets message = Octets(150, 0x61);
  Signature out;
};

TEST_F(WalletKeys, ANewWalletSigns) {
  EXPECT_EQ(sign(viewOf(mine)).outcome, SignOutcome::SIGNED);
  EXPECT_TRUE(verifies(out, message, mine.publicKey));
  EXPECT_EQ(mine.epoch, 1u);
}

TEST_F(WalletKeys, ANewWalletIsCertified) {
  Certificate certificate;
  ASSERT_TRUE(certificate.parse(mine.certificate()));
  EXPECT_EQ(certificate.walletId, mine.walletId);
  EXPECT_EQ(certificate.owner, OWNER);
  EXPECT_EQ(certificate.publicKey, mine.publicKey);
  EXPECT_TRUE(certificate.first);
  EXPECT_EQ(certificate.createdAt, NOW);
  EXPECT_EQ(certificate.name, "Main");
  EXPECT_TRUE(verifyCertificate(mine.certificate(), mine.signature, keyring.publicKeys().answers));
  EXPECT_TRUE(certificateIsOurs(keyring, mine.certificate(), mine.mac));
}

TEST_F(WalletKeys, ACertificateWithAnyBitChangedIsNotOurs) {
  FreshKeyring others(50);
  EXPECT_FALSE(certificateIsOurs(others, mine.certificate(), mine.mac));
  Octets bytes(mine.certificate().begin(), mine.certificate().end());
  for (size_t bit = 0; bit < bytes.size() * 8; bit++) {
    Octets changed = bytes;
    changed[bit / 8] = static_cast<uint8_t>(changed[bit / 8] ^ 1u << (bit % 8));
    ASSERT_FALSE(certificateIsOurs(keyring, changed, mine.mac));
    ASSERT_FALSE(verifyCertificate(changed, mine.signature, keyring.publicKeys().answers));
  }
  EXPECT_FALSE(certificateIsOurs(keyring, bytes, Bytes(mine.mac).first(31)));
  EXPECT_FALSE(certificateIsOurs(keyring, bytes, {}));
  EXPECT_FALSE(certificateIsOurs(keyring, {}, mine.mac));
}

TEST_F(WalletKeys, ACertificateIsOursUnderOlderRecordKeysToo) {
  ForeignKeyring foreign;
  const auto& v = foreign.vectors;
  EXPECT_TRUE(certificateIsOurs(foreign, v.at("certificate"), v.at("certificate-mac")));
  EXPECT_FALSE(certificateIsOurs(keyring, v.at("certificate"), v.at("certificate-mac")));
}

TEST_F(WalletKeys, EverythingAboutAWalletIsNew) {
  std::set<Octets> seen;
  auto fresh = [&](Bytes bytes) { return seen.insert(Octets(bytes.begin(), bytes.end())).second; };
  for (int i = 0; i < 20; i++) {
    NewWallet wallet;
    ASSERT_EQ(make("Same name", wallet), MakeOutcome::MADE);
    EXPECT_TRUE(wiped(*scratch)) << "V33";
    EXPECT_TRUE(fresh(wallet.walletId) && fresh(wallet.publicKey) && fresh(wallet.recovery));
    EXPECT_TRUE(fresh(asBytes(reinterpret_cast<const char*>(&wallet.tag), 8)));
    for (const auto& share : wallet.shares) EXPECT_TRUE(fresh(share));
  }
}

TEST_F(WalletKeys, RefusesNamesThatAreNone) {
  for (std::string name : {std::string(), std::string(65, 'x'), std::string("a\nb"), std::string("\xff")}) {
    NewWallet wallet = mine;
    EXPECT_EQ(make(name, wallet), MakeOutcome::NAME_REFUSED);
    EXPECT_EQ(wallet.publicKey, PublicKey{});
    EXPECT_EQ(wallet.certificateSize, 0u);
  }
  NewWallet wallet;
  EXPECT_EQ(make(std::string(64, 'x'), wallet), MakeOutcome::MADE);
}

// Draws like the kernel, and at one of the draws spoils something that was finished before.
class Spoiler final : public Random {
 public:
  Spoiler(int when, std::function<void()> spoil) : when(when), spoil(std::move(spoil)) {}
  void fill(std::span<uint8_t> out) override {
    kernel.fill(out);
    if (++drawn == when) spoil();
  }
  int drawn = 0;

 private:
  KernelRandom kernel;
  int when;
  std::function<void()> spoil;
};

TEST_F(WalletKeys, V31HandsOutNoWalletThatWouldNotOpenAgain) {
  // The draws: id, tag, seed, two coefficients, three salts, and the recovery envelope's ephemeral key, which is the
  // last.
  constexpr int LAST = 9;
  NewWallet wallet;
  auto makeSpoiled = [&](int when, std::function<void()> spoil) {
    Spoiler spoiler(when, std::move(spoil));
    MakeOutcome outcome = makeWallet(OWNER, "Main", true, NOW, keyring, spoiler, *scratch, wallet);
    EXPECT_EQ(spoiler.drawn, LAST);
    EXPECT_TRUE(wiped(*scratch)) << "V33";
    if (outcome != MakeOutcome::MADE) {
      EXPECT_EQ(wallet.publicKey, PublicKey{});
      EXPECT_EQ(wallet.certificateSize, 0u);
    }
    return outcome;
  };
  EXPECT_EQ(makeSpoiled(0, [] {}), MakeOutcome::MADE);
  for (uint8_t i = 0; i < SHARES; i++) {
    EXPECT_EQ(makeSpoiled(LAST, [&] { wallet.shares[i][50] ^= 1; }), MakeOutcome::FAULT);
    EXPECT_EQ(makeSpoiled(LAST, [&] { scratch->shares[i].fill(TEST_ACCESS)[3] ^= 1; }), MakeOutcome::FAULT);
    // A wrong share that all envelopes agree on: only the recombined seed shows it.
    EXPECT_EQ(makeSpoiled(6, [&] { scratch->shares[2].fill(TEST_ACCESS)[3] ^= 1; }), MakeOutcome::FAULT);
  }
  EXPECT_EQ(makeSpoiled(LAST, [&] { scratch->seed.fill(TEST_ACCESS)[0] ^= 1; }), MakeOutcome::FAULT);
  EXPECT_EQ(makeSpoiled(LAST, [&] { wallet.publicKey[0] ^= 1; }), MakeOutcome::FAULT);
  EXPECT_EQ(makeSpoiled(LAST, [&] { wallet.epoch = 2; }), MakeOutcome::FAULT);
  // The seed changes after the public key was made of it.
  EXPECT_EQ(makeSpoiled(4, [&] { scratch->seed.fill(TEST_ACCESS)[0] ^= 1; }), MakeOutcome::FAULT);
}

TEST_F(WalletKeys, TheRecoveryEnvelopeHoldsTheOtherTwoShares) {
  ShareContext context{.walletId = mine.walletId,
                       .owner = OWNER,
                       .publicKey = mine.publicKey,
                       .epoch = mine.epoch,
                       .tag = mine.tag,
                       .threshold = THRESHOLD};
  Secret<32> two, three, share;
  ASSERT_EQ(openRecovery(keyring, context, mine.recovery, two, three), Opened::OPENED);
  context.index = 2;
  ASSERT_EQ(openEnvelope(keyring, context, mine.shares[1], share), Opened::OPENED);
  EXPECT_TRUE(share.matches(two));
  context.index = 3;
  ASSERT_EQ(openEnvelope(keyring, context, mine.shares[2], share), Opened::OPENED);
  EXPECT_TRUE(share.matches(three));
}

TEST_F(WalletKeys, V24SaysWhichShareIsDamagedAtEveryByte) {
  for (uint8_t i = 0; i < SHARES; i++) {
    for (size_t at = 0; at < SHARE_ENVELOPE_BYTES; at++) {
      auto changed = mine.shares[i];
      changed[at] ^= 1;
      WalletView view = viewOf(mine);
      view.shares[i] = changed;
      // Version 1 with its lowest bit flipped is version 0, which nobody has (V26).
      bool version = at >= 2 && at < 6;
      expectRefused(view, version ? SignOutcome::KEY_VERSION_UNKNOWN : SignOutcome::RECORD_REFUSED,
                    static_cast<uint8_t>(i + 1));
      view.shares[i] = Bytes(mine.shares[i]).first(at);
      if (at > 0) expectRefused(view, SignOutcome::RECORD_REFUSED, static_cast<uint8_t>(i + 1));
    }
  }
}

TEST_F(WalletKeys, SaysWhichShareIsMissing) {
  for (uint8_t i = 0; i < SHARES; i++) {
    WalletView view = viewOf(mine);
    view.shares[i] = {};
    expectRefused(view, SignOutcome::SHARE_MISSING, static_cast<uint8_t>(i + 1));
    Octets damaged(SHARE_ENVELOPE_BYTES);
    view.shares[0] = i == 0 ? Bytes() : Bytes(damaged);
    expectRefused(view, SignOutcome::SHARE_MISSING, static_cast<uint8_t>(i + 1));
  }
}

TEST_F(WalletKeys, V24RefusesSharesSwappedBetweenWalletsOwnersIndexesAndVersions) {
  NewWallet other, service;
  ASSERT_EQ(make("Other", other), MakeOutcome::MADE);
  ASSERT_EQ(make("Main", service, {OwnerId::Kind::SERVICE, OWNER.id}), MakeOutcome::MADE);
  for (const NewWallet* foreign : {&other, &service}) {
    for (uint8_t i = 0; i < SHARES; i++) {
      WalletView view = viewOf(mine);
      view.shares[i] = foreign->shares[i];
      expectRefused(view, SignOutcome::RECORD_REFUSED, static_cast<uint8_t>(i + 1));
    }
    WalletView all = viewOf(*foreign);
    all.walletId = mine.walletId;
    all.publicKey = mine.publicKey;
    expectRefused(all, SignOutcome::RECORD_REFUSED, 1);
  }
  WalletView swapped = viewOf(mine), repeated = viewOf(mine), owned = viewOf(mine), older = viewOf(mine),
             tagged = viewOf(mine), recovery = viewOf(mine);
  std::swap(swapped.shares[1], swapped.shares[2]);
  expectRefused(swapped, SignOutcome::RECORD_REFUSED, 2);
  repeated.shares[1] = repeated.shares[0];
  expectRefused(repeated, SignOutcome::RECORD_REFUSED, 2);
  owned.owner.id[0] ^= 1;
  expectRefused(owned, SignOutcome::RECORD_REFUSED, 1);
  older.epoch++;
  expectRefused(older, SignOutcome::RECORD_REFUSED, 1);
  tagged.tag++;
  expectRefused(tagged, SignOutcome::RECORD_REFUSED, 1);
  recovery.shares[0] = mine.recovery;
  expectRefused(recovery, SignOutcome::RECORD_REFUSED, 1);
}

TEST_F(WalletKeys, V28NeverSignsUnderAnotherPublicKey) {
  // Two signatures of one message under two public keys would give the private key away.
  for (size_t bit = 0; bit < 256; bit++) {
    WalletView view = viewOf(mine);
    view.publicKey[bit / 8] = static_cast<uint8_t>(view.publicKey[bit / 8] ^ 1u << (bit % 8));
    expectRefused(view, SignOutcome::RECORD_REFUSED, 1);
  }
}

TEST_F(WalletKeys, SignsMessagesOfAnyLengthDeterministically) {
  for (size_t size : {0u, 1u, 31u, 64u, 127u, 128u, 1232u, 65536u, 131072u}) {
    message.assign(size, 0x5a);
    ASSERT_EQ(sign(viewOf(mine)).outcome, SignOutcome::SIGNED);
    EXPECT_TRUE(verifies(out, message, mine.publicKey));
    Signature first = out;
    sign(viewOf(mine));
    EXPECT_EQ(out, first);
  }
}

TEST(WalletKeysForeign, SignsWithSharesOfAnIndependentImplementation) {
  ForeignKeyring keyring;
  const auto& v = keyring.vectors;
  Certificate certificate;
  ASSERT_TRUE(certificate.parse(v.at("certificate")));
  WalletView view{.walletId = certificate.walletId,
                  .owner = certificate.owner,
                  .publicKey = certificate.publicKey,
                  .epoch = 5,
                  .tag = 0x0123456789abcdef,
                  .shares = {v.at("share-1"), v.at("share-2"), v.at("share-3")}};
  WalletScratch scratch;
  Signature out;
  ASSERT_EQ(signWith(keyring, view, v.at("message"), scratch, out).outcome, SignOutcome::SIGNED);
  EXPECT_EQ(Octets(out.begin(), out.end()), v.at("signature"));
}

}  // namespace
}  // namespace waas::vault
