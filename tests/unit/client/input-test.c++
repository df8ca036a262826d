#include "client/cli/input.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "client/cli/command.h"
#include "client/cli/password-source.h"
#include "client/cli/selector.h"
#include "client/cli/text-forms.h"
#include "temporary-folder.h"

namespace waas::cli {
namespace {

using Kind = client::Selector::Kind;

struct Input : testing::Test {
  test::TemporaryFolder folder;
  ~Input() noexcept override = default;

  std::string transaction(const std::string& content) {
    auto bytes = readTransaction(folder.file("tx", content));
    return std::string(bytes.asChars().begin(), bytes.size());
  }
  std::string password(const std::string& content) {
    auto secret = readPassword(folder.file("password", content), Asking::TWICE);
    auto text = secret.reveal(SecretAccess::here());
    return std::string(text.begin(), text.size());
  }
};

TEST_F(Input, ATransactionInBase64IsDecoded) {
  EXPECT_EQ(transaction("AQID"), "\x01\x02\x03");
  EXPECT_EQ(transaction("AQID\n"), "\x01\x02\x03");
  EXPECT_EQ(transaction("AQ\r\nID\r\n"), "\x01\x02\x03");
  EXPECT_EQ(transaction("AQI="), "\x01\x02");
}

TEST_F(Input, WhatIsNotWhollyBase64IsTakenAsItIs) {
  for (const std::string& bytes : {std::string("\x01\x02\x03"), std::string("AQI"), std::string("AQID!"),
                                   std::string("A-_D"), std::string("AQ==ID=="),
                                   std::string("\x81"
                                               "AQID"),
                                   std::string("AQID\0", 5)}) {
    EXPECT_EQ(transaction(bytes), bytes);
  }
}

TEST_F(Input, C3_WhatIsReadHasALimit) {
  EXPECT_EQ(transaction(std::string(MAX_TRANSACTION_BYTES, '\x01')).size(), MAX_TRANSACTION_BYTES);
  EXPECT_THROW(transaction(std::string(MAX_TRANSACTION_BYTES + 1, '\x01')), CommandError);
  EXPECT_THROW(transaction(std::string(MAX_TRANSACTION_BYTES * 3, 'A')), CommandError);
  EXPECT_THROW(readInput(folder.file("message", std::string(101, 'x')), 100), CommandError);
  EXPECT_THROW(password(std::string(client::MAX_SECRET_TEXT_BYTES + 1, 'x')), CommandError);
  EXPECT_THROW(readInput("/dev/zero", 1000), CommandError);
}

TEST_F(Input, APasswordFileEndsWithAtMostOneLineEnd) {
  EXPECT_EQ(password("secret"), "secret");
  EXPECT_EQ(password("secret\n"), "secret");
  EXPECT_EQ(password("secret\r\n"), "secret");
  EXPECT_EQ(password("secret\n\n"), "secret\n");
  EXPECT_EQ(password(" sec ret "), " sec ret ");
  EXPECT_EQ(password("secret\r"), "secret\r");
}

TEST(Selector, AWalletIsNamedByIdAddressOrName) {
  EXPECT_EQ(parseSelector("").kind, Kind::FIRST);
  auto id = parseSelector("000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(id.kind, Kind::ID);
  EXPECT_EQ(id.value[15], 15);
  auto key = parseSelector("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
  EXPECT_EQ(key.kind, Kind::PUBLIC_KEY);
  EXPECT_EQ(key.value.size(), 32u);
  for (const char* name : {"main", "000102030405060708090a0b0c0d0e0", "000102030405060708090a0b0c0d0e0g",
                           "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5D0"}) {
    EXPECT_EQ(parseSelector(name).kind, Kind::NAME) << name;
  }
}

TEST(TextForms, WriteAndReadBack) {
  EXPECT_EQ(hex(Id{1, 0xab}), "01ab0000000000000000000000000000");
  EXPECT_EQ(parseId("01AB0000000000000000000000000000"), (Id{1, 0xab}));
  EXPECT_FALSE(parseId("01ab"));
  EXPECT_EQ(base58(PublicKey{}), std::string(32, '1'));
  EXPECT_EQ(parseAddress(std::string(32, '1')), PublicKey{});
  EXPECT_EQ(utc(1'700'000'000'123), "2023-11-14T22:13:20Z");
  EXPECT_EQ(utc(0), "");
}

}  // namespace
}  // namespace waas::cli
