#include "daemon/vault/sign-twice.h"

#include <gtest/gtest.h>

#include <set>

#include "keys-for-tests.h"

namespace waas::vault {
namespace {

// A wallet of a known seed, sealed piece by piece.
class SignTwice : public testing::Test {
 protected:
  void become(Bytes seed) {
    Secret<32> secret;
    put(secret, seed);
    Secret<64> unused;
    crypto_sign_seed_keypair(view.publicKey.data(), unused.fill(TEST_ACCESS).data(), seed.data());
    std::array<Secret<32>, SHARES> shares;
    ASSERT_TRUE(splitSecret(secret, THRESHOLD, SHARE_COORDINATES, shares, random));
    for (uint8_t i = 0; i < SHARES; i++) {
      ASSERT_TRUE(sealEnvelope(keyring, shareContext(view, SHARE_COORDINATES[i]), shares[i], random, envelopes[i]));
      view.shares[i] = envelopes[i];
    }
  }
  template <typename Fault>
  SignResult signWithFault(Fault fault, Bytes message = {}) {
    out.fill(9);
    SignResult result = signTwice(keyring, view, message, scratch, out, fault);
    EXPECT_TRUE(isZero(scratch.seed) && isZero(scratch.signingKey)) << "V33";
    for (const auto& share : scratch.shares) EXPECT_TRUE(isZero(share)) << "V33";
    return result;
  }

  FreshKeyring keyring;
  KernelRandom random;
  WalletView view;
  std::array<std::array<uint8_t, SHARE_ENVELOPE_BYTES>, SHARES> envelopes;
  WalletScratch scratch;
  Signature out;
};

TEST_F(SignTwice, GivesTheSignaturesOfRfc8032) {
  size_t checked = 0;
  for (const auto& parts : vectorLines("ed25519/sign.txt")) {
    become(fromHex(parts[0]));
    EXPECT_EQ(view.publicKey, toArray<32>(fromHex(parts[1])));
    ASSERT_EQ(signWithFault(NoFault(), fromHex(parts[2])).outcome, SignOutcome::SIGNED);
    EXPECT_EQ(out, toArray<64>(fromHex(parts[3]))) << "line " << checked + 1;
    checked++;
  }
  EXPECT_EQ(checked, 21u);
}

TEST_F(SignTwice, SignsWithTheEdgesOfTheSeedSpace) {
  for (uint8_t value : Octets{0x00, 0xff, 0x80, 0x01, 0x7f}) {
    Octets message(77, value);
    become(Octets(32, value));
    ASSERT_EQ(signWithFault(NoFault(), message).outcome, SignOutcome::SIGNED);
    EXPECT_EQ(crypto_sign_verify_detached(out.data(), message.data(), message.size(), view.publicKey.data()), 0);
  }
}

// Flips one bit at the given point of one of the two computations; the n-th time the point is passed.
struct Flip {
  int round;
  FaultPoint point;
  size_t bit;
  int skip = 0;
  int met = 0;

  void operator()(int inRound, FaultPoint at, std::span<uint8_t> bytes) {
    if (inRound != round || at != point || met++ != skip) return;
    bytes[bit / 8 % bytes.size()] = static_cast<uint8_t>(bytes[bit / 8 % bytes.size()] ^ 1u << (bit % 8));
  }
};

// V11, too.
TEST_F(SignTwice, V27NoFaultInEitherComputationLetsASignatureOut) {
  become(Octets(32, 0x33));
  Octets message(40, 1);
  struct Place {
    FaultPoint point;
    size_t bits;
    int times;
  };
  for (Place place : {Place{FaultPoint::SHARE, 256, 3}, Place{FaultPoint::SEED, 256, 1},
                      Place{FaultPoint::PUBLIC_KEY, 256, 1}, Place{FaultPoint::SIGNATURE, 512, 1}}) {
    for (int round : {1, 2}) {
      for (int skip = 0; skip < place.times; skip++) {
        for (size_t bit = 0; bit < place.bits; bit += 5) {
          Flip fault{round, place.point, bit, skip};
          SignResult result = signTwice(keyring, view, message, scratch, out, fault);
          ASSERT_EQ(fault.met, place.times);
          ASSERT_EQ(result.outcome, SignOutcome::FAULT);
          ASSERT_EQ(out, Signature{});
        }
      }
    }
  }
  EXPECT_EQ(signWithFault(NoFault(), message).outcome, SignOutcome::SIGNED);
}

TEST_F(SignTwice, V27TheSecondComputationBeginsWithTheCiphertextsAgain) {
  become(Octets(32, 0x44));
  std::vector<std::pair<int, FaultPoint>> passed;
  std::set<Octets> seeds;
  auto watch = [&](int round, FaultPoint point, std::span<uint8_t> bytes) {
    passed.emplace_back(round, point);
    if (point == FaultPoint::SEED) seeds.insert(Octets(bytes.begin(), bytes.end()));
    // What the first computation left behind must not be there any more when the second fills it.
    if (round == 2 && point == FaultPoint::SHARE) {
      EXPECT_TRUE(isZero(scratch.seed) && isZero(scratch.signingKey));
    }
  };
  ASSERT_EQ(signWithFault(watch).outcome, SignOutcome::SIGNED);
  std::vector<std::pair<int, FaultPoint>> expected;
  for (int round : {1, 2}) {
    for (FaultPoint point : {FaultPoint::SHARE, FaultPoint::SHARE, FaultPoint::SHARE, FaultPoint::SEED,
                             FaultPoint::PUBLIC_KEY, FaultPoint::SIGNATURE}) {
      expected.emplace_back(round, point);
    }
  }
  EXPECT_EQ(passed, expected);
  EXPECT_EQ(seeds.size(), 1u);
}

TEST_F(SignTwice, V27CiphertextThatChangesBetweenTheTwoIsAFault) {
  become(Octets(32, 0x55));
  for (uint8_t i = 0; i < SHARES; i++) {
    auto rot = [&](int round, FaultPoint point, std::span<uint8_t>) {
      if (round == 1 && point == FaultPoint::SIGNATURE) envelopes[i][60] ^= 4;
    };
    EXPECT_EQ(signWithFault(rot).outcome, SignOutcome::FAULT);
    EXPECT_EQ(out, Signature{});
    envelopes[i][60] ^= 4;
  }
  // And a public key that changes in the view, too: the envelopes are bound to the other one.
  auto exchange = [&](int round, FaultPoint point, std::span<uint8_t>) {
    if (round == 1 && point == FaultPoint::SIGNATURE) view.publicKey[0] ^= 1;
  };
  EXPECT_EQ(signWithFault(exchange).outcome, SignOutcome::FAULT);
  EXPECT_EQ(out, Signature{});
}

}  // namespace
}  // namespace waas::vault
