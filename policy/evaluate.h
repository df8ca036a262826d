#pragma once
// The decision.
//
//   1. A rule *applies* if it speaks of the action and its callers, wallets and owners fit.
//   2. Deny wins (P6): if a deny rule applies and hits, the request is denied, whatever else is allowed.
//   3. One rule covers all (P5): a request is approved if there is one allow rule that applies and covers everything
//   that
//      the transaction does. What it covers is what it names. Two rules never add up, so that each can be read alone:
//      the worst that a rule lets happen is what it says.
//   4. Everything else is denied.
//
// docs/policy.md says at length what a rule covers and what it hits.

#include "policy/facts.h"
#include "policy/limits.h"
#include "policy/policy.h"
#include "policy/request.h"
#include "policy/verdict.h"

namespace waas::policy {

/// Decides. `facts` belong to `request.message`, for SIGN_TRANSACTION; null otherwise (a transaction without facts is
/// FAILED). `limits` is the wallet's state; null if it is not at hand: then no rule with limits covers anything. Writes
/// `verdict` anew. Allocates nothing, needs about 4 KiB of stack. Pure: the same arguments give the same verdict.
void decide(const Policy& policy, const Request& request, const Facts* facts, const LimitState* limits,
            Verdict& verdict) noexcept;

/// What one rule says to a request: for `explain`, which shows each rule's word.
struct RuleWord {
  enum class Kind : std::uint8_t {
    OTHER_ACTION,  // the rule does not speak of the action
    OTHER_CALLER,
    OTHER_WALLET,
    COVERS,       // allow: it covers everything
    NOT_COVERED,  // allow: it does not cover `instruction`, for `reason`
    HITS,         // deny
    NO_HIT,       // deny
  };
  Kind kind = Kind::OTHER_ACTION;
  std::uint16_t instruction = 0;
  std::string_view reason;
};

/// The word of one rule, for the action that `request` names (its mode does not matter).
RuleWord wordOf(const Policy& policy, const Rule& rule, const Request& request, const Facts* facts,
                const LimitState* limits) noexcept;

}  // namespace waas::policy
