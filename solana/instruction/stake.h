#pragma once
// The Stake program. Understood as far as it takes to see what leaves a stake account and who gets a say over it: some
// accounts have moved (sysvars that newer clients leave out), so an authority's position is often not known.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::stake {

inline constexpr Address PROGRAM = knownAddress("Stake11111111111111111111111111111111111111");

/// Reads one instruction.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::stake
