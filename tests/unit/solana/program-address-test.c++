#include "solana/program-address.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"

namespace waas::solana::test {
namespace {

using nlohmann::json;

// Made by @solana/kit and @solana-program/token: tests/interop/make-instruction-vectors.mjs.
TEST(ProgramAddress, AgreesWithTheLibraries) {
  json vectors = json::parse(std::ifstream(WAAS_SOLANA_VECTORS "/program-addresses.json"));
  ASSERT_GT(vectors.size(), 100u);
  bool lowBump = false;
  for (const json& entry : vectors) {
    Address owner = parseAddress(entry.at("owner").get<std::string>()).value();
    Address mint = parseAddress(entry.at("mint").get<std::string>()).value();
    Address program = parseAddress(entry.at("program").get<std::string>()).value();
    Address expected = parseAddress(entry.at("address").get<std::string>()).value();
    EXPECT_EQ(associatedTokenAddress(owner, mint, program), expected);
    EXPECT_TRUE(isAssociatedTokenAddress(expected, owner, mint, program));
    EXPECT_FALSE(isAssociatedTokenAddress(expected, mint, owner, program));
    EXPECT_FALSE(isOnCurve(expected));
    lowBump = lowBump || entry.at("bump") < 252;
  }
  EXPECT_TRUE(lowBump) << "none of them needed several bumps";
}

TEST(ProgramAddress, CurveIsDecidedAsTheRuntimeDoes) {
  std::array<std::uint8_t, 32> publicKey;
  std::array<std::uint8_t, 64> secretKey;
  for (int i = 0; i < 20; ++i) {
    crypto_sign_keypair(publicKey.data(), secretKey.data());
    EXPECT_TRUE(isOnCurve(AddressView(publicKey)));
  }
  // Small order, and y = p + 1, a way to write y = 1 that is not the smallest: curve25519-dalek decodes both.
  Address one{{1}};
  EXPECT_TRUE(isOnCurve(one));
  Address large{};
  large.bytes.fill(0xff);
  large.bytes[0] = 0xee;
  large.bytes[31] = 0x7f;
  EXPECT_TRUE(isOnCurve(large));
  Address two{{2}};
  EXPECT_FALSE(isOnCurve(two)) << "y = 2 has no x";
}

TEST(ProgramAddress, SeedsHaveBounds) {
  std::array<std::uint8_t, 33> longSeed{};
  const Bytes tooLong[] = {longSeed};
  EXPECT_FALSE(findProgramAddress(tooLong, token::PROGRAM));
  const Bytes fits[] = {Bytes(longSeed).first(32)};
  EXPECT_TRUE(findProgramAddress(fits, token::PROGRAM));
  std::vector<Bytes> many(16, Bytes(longSeed).first(1));
  EXPECT_FALSE(findProgramAddress(many, token::PROGRAM)) << "the bump would be the seventeenth";
  many.pop_back();
  EXPECT_TRUE(findProgramAddress(many, token::PROGRAM));
}

}  // namespace
}  // namespace waas::solana::test
