#include "solana/compact-u16.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

Buffer written(std::uint16_t value) {
  Buffer out(3);
  ByteWriter writer(out);
  putCompactU16(writer, value);
  out.resize(writer.size());
  return out;
}

Malformed refusal(const Buffer& bytes) {
  ByteReader reader(bytes);
  std::uint16_t value = 0;
  return readCompactU16(reader, value);
}

TEST(CompactU16, WritesWhatTheRuntimeWrites) {
  // solana-sdk, short-vec/src/lib.rs: test_short_vec_encode_len, test_deserialize
  EXPECT_EQ(written(0), Buffer({0x00}));
  EXPECT_EQ(written(0x7f), Buffer({0x7f}));
  EXPECT_EQ(written(0x80), Buffer({0x80, 0x01}));
  EXPECT_EQ(written(0xff), Buffer({0xff, 0x01}));
  EXPECT_EQ(written(0x100), Buffer({0x80, 0x02}));
  EXPECT_EQ(written(0x7ff), Buffer({0xff, 0x0f}));
  EXPECT_EQ(written(0x3fff), Buffer({0xff, 0x7f}));
  EXPECT_EQ(written(0x4000), Buffer({0x80, 0x80, 0x01}));
  EXPECT_EQ(written(0x7fff), Buffer({0xff, 0xff, 0x01}));
  EXPECT_EQ(written(0xffff), Buffer({0xff, 0xff, 0x03}));
}

TEST(CompactU16, ReadsBackEachValue) {
  for (std::uint32_t value = 0; value <= 0xffff; ++value) {
    Buffer bytes = written(static_cast<std::uint16_t>(value));
    ByteReader reader(bytes);
    std::uint16_t read = 0;
    ASSERT_EQ(readCompactU16(reader, read), Malformed::NONE);
    ASSERT_EQ(read, value);
    ASSERT_TRUE(reader.atEnd());
  }
}

TEST(CompactU16, S1RefusesEveryOtherWayToWriteAValue) {
  for (const Buffer& alias : {Buffer{0x80, 0x00}, Buffer{0x80, 0x80, 0x00}, Buffer{0xff, 0x00},
                              Buffer{0xff, 0x80, 0x00}, Buffer{0x80, 0x81, 0x00}, Buffer{0xff, 0x81, 0x00},
                              Buffer{0x80, 0x82, 0x00}, Buffer{0xff, 0x8f, 0x00}, Buffer{0xff, 0xff, 0x00}}) {
    EXPECT_EQ(refusal(alias), Malformed::LENGTH_NOT_CANONICAL);
  }
}

TEST(CompactU16, RefusesMoreThan65535) {
  EXPECT_EQ(refusal({0x80, 0x80, 0x04}), Malformed::LENGTH_NOT_CANONICAL);
  EXPECT_EQ(refusal({0x80, 0x80, 0x06}), Malformed::LENGTH_NOT_CANONICAL);
  EXPECT_EQ(refusal({0xff, 0xff, 0x7f}), Malformed::LENGTH_NOT_CANONICAL);
  EXPECT_EQ(refusal({0x80, 0x80, 0x80, 0x00}), Malformed::LENGTH_NOT_CANONICAL);
}

TEST(CompactU16, S4RefusesWhatEndsTooEarly) {
  EXPECT_EQ(refusal({}), Malformed::TRUNCATED);
  EXPECT_EQ(refusal({0x80}), Malformed::TRUNCATED);
  EXPECT_EQ(refusal({0xff, 0xff}), Malformed::TRUNCATED);
}

}  // namespace
}  // namespace waas::solana::test
