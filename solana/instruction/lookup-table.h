#pragma once
// The Address Lookup Table program: making and filling the tables that v0 messages take accounts from.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::lookup_table {

inline constexpr Address PROGRAM = knownAddress("AddressLookupTab1e1111111111111111111111111");

/// Reads one instruction: each of the five. Where a payer pays, the amount is the rent at most.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::lookup_table
