#include "solana/address.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

TEST(Base58, WritesAndReadsWhatTheLibraryWrites) {
  for (const auto& vector : vectors("base58")) {
    Buffer bytes = fromHex(vector.at("hex"));
    std::string text = vector.at("base58");
    if (bytes.size() == ADDRESS_SIZE) {
      auto address = parseAddress(text);
      ASSERT_TRUE(address) << text;
      EXPECT_EQ(toHex(address->bytes), toHex(bytes));
      EXPECT_EQ(format(AddressView(*address)).view(), text);
      EXPECT_FALSE(parseSignature(text));
    } else {
      auto signature = parseSignature(text);
      ASSERT_TRUE(signature) << text;
      EXPECT_EQ(toHex(signature->bytes), toHex(bytes));
      EXPECT_EQ(format(SignatureView(*signature)).view(), text);
      EXPECT_FALSE(parseAddress(text));
    }
  }
}

TEST(Base58, RefusesCharactersThatAreNotInTheAlphabet) {
  std::string good = "So11111111111111111111111111111111111111112";
  ASSERT_TRUE(parseAddress(good));
  for (int c = 0; c < 256; ++c) {
    std::string text = good;
    text[1] = static_cast<char>(c);
    bool inAlphabet =
        std::string_view("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz").find(static_cast<char>(c)) !=
        std::string_view::npos;
    EXPECT_EQ(bool(parseAddress(text)), inAlphabet) << c;
  }
  EXPECT_FALSE(parseAddress(" " + good));
  EXPECT_FALSE(parseAddress(good + " "));
  EXPECT_FALSE(parseAddress(good + "\n"));
}

TEST(Base58, RefusesEveryOtherLength) {
  for (std::size_t length = 0; length < 200; ++length) {
    EXPECT_EQ(bool(parseAddress(std::string(length, '1'))), length == 32) << length;
    EXPECT_EQ(bool(parseSignature(std::string(length, '1'))), length == 64) << length;
    // 58^43 - 1 is the largest number of its digits that has 32 bytes.
    EXPECT_EQ(bool(parseAddress(std::string(length, 'z'))), length == 43) << length;
  }
  EXPECT_FALSE(parseAddress(std::string(1 << 20, '1')));
}

TEST(Base58, S1GivesEachAddressOneText) {
  // One more or one less leading '1' is another length, never another text of the same address.
  for (const auto& vector : vectors("base58")) {
    std::string text = vector.at("base58");
    EXPECT_FALSE(parseAddress("1" + text));
    EXPECT_FALSE(parseSignature("1" + text));
    if (text[0] == '1') {
      EXPECT_FALSE(parseAddress(text.substr(1)));
      EXPECT_FALSE(parseSignature(text.substr(1)));
    }
  }
}

TEST(Base58, RefusesTheFirstNumberThatDoesNotFit) {
  // 2^256 - 1 and 2^256, by python: int.from_bytes(b'\xff' * 32, 'big') and the next, in base 58.
  EXPECT_TRUE(parseAddress("JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG"));
  EXPECT_FALSE(parseAddress("JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH"));
}

TEST(Address, ComparesByBytes) {
  EXPECT_TRUE(same(addressOf(1), addressOf(1)));
  EXPECT_FALSE(same(addressOf(1), addressOf(2)));
  EXPECT_EQ(copy(addressOf(5)), addressOf(5));
}

}  // namespace
}  // namespace waas::solana::test
