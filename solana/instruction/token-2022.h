#pragma once
// The Token-2022 program: the instructions of Token, those of its extensions, and the two interfaces that it implements
// itself (token metadata, token group).

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::token2022 {

inline constexpr Address PROGRAM = knownAddress("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
/// Lamports that an associated token account costs at most: 165 bytes, its kind, and all extensions that a mint can ask
/// for (transfer fee 8, confidential transfer 295 and fee 64, hook 1, the rest empty; 4 more for each of 7), so 562
/// bytes at the rent of 2020 to 2026.
inline constexpr std::uint64_t MAX_ACCOUNT_RENT = (128 + 562) * 6960;

/// Reads one instruction that is not a Batch (token.h).
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::token2022
