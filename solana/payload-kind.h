#pragma once
// What kind of thing some bytes are, for doors through which more than one kind may come.

#include <cstdint>

#include "solana/byte-cursor.h"

namespace waas::solana {

/// UNKNOWN (zero) and AMBIGUOUS are both refusals.
enum class PayloadKind : std::uint8_t { UNKNOWN, TRANSACTION, MESSAGE, OFFCHAIN_MESSAGE, AMBIGUOUS };

/// Tells what the whole of `bytes` is: a transaction with its signature slots, a bare message, or an off-chain message
/// in the form that is signed. Bytes that can be read in two ways are AMBIGUOUS (S2), see transaction.h. Allocates
/// nothing.
PayloadKind classify(Bytes bytes) noexcept;

}  // namespace waas::solana
