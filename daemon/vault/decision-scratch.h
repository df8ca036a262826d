#pragma once
// Room for one worker's decisions: too much for its stack, and no secret.
#include "daemon/vault/limit-row.h"
#include "daemon/vault/limits.h"
#include "daemon/vault/ordinary-array.h"
#include "policy/facts.h"
#include "policy/policy.h"

namespace waas::vault {

struct DecisionScratch {
  policy::Facts facts;                                   // of the transaction that is decided on
  std::array<solana::Address, 1> ours;                   // the wallet: facts are views into it
  std::array<LimitRow, MAX_CHARGED_WALLETS + 1> limits;  // of the call's wallets; the last one: of an item
  std::array<char, policy::MAX_NAME_BYTES> rule;         // that a refusal names: the policy may be gone by then
};

}  // namespace waas::vault
