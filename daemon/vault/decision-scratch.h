#pragma once
// Room for one worker's decisions: too much for its stack, and no secret.
#include "daemon/vault/limit-row.h"
#include "daemon/vault/limits.h"
#include "daemon/vault/ordinary-array.h"
#include "policy/facts.h"
#include "policy/policy.h"

namespace waas::vault {

struct DecisionScratch {
  // Of the transaction that is decided on: its facts, and what they are views into besides.
  std::array<policy::TableClaim, MAX_LOOKUP_TABLES> claims;
  std::array<solana::Address, 1> ours;  // the wallet
  policy::Facts facts;
  std::array<LimitRow, MAX_CHARGED_WALLETS + 1> limits;  // of the call's wallets; the last one: of an item
  std::array<char, policy::MAX_NAME_BYTES> rule;         // that a refusal names: the policy may be gone by then
};

}  // namespace waas::vault
