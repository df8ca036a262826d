#pragma once
// The Associated Token Account program: token accounts at an address that follows from owner and mint.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::associated_token {

inline constexpr Address PROGRAM = knownAddress("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");

/// Reads one instruction: Create, CreateIdempotent, RecoverNested. What an account costs is not in them: the amount is
/// absent.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::associated_token
