#include "protocol/public-keys.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "protocol-vectors.h"

namespace waas {
namespace {

TEST(PublicKeys, ReadsTheFile) {
  auto keys = VaultPublicKeys::parse(vectors::VAULT_PUB);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->sealing[0], 3);
  EXPECT_TRUE(std::ranges::equal(keys->answers, vectors::ANSWER_KEY));
  EXPECT_TRUE(std::ranges::equal(keys->audit, vectors::AUDIT_KEY));
}

TEST(PublicKeys, PrintsTheSameTextAgain) {
  auto keys = VaultPublicKeys::parse(vectors::VAULT_PUB);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->print(), vectors::VAULT_PUB);
}

TEST(PublicKeys, AllowsCommentsAndBlankLines) {
  std::string text = "# keys of the vault\n\n" + std::string(vectors::VAULT_PUB) + "\n  # end\n";
  text.replace(text.find("\nanswers"), 1, "   # for sealing\n");
  EXPECT_TRUE(VaultPublicKeys::parse(text));
}

TEST(PublicKeys, RefusesEachMissingLineAndEachDoubleOne) {
  std::string text(vectors::VAULT_PUB);
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin) + 1;
    std::string line = text.substr(begin, end - begin), without = text;
    without.erase(begin, end - begin);
    EXPECT_FALSE(VaultPublicKeys::parse(without)) << "without " << line;
    EXPECT_FALSE(VaultPublicKeys::parse(text + line)) << "twice " << line;
    begin = end;
  }
}

TEST(PublicKeys, RefusesWhatItDoesNotUnderstand) {
  std::string text(vectors::VAULT_PUB);
  auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  EXPECT_FALSE(VaultPublicKeys::parse(""));
  EXPECT_FALSE(VaultPublicKeys::parse(text + "other AAAA\n"));
  EXPECT_FALSE(VaultPublicKeys::parse(replaced("waas-vault 1", "waas-vault 2")));
  EXPECT_FALSE(VaultPublicKeys::parse(replaced("sealing ", "sealing AAAA ")));
  EXPECT_FALSE(VaultPublicKeys::parse(replaced("sealing AwQF", "sealing AwQ")));
  EXPECT_FALSE(VaultPublicKeys::parse(replaced("sealing AwQF", "sealing !wQF")));
  EXPECT_FALSE(VaultPublicKeys::parse(replaced("sealing AwQF", "sealing AwQFAwQF")));
}

}  // namespace
}  // namespace waas
