#include "protocol/token.h"

#include <gtest/gtest.h>

#include <string>

#include "protocol-vectors.h"

namespace waas {
namespace {

TEST(Token, ItsIdAndUserAreFound) {
  auto id = tokenId(vectors::TOKEN);
  auto user = tokenUser(vectors::TOKEN);
  ASSERT_TRUE(id && user);
  for (size_t i = 0; i < id->size(); i++) {
    EXPECT_EQ((*id)[i], 0x70 + i);
    EXPECT_EQ((*user)[i], 0x30 + i);
  }
}

TEST(Token, WhatIsNoTokenHasNoId) {
  std::string token(vectors::TOKEN);
  size_t first = token.find('.'), second = token.find('.', first + 1);
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), token.substr(0, first),
        token.substr(0, second), std::string("a.!!!.c"), token.substr(0, first + 40) + ".x",
        std::string(MAX_TOKEN_BYTES + 1, 'a'), "a." + std::string(MAX_TOKEN_BYTES - 4, 'a') + ".c"}) {
    EXPECT_FALSE(tokenId(text)) << text;
    EXPECT_FALSE(tokenUser(text)) << text;
  }
}

}  // namespace
}  // namespace waas
