#pragma once
// The accounts of a message by their index: static ones, then what its lookup tables hold by the caller's claims.

#include <array>
#include <bitset>

#include "policy/facts.h"

namespace waas::policy {

/// Value type, a view into message, claims and `ours`.
class AccountTable {
 public:
  /// Claims that are taken at most: more tables than a message has room to use.
  static constexpr std::size_t MAX_CLAIMS = 32;

  /// Fills the table. Answers READ, or why the claims are of no use.
  FactsOutcome fill(const solana::Message& message, std::span<const TableClaim> claims,
                    std::span<const Address> ours) noexcept;

  Party operator[](std::uint8_t index) const noexcept { return parties[index]; }
  /// Whether the account is one of `ours` and signs.
  bool isOurSigner(std::uint8_t index) const noexcept { return ourSigners.test(index); }
  bool isSigner(std::uint8_t index) const noexcept { return index < signers; }
  std::size_t ourSignerCount() const noexcept { return ourSigners.count(); }
  std::size_t hiddenCount() const noexcept { return hidden; }

 private:
  std::array<Party, solana::MAX_ACCOUNTS> parties;
  std::bitset<solana::MAX_ACCOUNTS> ourSigners;
  std::size_t statics = 0;
  std::size_t count = 0;
  std::size_t signers = 0;
  std::size_t hidden = 0;

  void look(const TableClaim* claim, Bytes indexes) noexcept;
  bool hasAccountTwice() const noexcept;
};

}  // namespace waas::policy
