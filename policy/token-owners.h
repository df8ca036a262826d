#pragma once
// Whose token accounts the accounts of a message are: by what the message told before, or because their addresses are
// those of associated accounts.

#include "policy/account-table.h"
#include "policy/token-knowledge.h"

namespace waas::policy {

/// What follows from the message.
Party derived(AddressView address) noexcept;

/// What follows from something that was learned before: as sure as that was (P3).
Party inherited(const Party& party) noexcept;

/// Whether it is Token or Token-2022.
bool isTokenProgram(AddressView program) noexcept;

/// Lives as long as one call of readFacts(); does not own what it is given.
class TokenOwners {
 public:
  /// Bounds the work on a message that names many accounts which are nobody's we know: each costs some ten hashes.
  /// After as many, whose an account is stays unknown.
  static constexpr unsigned MAX_DERIVATIONS = 64;

  TokenOwners(const AccountTable& accounts, std::span<const Address> ours) noexcept : accounts(accounts), ours(ours) {}

  TokenKnowledge& knowledge() noexcept { return known; }

  /// Whose token account it is: as learned, or one of ours by its address. `tokenProgram` if it is known.
  Party ownerOf(std::uint8_t account, const Party& mint, const Party& tokenProgram) noexcept;

  /// What is known of an account if it is the associated one of this owner and mint. Null if it isn't.
  const TokenAccount* associated(std::uint8_t account, const Party& owner, const Party& mint) noexcept;

 private:
  const AccountTable& accounts;
  std::span<const Address> ours;
  TokenKnowledge known;
  unsigned derivations = MAX_DERIVATIONS;

  bool isDerived(std::uint8_t account, AddressView owner, const Party& mint, AddressView program) noexcept;
};

}  // namespace waas::policy
