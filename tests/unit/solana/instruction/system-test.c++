#include "solana/instruction/system.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

TEST(SystemTransfer, CompilesToTheLibrarysBytes) {
  auto list = vectors("transfers");
  EXPECT_EQ(list.size(), 5u);
  for (const auto& vector : list) {
    MessageDraft draft;
    const auto& version = vector.at("version");
    draft.version = version == "legacy" ? Version::LEGACY : version == 0 ? Version::V0 : Version::V1;
    draft.feePayer = *parseAddress(vector.at("from").get<std::string>());
    draft.lifetime = *parseAddress(vector.at("lifetime").get<std::string>());
    Address to = *parseAddress(vector.at("to").get<std::string>());
    draft.calls = {system::transfer(draft.feePayer, to, std::stoull(vector.at("lamports").get<std::string>()))};
    auto message = compileMessage(draft);
    ASSERT_TRUE(message);
    EXPECT_EQ(toHex(*message), vector.at("message"));
  }
}

}  // namespace
}  // namespace waas::solana::test
