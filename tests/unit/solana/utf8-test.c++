#include "solana/utf8.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace waas::solana::test {
namespace {

/// The definition, written the other way round: what a code point encodes to.
Buffer encoded(std::uint32_t point) {
  auto byte = [](std::uint32_t value) { return static_cast<std::uint8_t>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xc0 | point >> 6), byte(0x80 | (point & 0x3f))};
  if (point < 0x10000) {
    return {byte(0xe0 | point >> 12), byte(0x80 | (point >> 6 & 0x3f)), byte(0x80 | (point & 0x3f))};
  }
  return {byte(0xf0 | point >> 18), byte(0x80 | (point >> 12 & 0x3f)), byte(0x80 | (point >> 6 & 0x3f)),
          byte(0x80 | (point & 0x3f))};
}

TEST(Utf8, AcceptsEachCodePointAndNoSurrogate) {
  for (std::uint32_t point = 0; point <= 0x110fff; ++point) {
    bool scalar = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    ASSERT_EQ(isUtf8(encoded(point)), scalar) << std::hex << point;
  }
}

TEST(Utf8, RefusesOverlongForms) {
  for (const Buffer& bytes :
       {Buffer{0xc0, 0x80}, Buffer{0xc1, 0xbf}, Buffer{0xe0, 0x80, 0x80}, Buffer{0xe0, 0x9f, 0xbf},
        Buffer{0xf0, 0x80, 0x80, 0x80}, Buffer{0xf0, 0x8f, 0xbf, 0xbf}}) {
    EXPECT_FALSE(isUtf8(bytes)) << toHex(bytes);
  }
}

TEST(Utf8, S4RefusesWhatIsCutOff) {
  for (std::uint32_t point : {0x7ffu, 0xffffu, 0x10ffffu}) {
    Buffer bytes = encoded(point);
    for (bytes.pop_back(); !bytes.empty(); bytes.pop_back()) EXPECT_FALSE(isUtf8(bytes));
  }
}

TEST(Utf8, RefusesStrayBytes) {
  for (std::uint32_t byte = 0x80; byte <= 0xff; ++byte) {
    EXPECT_FALSE(isUtf8(Buffer{static_cast<std::uint8_t>(byte)}));
    EXPECT_FALSE(isUtf8(Buffer{static_cast<std::uint8_t>(byte), 'a', 'a', 'a'}));
  }
}

}  // namespace
}  // namespace waas::solana::test
