#include "solana/payload-kind.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

TEST(PayloadKind, TellsEachKindApart) {
  for (const auto& vector : vectors("transactions")) {
    EXPECT_EQ(classify(fromBase64(vector.at("transaction"))), PayloadKind::TRANSACTION);
    EXPECT_EQ(classify(fromHex(vector.at("message"))), PayloadKind::MESSAGE);
  }
  for (const auto& vector : vectors("offchain-messages")) {
    EXPECT_EQ(classify(fromBase64(vector.at("bytes"))), PayloadKind::OFFCHAIN_MESSAGE);
  }
  EXPECT_EQ(classify({}), PayloadKind::UNKNOWN);
  EXPECT_EQ(classify(bytesOf("Sign in to Example App")), PayloadKind::UNKNOWN);
}

}  // namespace
}  // namespace waas::solana::test
