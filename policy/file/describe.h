#pragma once
// A policy and what it decides by, in words for people: what `waas policy show` and `explain` print.

#include <string>
#include <vector>

#include "policy/facts.h"
#include "policy/policy.h"

namespace waas::policy::file {

/// Writes addresses, amounts and names as a policy's mints and what is known by itself let people read them.
class Describer {
 public:
  explicit Describer(const Policy& policy) : policy(policy) {}
  /// Calls this wallet "this wallet". `wallet` must outlive the object.
  Describer(const Policy& policy, const solana::Address& wallet) : policy(policy), wallet(&wallet) {}

  /// A program's name, a mint's symbol, or base58.
  std::string address(solana::AddressView address) const;
  /// As above; "(unknown)" for what is not known, and a mark for what a lookup table says.
  std::string party(const Party& party) const;
  /// "1.5 SOL", "100 USDC", "7 units of <mint>".
  std::string amount(Asset asset, std::uint64_t amount) const;

  /// The rule as it stands in a policy file, a line an entry; without limits' bounds.
  std::vector<std::string> rule(const Rule& rule) const;
  /// "daily: 5 SOL per 1 day".
  std::string limit(const Limit& limit) const;
  /// One effect of a transaction: "2. Token TransferChecked: transfer 5 USDC, from ..., to ...".
  std::string effect(const Effect& effect) const;

 private:
  const Policy& policy;
  const solana::Address* wallet = nullptr;

  std::string assetName(Asset asset) const;
  std::string addresses(SetId set) const;
  std::string callers(SetId set) const;
  std::string wallets(SetId set) const;
  std::string owners(SetId set) const;
  std::string amountOf(const Effect& effect) const;
  std::string tokens(std::uint64_t count, const Party& mint) const;
};

}  // namespace waas::policy::file
