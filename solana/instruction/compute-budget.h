#pragma once
// The ComputeBudget program: settings of legacy and v0 messages. Version 1 has them in its header and ignores these.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::compute_budget {

inline constexpr Address PROGRAM = knownAddress("ComputeBudget111111111111111111111111111111");

inline constexpr std::uint32_t MAX_COMPUTE_UNITS = 1'400'000;
/// Compute units that count for an instruction of a program that is built in, and of any other, where nothing is said.
inline constexpr std::uint32_t DEFAULT_BUILTIN_UNITS = 3'000;
inline constexpr std::uint32_t DEFAULT_UNITS = 200'000;
/// Lamports for each signature.
inline constexpr std::uint64_t LAMPORTS_PER_SIGNATURE = 5'000;

/// What a setting sets; the values are the program's own.
enum class Setting : std::uint8_t { HEAP_SIZE = 1, UNIT_LIMIT = 2, UNIT_PRICE = 3, LOADED_DATA_SIZE = 4 };

struct SettingValue {
  Setting setting;
  std::uint64_t value = 0;
};

/// Reads a setting as leniently as the runtime does, which ignores what follows it: for the fee that is really taken.
std::optional<SettingValue> readSetting(Bytes data) noexcept;

/// Reads one instruction.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::compute_budget
