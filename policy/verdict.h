#pragma once
// What a policy says to a request.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace waas::policy {

/// Only APPROVED goes on. DENIED: the policy does not want it. FAILED: it could not be decided; treat it as a refusal
/// of another kind, which is no decision of anybody's.
enum class Decision : std::uint8_t { UNKNOWN, APPROVED, DENIED, FAILED };

/// What a use costs of one limit over time.
struct Charge {
  std::uint64_t limit = 0;   // Limit::id
  std::uint64_t amount = 0;  // in the limit's unit, never 0
};

/// Most limits that a policy has, so that a wallet's windows have a bound.
inline constexpr std::size_t MAX_LIMITS = 32;

/// A value; `rule` is a view into the policy, which must outlive it.
struct Verdict {
  Decision decision = Decision::UNKNOWN;
  /// The rule that decided. For a refusal by default: the rule that came nearest among those that apply to this caller,
  /// wallet and action; empty if none applies.
  std::string_view rule;
  /// Which instruction it is about, counted from 1; 0 = the request as a whole.
  std::uint16_t instruction = 0;
  /// One sentence for people, a literal: safe to show and to log. Empty when approved.
  std::string_view reason;

  /// What must be charged before the signature is made (limits.h). Only of an approval.
  std::span<const Charge> charges() const noexcept { return {chargeStore.data(), chargeCount}; }

  std::array<Charge, MAX_LIMITS> chargeStore;
  std::size_t chargeCount = 0;
};

}  // namespace waas::policy
