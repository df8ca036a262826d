#include "solana/message-builder.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

MessageDraft draft(Version version) {
  MessageDraft out;
  out.version = version;
  out.feePayer = addressOf(1);
  out.lifetime = addressOf(9);
  out.calls = {{addressOf(50),
                {{addressOf(1), Access::WRITABLE_SIGNER},
                 {addressOf(2), Access::READONLY},
                 {addressOf(3), Access::WRITABLE},
                 {addressOf(4), Access::READONLY_SIGNER},
                 {addressOf(5), Access::WRITABLE_SIGNER}},
                {1, 2, 3}}};
  return out;
}

TEST(MessageBuilder, SortsKeysByTheirClasses) {
  for (Version version : {Version::LEGACY, Version::V0, Version::V1}) {
    auto bytes = compileMessage(draft(version));
    ASSERT_TRUE(bytes);
    auto message = decodeMessage(*bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->header(), (Header{3, 1, 2}));
    std::string order;
    for (std::size_t i = 0; i < message->staticKeyCount(); ++i) order += std::to_string(message->staticKey(i)[0]) + " ";
    EXPECT_EQ(order, "1 5 4 3 2 50 ");
  }
}

TEST(MessageBuilder, GivesAnAccountItsStrongestUse) {
  MessageDraft twice = draft(Version::LEGACY);
  twice.calls.push_back(
      {addressOf(50), {{addressOf(2), Access::WRITABLE}, {addressOf(2), Access::READONLY_SIGNER}}, {}});
  auto bytes = compileMessage(twice);
  ASSERT_TRUE(bytes);
  auto message = decodeMessage(*bytes);
  ASSERT_TRUE(message);
  auto index = message->signerIndex(addressOf(2));
  ASSERT_TRUE(index);
  EXPECT_TRUE(message->isWritable(*index));
}

TEST(MessageBuilder, TakesFromTablesOnlyWhatNeitherSignsNorIsCalled) {
  MessageDraft lookedUp = draft(Version::V0);
  lookedUp.tables = {{addressOf(70), {addressOf(50), addressOf(1), addressOf(3), addressOf(4), addressOf(2)}}};
  auto bytes = compileMessage(lookedUp);
  ASSERT_TRUE(bytes);
  auto message = decodeMessage(*bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->staticKeyCount(), 4u);
  ASSERT_EQ(message->lookupTables().size(), 1u);
  LookupTable lookup = *message->lookupTables().begin();
  EXPECT_EQ(toHex(lookup.writable), "02");
  EXPECT_EQ(toHex(lookup.readonly), "04");
  // 1 is the fee payer, then 5, 4, 50; then what the table gives writable (3), then readonly (2).
  EXPECT_EQ(toHex((*message->instructions().begin()).accounts), "0005040201");
}

TEST(MessageBuilder, MakesNothingThatDoesNotDecode) {
  MessageDraft large = draft(Version::LEGACY);
  large.calls[0].data.resize(1000);
  EXPECT_FALSE(compileMessage(large));
  large.version = Version::V1;
  EXPECT_TRUE(compileMessage(large));
  large.config.heapSize = 1;
  EXPECT_FALSE(compileMessage(large));

  MessageDraft config = draft(Version::V0);
  config.config.computeUnitLimit = 1;
  EXPECT_FALSE(compileMessage(config));

  MessageDraft payerCalled = draft(Version::V1);
  payerCalled.calls[0].program = payerCalled.feePayer;
  EXPECT_FALSE(compileMessage(payerCalled));

  MessageDraft many = draft(Version::V0);
  for (int i = 0; i < 300; ++i) {
    Address address = addressOf(100);
    address.bytes[0] = static_cast<std::uint8_t>(i);
    address.bytes[1] = static_cast<std::uint8_t>(i >> 8);
    many.calls[0].accounts.push_back({address, Access::READONLY});
  }
  EXPECT_FALSE(compileMessage(many));
}

}  // namespace
}  // namespace waas::solana::test
