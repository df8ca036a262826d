#pragma once
// Limits of Solana's formats, from the runtime's own checks (packet size; SIMD-0385 for version 1).

#include <cstddef>
#include <cstdint>

namespace waas::solana {

inline constexpr std::size_t ADDRESS_SIZE = 32;
inline constexpr std::size_t SIGNATURE_SIZE = 64;

/// Whole transaction with its signatures, legacy and v0: one IPv6 packet of the smallest MTU.
inline constexpr std::size_t MAX_TRANSACTION_SIZE = 1232;
/// Static and looked-up accounts of a v0 message together: an index is one byte.
inline constexpr std::size_t MAX_ACCOUNTS = 256;

/// Whole transaction with its signatures, v1.
inline constexpr std::size_t MAX_V1_TRANSACTION_SIZE = 4096;
inline constexpr std::size_t MAX_V1_SIGNATURES = 12;
inline constexpr std::size_t MAX_V1_ADDRESSES = 64;
inline constexpr std::size_t MAX_V1_INSTRUCTIONS = 64;
inline constexpr std::uint32_t MIN_V1_HEAP_SIZE = 32 * 1024;
inline constexpr std::uint32_t MAX_V1_HEAP_SIZE = 256 * 1024;
inline constexpr std::uint32_t V1_HEAP_SIZE_STEP = 1024;

/// Text of an off-chain message that we sign, in bytes of UTF-8. Our own limit: version 1 of the format has none.
inline constexpr std::size_t MAX_OFFCHAIN_TEXT = 65515;

}  // namespace waas::solana
