#pragma once
// Whether bytes are UTF-8.

#include "solana/byte-cursor.h"

namespace waas::solana {

/// Tells whether all of `bytes` is well-formed UTF-8 (RFC 3629): shortest forms only, no surrogates, nothing above
/// U+10FFFF, nothing cut off.
bool isUtf8(Bytes bytes) noexcept;

}  // namespace waas::solana
