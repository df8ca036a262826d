#include "protocol/bytes.h"

#include <gtest/gtest.h>

#include <vector>

namespace waas {
namespace {

TEST(ByteWriter, WritesLittleEndian) {
  uint8_t out[15];
  ByteWriter w(out);
  w.u8(0x01);
  w.u16(0x0302);
  w.u32(0x07060504);
  w.u64(0x0f0e0d0c0b0a0908);
  ASSERT_TRUE(w.ok());
  for (size_t i = 0; i < sizeof out; i++) EXPECT_EQ(out[i], i + 1);
}

TEST(ByteWriter, WritesNothingMoreAfterAnOverflow) {
  uint8_t out[4] = {};
  ByteWriter w(out);
  w.u16(0x1111);
  w.u32(0x22222222);
  EXPECT_FALSE(w.ok());
  w.u8(0x33);  // would fit
  EXPECT_FALSE(w.ok());
  EXPECT_EQ(w.size(), 2u);
  EXPECT_EQ(out[2], 0);
}

TEST(ByteReader, ReadsBackWhatWasWritten) {
  uint8_t out[64];
  ByteWriter w(out);
  OwnerId owner{OwnerId::Kind::SERVICE, {1, 2, 3}};
  w.u8(200);
  w.u16(50'000);
  w.u32(4'000'000'000);
  w.u64(UINT64_MAX - 1);
  w.owner(owner);
  ByteReader r(w.written());
  EXPECT_EQ(r.u8(), 200);
  EXPECT_EQ(r.u16(), 50'000);
  EXPECT_EQ(r.u32(), 4'000'000'000);
  EXPECT_EQ(r.u64(), UINT64_MAX - 1);
  EXPECT_FALSE(r.done()) << "the owner is still to be read";
  EXPECT_EQ(r.owner(), owner);
  EXPECT_TRUE(r.done());
}

TEST(ByteReader, ReadsZeroAfterAShortRead) {
  const uint8_t in[] = {1, 2, 3};
  ByteReader r(in);
  EXPECT_EQ(r.u32(), 0u);
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.u8(), 0) << "one byte is there, but the reader has failed";
  EXPECT_FALSE(r.done());
}

TEST(ByteReader, RefusesALengthThatWouldWrapAround) {
  const uint8_t in[] = {1, 2, 3};
  ByteReader r(in);
  r.u8();
  EXPECT_TRUE(r.bytes(SIZE_MAX).empty());
  EXPECT_FALSE(r.ok());
}

TEST(ByteReader, RefusesAnUnknownKindOfOwner) {
  for (int kind : {0, 3, 255}) {
    uint8_t in[OwnerId::SIZE] = {static_cast<uint8_t>(kind)};
    ByteReader r(in);
    r.owner();
    EXPECT_FALSE(r.ok()) << kind;
  }
}

}  // namespace
}  // namespace waas
