#include "solana/message.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

constexpr Version ALL_VERSIONS[] = {Version::LEGACY, Version::V0, Version::V1};

TEST(Message, AcceptsTheSamplesThatTheOtherTestsSpoil) {
  for (Version version : ALL_VERSIONS) EXPECT_EQ(Sample(version).refusal(), Malformed::NONE);
}

TEST(Message, TellsSignersAndWritableAccountsByTheHeader) {
  Sample sample(Version::V0);
  sample.header = {3, 1, 2};
  sample.keys = {addressOf(1), addressOf(2), addressOf(3), addressOf(4), addressOf(5), addressOf(6)};
  Buffer bytes = sample.write();
  auto message = decodeMessage(bytes);
  ASSERT_TRUE(message);
  std::string signers;
  std::string writable;
  for (std::size_t i = 0; i < 12; ++i) {
    signers += message->isSigner(i) ? 's' : '.';
    writable += message->isWritable(i) ? 'w' : '.';
  }
  EXPECT_EQ(signers, "sss.........");
  // Static: two writable signers, a readonly one, a writable other, two readonly; then two loaded writable, one
  // readonly.
  EXPECT_EQ(writable, "ww.w..ww....");
  EXPECT_EQ(message->accountCount(), 9u);
  EXPECT_EQ(message->signerIndex(addressOf(3)), 2u);
  EXPECT_FALSE(message->signerIndex(addressOf(4)));
}

TEST(Message, S3RefusesAMessageWithoutSigners) {
  for (Version version : ALL_VERSIONS) {
    Sample sample(version);
    sample.header = {0, 0, 0};
    EXPECT_EQ(sample.refusal(), Malformed::NO_SIGNER);
  }
}

TEST(Message, S3RefusesAReadonlyFeePayer) {
  for (Version version : ALL_VERSIONS) {
    Sample sample(version);
    sample.header = {1, 1, 1};
    EXPECT_EQ(sample.refusal(), Malformed::READONLY_FEE_PAYER);
    sample.header = {2, 2, 0};
    EXPECT_EQ(sample.refusal(), Malformed::READONLY_FEE_PAYER);
    sample.header = {2, 200, 0};
    EXPECT_EQ(sample.refusal(), Malformed::READONLY_FEE_PAYER);
  }
}

TEST(Message, S3RefusesAHeaderThatCountsMoreKeysThanThereAre) {
  for (Version version : ALL_VERSIONS) {
    Sample sample(version);
    sample.header = {4, 0, 0};
    EXPECT_EQ(sample.refusal(), Malformed::TOO_FEW_KEYS);
    sample.header = {1, 0, 3};
    EXPECT_EQ(sample.refusal(), Malformed::TOO_FEW_KEYS);
    sample.header = {2, 0, 255};
    EXPECT_EQ(sample.refusal(), Malformed::TOO_FEW_KEYS);
    sample.header = {1, 0, 2};
    EXPECT_EQ(sample.refusal(), Malformed::NONE);
    sample.keys.clear();
    EXPECT_EQ(sample.refusal(), Malformed::TOO_FEW_KEYS);
  }
}

TEST(Message, S3RefusesAKeyThatIsListedTwice) {
  for (Version version : ALL_VERSIONS) {
    for (auto [i, j] : {std::pair{0, 1}, std::pair{0, 2}, std::pair{1, 2}}) {
      Sample sample(version);
      sample.keys[static_cast<std::size_t>(j)] = sample.keys[static_cast<std::size_t>(i)];
      EXPECT_EQ(sample.refusal(), Malformed::DUPLICATE_KEY);
    }
  }
}

TEST(Message, S3RefusesProgramsThatAreNoStaticKeyOrPayTheFee) {
  for (Version version : ALL_VERSIONS) {
    Sample sample(version);
    sample.instructions[0].program = 0;
    EXPECT_EQ(sample.refusal(), Malformed::PROGRAM_IS_FEE_PAYER);
    // 3 is an account of a v0 message: the first one that its table gives. It still may not be a program.
    for (std::uint8_t program : Buffer{3, 4, 200, 255}) {
      sample.instructions[0].program = program;
      EXPECT_EQ(sample.refusal(), Malformed::PROGRAM_OUT_OF_RANGE);
    }
  }
}

TEST(Message, S3RefusesAccountsThatAreNotThere) {
  for (Version version : ALL_VERSIONS) {
    Sample sample(version);
    std::uint8_t count = version == Version::V0 ? 6 : 3;
    for (std::uint8_t account = 0; account < 8; ++account) {
      Buffer accounts{0, account};
      sample.instructions[0].accounts = accounts;
      EXPECT_EQ(sample.refusal(), account < count ? Malformed::NONE : Malformed::ACCOUNT_OUT_OF_RANGE);
    }
  }
}

TEST(Message, S3RefusesALookupThatLooksNothingUp) {
  Sample sample(Version::V0);
  Address other = addressOf(8);
  sample.lookups.push_back({other.bytes, {}, {}});
  EXPECT_EQ(sample.refusal(), Malformed::EMPTY_LOOKUP);
}

TEST(Message, S3RefusesATableOrAnEntryThatIsNamedTwice) {
  Buffer two{2};
  Buffer twice{2, 2};
  Address other = addressOf(8);
  Sample sample(Version::V0);
  sample.lookups.push_back({sample.table.bytes, two, {}});
  EXPECT_EQ(sample.refusal(), Malformed::DUPLICATE_LOOKUP);
  sample.lookups[1] = {other.bytes, twice, {}};
  EXPECT_EQ(sample.refusal(), Malformed::DUPLICATE_LOOKUP);
  sample.lookups[1] = {other.bytes, two, two};
  EXPECT_EQ(sample.refusal(), Malformed::DUPLICATE_LOOKUP);
  sample.lookups[1] = {other.bytes, two, {}};
  EXPECT_EQ(sample.refusal(), Malformed::NONE);
}

TEST(Message, S3RefusesMoreThan256Accounts) {
  Buffer all(253);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  Sample sample(Version::V0);
  sample.lookups[0] = {sample.table.bytes, all, {}};
  EXPECT_EQ(sample.refusal(), Malformed::NONE);
  all.push_back(253);
  sample.lookups[0] = {sample.table.bytes, all, {}};
  EXPECT_EQ(sample.refusal(), Malformed::TOO_MANY_ACCOUNTS);
}

TEST(Message, RefusesEveryVersionThatDoesNotExist) {
  for (std::uint32_t first = 0x82; first <= 0xff; ++first) {
    Buffer bytes = Sample(Version::V0).write();
    bytes[0] = static_cast<std::uint8_t>(first);
    EXPECT_EQ(decodeMessage(bytes).malformed(), Malformed::UNKNOWN_VERSION);
  }
}

TEST(Message, S4RefusesEveryTruncationAndEveryByteMore) {
  for (const auto& vector : vectors("transactions")) {
    Buffer bytes = fromHex(vector.at("message"));
    ASSERT_TRUE(decodeMessage(bytes)) << vector.at("name");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // A buffer of exactly this size, so that a sanitizer sees a read past it.
      Buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_FALSE(decodeMessage(cut)) << vector.at("name") << " " << size;
    }
    bytes.push_back(0);
    EXPECT_FALSE(decodeMessage(bytes)) << vector.at("name");
  }
}

TEST(Message, RefusesWhatIsTooLargeWithItsSignatures) {
  // One signer: 1 + 64 + message <= 1232.
  for (Version version : {Version::LEGACY, Version::V0}) {
    Sample sample(version);
    std::size_t rest = MAX_TRANSACTION_SIZE - 65 - sample.write().size();
    Buffer data(sample.data.size() + rest - 1);  // a length above 127 takes one byte more
    sample.instructions[0].data = data;
    ASSERT_EQ(sample.write().size(), MAX_TRANSACTION_SIZE - 65);
    EXPECT_EQ(sample.refusal(), Malformed::NONE);
    sample.header.requiredSignatures = 2;
    EXPECT_EQ(sample.refusal(), Malformed::TOO_LARGE);
    sample.header.requiredSignatures = 1;
    data.push_back(0);
    sample.instructions[0].data = data;
    EXPECT_EQ(sample.refusal(), Malformed::TOO_LARGE);
  }
}

TEST(MessageV1, RefusesWhatIsLargerThan4096BytesWithItsSignatures) {
  Sample sample(Version::V1);
  Buffer data(sample.data.size() + MAX_V1_TRANSACTION_SIZE - 64 - sample.write().size());
  sample.instructions[0].data = data;
  EXPECT_EQ(sample.refusal(), Malformed::NONE);
  data.push_back(0);
  sample.instructions[0].data = data;
  EXPECT_EQ(sample.refusal(), Malformed::TOO_LARGE);
}

TEST(MessageV1, RefusesMoreThanItsLimits) {
  Sample sample(Version::V1);
  auto fill = [&](std::size_t count) {
    sample.keys.resize(count);
    for (std::size_t i = 0; i < count; ++i) sample.keys[i] = addressOf(static_cast<std::uint8_t>(i));
  };
  fill(64);
  EXPECT_EQ(sample.refusal(), Malformed::NONE);
  sample.header = {12, 0, 0};
  EXPECT_EQ(sample.refusal(), Malformed::NONE);
  sample.header = {13, 0, 0};
  EXPECT_EQ(sample.refusal(), Malformed::TOO_MANY_SIGNATURES);
  sample.header = {1, 0, 1};
  fill(65);
  EXPECT_EQ(sample.refusal(), Malformed::TOO_MANY_ADDRESSES);
  fill(3);
  sample.instructions.resize(64, sample.instructions[0]);
  EXPECT_EQ(sample.refusal(), Malformed::NONE);
  sample.instructions.resize(65, sample.instructions[0]);
  EXPECT_EQ(sample.refusal(), Malformed::TOO_MANY_INSTRUCTIONS);
}

TEST(MessageV1, KeepsEachConfigField) {
  for (unsigned mask = 0; mask < 16; ++mask) {
    Sample sample(Version::V1);
    if (mask & 1) sample.config.priorityFeeLamports = 0xffffffffffffffff;
    if (mask & 2) sample.config.computeUnitLimit = 0;
    if (mask & 4) sample.config.loadedAccountsDataSizeLimit = 0xffffffff;
    if (mask & 8) sample.config.heapSize = 32768;
    Buffer bytes = sample.write();
    auto message = decodeMessage(bytes);
    ASSERT_TRUE(message) << mask;
    EXPECT_EQ(message->config(), sample.config);
  }
}

TEST(MessageV1, RefusesUnknownOrHalfConfigBits) {
  for (unsigned bit = 0; bit < 32; ++bit) {
    Buffer bytes = Sample(Version::V1).write();
    bytes[4 + bit / 8] = static_cast<std::uint8_t>(1u << (bit % 8));
    Malformed expected = bit < 2 ? Malformed::HALF_PRIORITY_FEE : Malformed::UNKNOWN_CONFIG;
    // The known bits 2..4 make the decoder expect a value that is not there, which shifts what follows.
    if (bit >= 2 && bit <= 4) {
      EXPECT_FALSE(decodeMessage(bytes));
    } else {
      EXPECT_EQ(decodeMessage(bytes).malformed(), expected) << bit;
    }
  }
}

TEST(MessageV1, RefusesHeapSizesThatTheRuntimeRefuses) {
  Sample sample(Version::V1);
  for (std::uint32_t size : {0u, 1024u, 31u * 1024, 32u * 1024 + 1, 257u * 1024, 0xfffffc00u, 0xffffffffu}) {
    sample.config.heapSize = size;
    EXPECT_EQ(sample.refusal(), Malformed::HEAP_SIZE) << size;
  }
  for (std::uint32_t size : {32u * 1024, 33u * 1024, 256u * 1024}) {
    sample.config.heapSize = size;
    EXPECT_EQ(sample.refusal(), Malformed::NONE) << size;
  }
}

TEST(Message, S1RefusesLengthsThatAreNotInTheirShortestForm) {
  // Each place of a compact-u16 in a v0 message: its one byte n is written as n|80 00.
  Sample sample(Version::V0);
  Buffer bytes = sample.write();
  std::size_t keys = 4;
  std::size_t instructions = keys + 1 + 3 * 32 + 32;
  std::size_t accounts = instructions + 2;
  std::size_t data = accounts + 1 + 2;
  std::size_t lookups = data + 1 + 4;
  std::size_t writable = lookups + 1 + 32;
  std::size_t readonly = writable + 1 + 2;
  ASSERT_EQ(readonly + 2, bytes.size());
  for (std::size_t at : {keys, instructions, accounts, data, lookups, writable, readonly}) {
    Buffer alias = bytes;
    alias[at] = static_cast<std::uint8_t>(alias[at] | 0x80);
    alias.insert(alias.begin() + static_cast<std::ptrdiff_t>(at) + 1, 0);
    EXPECT_EQ(decodeMessage(alias).malformed(), Malformed::LENGTH_NOT_CANONICAL) << at;
  }
}

TEST(Message, S4ReadsNothingFromAnEmptyInput) { EXPECT_EQ(decodeMessage({}).malformed(), Malformed::TRUNCATED); }

TEST(Malformed, HasASentenceForEachReason) {
  for (int reason = 0; reason <= static_cast<int>(Malformed::TEXT_NOT_PLAIN); ++reason) {
    EXPECT_NE(describe(static_cast<Malformed>(reason)), "Unknown reason.");
  }
}

}  // namespace
}  // namespace waas::solana::test
