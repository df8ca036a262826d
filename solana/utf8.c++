#include "solana/utf8.h"

namespace waas::solana {
namespace {

/// Bounds of the first continuation byte, by lead byte (Unicode, table 3-7); the others are 80..bf. No length = not a
/// lead byte.
struct Sequence {
  std::size_t length;
  std::uint8_t low;
  std::uint8_t high;
};

Sequence sequenceOf(std::uint8_t lead) noexcept {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xc2) return {0, 0, 0};  // continuation bytes and overlong forms
  if (lead < 0xe0) return {2, 0x80, 0xbf};
  if (lead == 0xe0) return {3, 0xa0, 0xbf};
  if (lead == 0xed) return {3, 0x80, 0x9f};  // surrogates
  if (lead < 0xf0) return {3, 0x80, 0xbf};
  if (lead == 0xf0) return {4, 0x90, 0xbf};
  if (lead < 0xf4) return {4, 0x80, 0xbf};
  if (lead == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

}  // namespace

bool isUtf8(Bytes bytes) noexcept {
  for (std::size_t at = 0; at < bytes.size();) {
    Sequence sequence = sequenceOf(bytes[at]);
    if (sequence.length == 0 || sequence.length > bytes.size() - at) return false;
    for (std::size_t i = 1; i < sequence.length; ++i) {
      std::uint8_t byte = bytes[at + i];
      std::uint8_t low = i == 1 ? sequence.low : std::uint8_t{0x80};
      std::uint8_t high = i == 1 ? sequence.high : std::uint8_t{0xbf};
      if (byte < low || byte > high) return false;
    }
    at += sequence.length;
  }
  return true;
}

}  // namespace waas::solana
