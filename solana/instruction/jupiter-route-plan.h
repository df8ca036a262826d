#pragma once
// Route plans of Jupiter's older swaps: which exchanges a swap goes through.

#include "solana/byte-cursor.h"

namespace waas::solana::jupiter {

/// Steps that a plan has at most: more don't fit into a transaction's accounts.
inline constexpr std::uint32_t MAX_STEPS = 32;

/// Passes over a route plan: a count of u32, then steps of exchange (its number and parameters), percent, input and
/// output index. False if an exchange isn't known (the list is that of the program's published interface of 2025), or
/// the plan isn't whole.
[[nodiscard]] bool skipRoutePlan(ByteReader& reader) noexcept;

}  // namespace waas::solana::jupiter
