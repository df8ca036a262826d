#include "solana/compact-u16.h"

namespace waas::solana {

Malformed readCompactU16(ByteReader& reader, std::uint16_t& out) noexcept {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift <= 14; shift += 7) {
    std::uint8_t byte = 0;
    if (!reader.read(byte)) return Malformed::TRUNCATED;
    // A last byte of zero adds nothing: the same value has a shorter form.
    if (byte == 0 && shift > 0) return Malformed::LENGTH_NOT_CANONICAL;
    value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      if (value > 0xffff) return Malformed::LENGTH_NOT_CANONICAL;
      out = static_cast<std::uint16_t>(value);
      return Malformed::NONE;
    }
  }
  return Malformed::LENGTH_NOT_CANONICAL;
}

void putCompactU16(ByteWriter& writer, std::uint16_t value) noexcept {
  std::uint32_t rest = value;
  while (rest > 0x7f) {
    writer.put(static_cast<std::uint8_t>(0x80 | (rest & 0x7f)));
    rest >>= 7;
  }
  writer.put(static_cast<std::uint8_t>(rest));
}

}  // namespace waas::solana
