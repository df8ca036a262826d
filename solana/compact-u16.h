#pragma once
// Solana's variable-length integer ("short vec" length): 7 bits a byte, low bits first, one to three bytes, 0..65535.

#include <cstdint>

#include "solana/byte-cursor.h"
#include "solana/malformed.h"

namespace waas::solana {

/// Reads one compact-u16. Only the shortest form is accepted (80 00 is refused: it would be a second way to write 0),
/// and no value above 65535. Answers NONE, TRUNCATED or LENGTH_NOT_CANONICAL.
[[nodiscard]] Malformed readCompactU16(ByteReader& reader, std::uint16_t& out) noexcept;

/// Writes one compact-u16 in its shortest form.
void putCompactU16(ByteWriter& writer, std::uint16_t value) noexcept;

}  // namespace waas::solana
