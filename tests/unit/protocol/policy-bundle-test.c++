// Policy bundles: one form, one signature over all of it.
#include "protocol/policy-bundle.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>

#include "protocol/service-owner.h"

namespace waas {
namespace {

struct PolicyBundleTest : testing::Test {
  PublicKey key;
  uint8_t secret[crypto_sign_SECRETKEYBYTES];
  std::vector<uint8_t> body = std::vector<uint8_t>(64, 7);

  PolicyBundleTest() {
    if (sodium_init() < 0) abort();
    crypto_sign_keypair(key.data(), secret);
  }

  std::vector<uint8_t> made(uint64_t number = 3, uint64_t notAfter = 5) {
    auto bundle = policyBundleToSign(number, notAfter, body).value();
    uint8_t signature[64];
    crypto_sign_detached(signature, nullptr, bundle.data(), bundle.size(), secret);
    bundle.insert(bundle.end(), signature, signature + 64);
    return bundle;
  }
};

TEST_F(PolicyBundleTest, SaysWhatWasPutIn) {
  auto bytes = made();
  auto bundle = PolicyBundle::parse(bytes);
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->number, 3u);
  EXPECT_EQ(bundle->notAfter, 5u);
  EXPECT_TRUE(std::ranges::equal(bundle->body, body));
  EXPECT_TRUE(bundle->isSignedBy(key));
}

TEST_F(PolicyBundleTest, IsSignedByOneKeyOverEveryByte) {
  auto bytes = made();
  PublicKey other = key;
  other[0] ^= 1;
  EXPECT_FALSE(PolicyBundle::parse(bytes)->isSignedBy(other));
  for (size_t i = 0; i < bytes.size(); i++) {
    auto bad = bytes;
    bad[i] ^= 0x40;
    auto bundle = PolicyBundle::parse(bad);
    EXPECT_FALSE(bundle && bundle->isSignedBy(key)) << i;
  }
}

TEST_F(PolicyBundleTest, HasOneForm) {
  auto bytes = made();
  for (size_t size = 0; size < bytes.size(); size++)
    EXPECT_FALSE(PolicyBundle::parse(Bytes(bytes).first(size))) << size;
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(PolicyBundle::parse(longer));
  EXPECT_FALSE(policyBundleToSign(0, 5, body));
  EXPECT_FALSE(policyBundleToSign(1, 5, Bytes(body).first(7)));
  EXPECT_FALSE(policyBundleToSign(1, 5, {}));
  EXPECT_FALSE(policyBundleToSign(1, 5, std::vector<uint8_t>(MAX_POLICY_BODY_BYTES + 8)));
  EXPECT_TRUE(policyBundleToSign(1, 5, std::vector<uint8_t>(MAX_POLICY_BODY_BYTES)));
}

// The number that follows from a name is on the chain of authenticated records: it never changes.
TEST(ServiceOwner, FollowsFromTheName) {
  // printf 'waas service payouts' | sha256sum
  OwnerId owner = serviceOwner("payouts");
  EXPECT_EQ(owner.kind, OwnerId::Kind::SERVICE);
  Id expected = {0x6c, 0x20, 0x6d, 0xed, 0x9f, 0x0b, 0x97, 0x12, 0x0b, 0x15, 0xcd, 0x5a, 0x20, 0x1e, 0x61, 0xbf};
  EXPECT_EQ(owner.id, expected);
  EXPECT_TRUE(isServiceName("pay-outs-2"));
  for (auto name : {"", "Pay", "pay outs", "pay_outs", "\xc3\xa4", "123456789012345678901234567890123"}) {
    EXPECT_FALSE(isServiceName(name)) << name;
  }
}

}  // namespace
}  // namespace waas
