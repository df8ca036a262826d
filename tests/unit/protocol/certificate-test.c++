#include "protocol/certificate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "protocol-vectors.h"

namespace waas {
namespace {

PublicKey answerKey() {
  PublicKey key;
  std::copy(std::begin(vectors::ANSWER_KEY), std::end(vectors::ANSWER_KEY), key.begin());
  return key;
}

std::vector<uint8_t> payload() { return {std::begin(vectors::CERTIFICATE), std::end(vectors::CERTIFICATE)}; }

TEST(Certificate, ReadsTheDocumentedBytes) {
  Certificate c;
  ASSERT_TRUE(c.parse(vectors::CERTIFICATE));
  EXPECT_EQ(c.walletId[0], 0x10);
  EXPECT_EQ(c.owner.kind, OwnerId::Kind::USER);
  EXPECT_EQ(c.owner.id[0], 0x30);
  EXPECT_EQ(c.publicKey[0], 0xa0);
  EXPECT_TRUE(c.first);
  EXPECT_EQ(c.createdAt, 1'700'000'000'123u);
  EXPECT_EQ(c.name,
            "Sparb\xc3\xbc"
            "chse");
}

TEST(Certificate, WritesTheSameBytesAgain) {
  Certificate c;
  ASSERT_TRUE(c.parse(vectors::CERTIFICATE));
  uint8_t out[MAX_CERTIFICATE_BYTES];
  size_t size = c.write(out);
  EXPECT_TRUE(std::ranges::equal(Bytes(out, size), vectors::CERTIFICATE));
  EXPECT_EQ(c.write(std::span(out).first(size - 1)), 0u) << "too small a place";
}

TEST(Certificate, VerifiesTheSignatureThatOpensslMade) {
  EXPECT_TRUE(verifyCertificate(vectors::CERTIFICATE, vectors::CERTIFICATE_SIGNATURE, answerKey()));
}

TEST(Certificate, RefusesEveryFlippedBitOfPayloadAndSignature) {
  auto bytes = payload();
  std::vector<uint8_t> signature(std::begin(vectors::CERTIFICATE_SIGNATURE), std::end(vectors::CERTIFICATE_SIGNATURE));
  for (size_t bit = 0; bit < bytes.size() * 8; bit++) {
    auto changed = bytes;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(verifyCertificate(changed, signature, answerKey())) << bit;
  }
  for (size_t bit = 0; bit < signature.size() * 8; bit++) {
    auto changed = signature;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(verifyCertificate(bytes, changed, answerKey())) << bit;
  }
}

TEST(Certificate, RefusesAnotherKeyAndOtherSizes) {
  auto key = answerKey();
  key[0] ^= 1;
  EXPECT_FALSE(verifyCertificate(vectors::CERTIFICATE, vectors::CERTIFICATE_SIGNATURE, key));
  EXPECT_FALSE(verifyCertificate(vectors::CERTIFICATE, Bytes(vectors::CERTIFICATE_SIGNATURE).first(63), answerKey()));
  EXPECT_FALSE(verifyCertificate(vectors::CERTIFICATE, {}, answerKey()));
  EXPECT_FALSE(
      verifyCertificate(std::vector<uint8_t>(MAX_CERTIFICATE_BYTES + 1), vectors::CERTIFICATE_SIGNATURE, answerKey()));
}

TEST(Certificate, RefusesWhatIsNotCanonical) {
  Certificate c;
  auto bytes = payload();
  for (size_t size = 0; size < bytes.size(); size++) EXPECT_FALSE(c.parse(Bytes(bytes).first(size))) << size;
  auto longer = bytes;
  longer.push_back('x');
  EXPECT_FALSE(c.parse(longer)) << "trailing byte";
  auto with = [&](size_t at, uint8_t value) {
    auto changed = bytes;
    changed[at] = value;
    return changed;
  };
  EXPECT_FALSE(c.parse(with(0, 2))) << "unknown version";
  EXPECT_FALSE(c.parse(with(17, 3))) << "unknown kind of owner";
  EXPECT_FALSE(c.parse(with(66, 2))) << "first is 0 or 1";
  EXPECT_FALSE(c.parse(with(bytes.size() - 1, 0x07))) << "control character in the name";
  EXPECT_FALSE(c.parse(with(bytes.size() - 1, 0xff))) << "bad UTF-8 in the name";
}

TEST(WalletName, IsWellFormedUtf8WithoutControlCharacters) {
  for (const char* name :
       {"a", "main wallet", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x92\xb0", "\xf4\x8f\xbf\xbf", "\xc2\xa0"}) {
    EXPECT_TRUE(isWalletName(name)) << name;
  }
  for (const char* name :
       {"", "a\nb", "\x7f", "\x1b[2J", "\xc2\x9b", "\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf",
        "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82"}) {
    EXPECT_FALSE(isWalletName(name)) << name;
  }
  EXPECT_FALSE(isWalletName(std::string_view("a\0b", 3)));
  EXPECT_TRUE(isWalletName(std::string(64, 'x')));
  EXPECT_FALSE(isWalletName(std::string(65, 'x')));
}

}  // namespace
}  // namespace waas
