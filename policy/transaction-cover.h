#pragma once
// Whether one rule covers a transaction, or hits it. Part of evaluate.

#include <string_view>

#include "policy/transaction-view.h"

namespace waas::policy {

/// Why a rule does not cover a transaction; `reason` is empty if it does.
struct Gap {
  std::string_view reason;
  std::uint16_t instruction = 0;

  explicit operator bool() const noexcept { return !reason.empty(); }
};

/// Looks for the first thing that an allow rule does not cover: instruction by instruction, then the whole. Limits over
/// time are not looked at.
Gap findGap(const Policy& policy, const Rule& rule, const TransactionView& transaction) noexcept;

/// Whether a deny rule says anything about what is in a transaction.
bool speaksOfContent(const Rule& rule) noexcept;

/// Whether a deny rule hits a transaction; `instruction` says where, 0 for the whole. It hits what it cannot tell as
/// well: an account whose owner is not known could be the one that is meant.
bool hits(const Policy& policy, const Rule& rule, const TransactionView& transaction,
          std::uint16_t& instruction) noexcept;

}  // namespace waas::policy
