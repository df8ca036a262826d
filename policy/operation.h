#pragma once
// What rules can name of a transaction: kinds of effects, by operators' names.

#include <cstdint>
#include <string_view>

#include "policy/facts.h"

namespace waas::policy {

/// The values are those of the compiled form (protocol/policy.capnp, Rule.operations: bit value).
enum class Operation : std::uint8_t {
  TRANSFER = 0,
  APPROVE = 1,
  REVOKE = 2,
  SET_AUTHORITY = 3,
  CLOSE_ACCOUNT = 4,
  CREATE_ACCOUNT = 5,
  CREATE_TOKEN_ACCOUNT = 6,
  ADVANCE_NONCE = 7,
  MINT = 8,
  BURN = 9,
  FREEZE = 10,
  SWAP = 11,
  MEMO = 12,
  OTHER = 13,
  /// No effect is this. Compute budget and what changes nothing: every rule covers them, the fee has a limit of its
  /// own.
  NOTHING = 30,
  /// Not understood: covered by `blind` only.
  UNKNOWN = 31,
};
inline constexpr unsigned OPERATIONS = 14;
inline constexpr std::uint32_t ALL_OPERATIONS = (1u << OPERATIONS) - 1;

/// Name in policy files: "transfer", "create-token-account", ... Empty for NOTHING and UNKNOWN.
std::string_view nameOf(Operation operation) noexcept;

/// What an effect counts as. A kind that is not known here is UNKNOWN.
Operation operationOf(const Effect& effect) noexcept;

}  // namespace waas::policy
