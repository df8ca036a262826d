#include "protocol/proof.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "protocol-vectors.h"

namespace waas {
namespace {

constexpr uint64_t TIME = 1'700'000'000'123;

struct Key {
  uint8_t bytes[32];
  Key() { std::iota(bytes, bytes + 32, uint8_t{0x90}); }
  std::span<const uint8_t, 32> span() const { return bytes; }
};

Id tokenIdOf() {
  Id id;
  std::iota(id.begin(), id.end(), uint8_t{0x70});
  return id;
}

Bytes text(std::string_view s) { return asBytes(s.data(), s.size()); }

template <size_t N>
::testing::AssertionResult same(const Hash& got, const uint8_t (&expected)[N]) {
  if (std::equal(got.begin(), got.end(), expected, expected + N)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "another MAC";
}

TEST(Proof, IsHmacSha256OfTheDocumentedBytes) {
  EXPECT_TRUE(same(ProofBuilder(Key().span(), tokenIdOf(), TIME, Call::WALLETS).finish(), vectors::PROOF_WALLETS));

  ProofBuilder signOut(Key().span(), tokenIdOf(), TIME, Call::SIGN_OUT);
  signOut.field(uint8_t{1});
  EXPECT_TRUE(same(signOut.finish(), vectors::PROOF_SIGN_OUT));

  ProofBuilder sign(Key().span(), tokenIdOf(), TIME, Call::SIGN);
  const uint8_t payload[] = {1, 2, 3};
  sign.field(uint8_t{2});
  sign.field(text("main"));
  sign.field(uint8_t{0});
  sign.field(payload);
  sign.field(uint8_t{0});
  sign.field(Bytes{});
  sign.field(uint8_t{1});
  sign.field(text("hello"));
  EXPECT_TRUE(same(sign.finish(), vectors::PROOF_SIGN));
}

Hash proofOf(const Key& key, const Id& token, uint64_t time, Call call,
             std::initializer_list<std::string_view> fields) {
  ProofBuilder builder(key.span(), token, time, call);
  for (auto field : fields) builder.field(text(field));
  return builder.finish();
}

TEST(Proof, DiffersWithEachPartOfTheCall) {
  Key key, otherKey;
  otherKey.bytes[31] ^= 1;
  Id otherToken = tokenIdOf();
  otherToken[15] ^= 1;
  Hash proof = proofOf(key, tokenIdOf(), TIME, Call::SIGN, {"ab", "c"});
  EXPECT_NE(proof, proofOf(otherKey, tokenIdOf(), TIME, Call::SIGN, {"ab", "c"}));
  EXPECT_NE(proof, proofOf(key, otherToken, TIME, Call::SIGN, {"ab", "c"}));
  EXPECT_NE(proof, proofOf(key, tokenIdOf(), TIME + 1, Call::SIGN, {"ab", "c"}));
  EXPECT_NE(proof, proofOf(key, tokenIdOf(), TIME, Call::CREATE_WALLET, {"ab", "c"}));
  EXPECT_NE(proof, proofOf(key, tokenIdOf(), TIME, Call::SIGN, {"a", "bc"})) << "the border between fields counts";
  EXPECT_NE(proof, proofOf(key, tokenIdOf(), TIME, Call::SIGN, {"ab", "c", ""})) << "an empty field counts";
}

}  // namespace
}  // namespace waas
