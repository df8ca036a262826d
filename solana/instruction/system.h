#pragma once
// The System program: making accounts and moving lamports.

#include <cstdint>

#include "solana/message-builder.h"

namespace waas::solana::system {

/// 11111111111111111111111111111111
inline constexpr Address PROGRAM{};

/// Moves lamports from an account that signs and that the System program owns.
InstructionCall transfer(const Address& from, const Address& to, std::uint64_t lamports);

}  // namespace waas::solana::system
