#pragma once
// The System program: making accounts, moving lamports, durable nonces.

#include <cstdint>

#include "solana/instruction/action.h"
#include "solana/message-builder.h"

namespace waas::solana::system {

/// 11111111111111111111111111111111
inline constexpr Address PROGRAM{};

/// Moves lamports from an account that signs and that the System program owns.
InstructionCall transfer(const Address& from, const Address& to, std::uint64_t lamports);

/// Reads one instruction: each of the fourteen that there are.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

/// Tells whether the runtime takes a message whose first instruction is this one of the System program for one with a
/// durable nonce. It looks at the tag alone, so this can be true of an instruction that read() refuses.
bool advancesNonce(Bytes data) noexcept;

}  // namespace waas::solana::system
