#pragma once
// The Token program, and what Token-2022 has in common with it.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::token {

inline constexpr Address PROGRAM = knownAddress("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The mint of wrapped SOL.
inline constexpr Address NATIVE_MINT = knownAddress("So11111111111111111111111111111111111111112");
/// Lamports that a token account of the Token program costs (165 bytes), at the rent of 2020 to 2026: the highest there
/// has been.
inline constexpr std::uint64_t ACCOUNT_RENT = 2'039'280;

/// Reads one instruction that is not a Batch.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

/// Tells whether the instruction is a Batch: several instructions in one, each with its own slice of the accounts.
bool isBatch(Bytes data) noexcept;

/// Walks over the children of a Batch.
class Batch {
 public:
  struct Child {
    Bytes accounts;  // the slice of the instruction's account indexes
    Bytes data;
  };

  /// `data` must be a Batch's. `accounts` are the indexes of all its accounts.
  Batch(Bytes data, Bytes accounts) noexcept : reader(data.subspan(1)), accountReader(accounts) {}

  /// Takes the next child; nothing if there is none, or none that is whole. A Batch in a Batch is a child as any other:
  /// read() refuses it, and so do the programs.
  std::optional<Child> next() noexcept;

  /// After the last child: whether nothing is left over of data and accounts.
  bool whole() const noexcept { return !broken && reader.atEnd() && accountReader.atEnd(); }

 private:
  ByteReader reader;
  ByteReader accountReader;
  bool broken = false;
};

/// The rows that both token programs have.
std::span<const Row> commonRows() noexcept;

/// Reads SetAuthority, whose role stands in the data: `roles` says which byte means what.
[[nodiscard]] bool readSetAuthority(Bytes data, std::size_t accounts, std::size_t roles, Action& out) noexcept;

}  // namespace waas::solana::token
