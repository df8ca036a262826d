#pragma once
// The Vote program, as far as wallets meet it: withdrawals and authorities. Votes themselves are not understood.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::vote {

inline constexpr Address PROGRAM = knownAddress("Vote111111111111111111111111111111111111111");

/// Reads one instruction.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::vote
