#include "policy/transaction-cover.h"

namespace waas::policy {
namespace {

bool contains(const Policy& policy, SetId id, Place place) noexcept {
  if (id == 0) return false;
  const AddressSet& set = policy.addressSet(id);
  return set.any || policy.has(set, place);
}

bool capsTokens(const Policy& policy, const Rule& rule) noexcept {
  if (rule.amounts != 0) {
    for (const Amount& amount : Policy::part(policy.amounts, policy.amountSets[rule.amounts - 1u])) {
      if (amount.asset != SOL) return true;
    }
  }
  for (std::size_t i = 0; i < policy.limits.size(); ++i) {
    const Limit& limit = policy.limits[i];
    if ((rule.limits >> i & 1) != 0 && !limit.countsUses && limit.asset != SOL) return true;
  }
  return false;
}

/// One rule against one transaction.
class Cover {
 public:
  Cover(const Policy& policy, const Rule& rule, const TransactionView& transaction) noexcept
      : policy(policy), rule(rule), transaction(transaction) {}

  Gap find() const noexcept {
    for (const EffectView& view : transaction.effects()) {
      if (std::string_view reason = effectGap(view); !reason.empty()) return {reason, view.effect->instruction};
    }
    if (Gap gap = amountGap()) return gap;
    return {wholeGap(), 0};
  }

 private:
  const Policy& policy;
  const Rule& rule;
  const TransactionView& transaction;

  std::string_view effectGap(const EffectView& view) const noexcept {
    if (view.operation == Operation::UNKNOWN) {
      if (contains(policy, rule.blind, view.program)) return {};
      return rule.blind == 0 ? "The instruction is not understood." : "The rule does not accept this program blindly.";
    }
    if (view.effect->kind == EffectKind::COMPUTE_BUDGET) return {};
    if (rule.programs != 0 && !contains(policy, rule.programs, view.program)) {
      return "The rule does not name this program.";
    }
    if (!view.concernsWallet || view.operation == Operation::NOTHING) return {};
    if (view.takesFromOther) return "Another wallet of ours would lose by it.";
    if (!rule.names(view.operation)) return operationGap(view.operation);
    if (std::string_view reason = assetGap(view); !reason.empty()) return reason;
    if (std::string_view reason = destinationGap(view); !reason.empty()) return reason;
    return view.operation == Operation::SWAP ? swapGap(view.effect->swap) : std::string_view();
  }

  static std::string_view operationGap(Operation operation) noexcept {
    switch (operation) {
      case Operation::TRANSFER: return "The rule does not cover transfers.";
      case Operation::APPROVE: return "The rule does not cover that a delegate is approved.";
      case Operation::REVOKE: return "The rule does not cover that a delegate is revoked.";
      case Operation::SET_AUTHORITY: return "The rule does not cover that an authority is changed.";
      case Operation::CLOSE_ACCOUNT: return "The rule does not cover that an account is closed.";
      case Operation::CREATE_ACCOUNT: return "The rule does not cover that an account is made.";
      case Operation::CREATE_TOKEN_ACCOUNT: return "The rule does not cover that a token account is made.";
      case Operation::ADVANCE_NONCE: return "The rule does not cover a durable nonce.";
      case Operation::MINT: return "The rule does not cover that tokens are minted.";
      case Operation::BURN: return "The rule does not cover that tokens are burned.";
      case Operation::FREEZE: return "The rule does not cover freezing and thawing.";
      case Operation::SWAP: return "The rule does not cover swaps.";
      case Operation::MEMO: return "The rule does not cover memos.";
      default: return "The rule does not cover what this instruction does.";
    }
  }

  /// Deposits for accounts that are made or closed are no question of assets, only of amounts.
  static bool movesAsset(Operation operation) noexcept {
    return operation == Operation::TRANSFER || operation == Operation::APPROVE || operation == Operation::BURN ||
           operation == Operation::SWAP || operation == Operation::MINT || operation == Operation::CREATE_ACCOUNT;
  }

  std::string_view assetGap(const EffectView& view) const noexcept {
    const AssetView& asset = view.asset;
    if (!asset.there || !movesAsset(view.operation)) return {};
    if (rule.assets == 0) return "The rule does not name this asset.";
    const AddressSet& set = policy.addressSet(rule.assets);
    bool named = asset.sol ? set.sol : policy.has(set, asset.mint);
    // A transfer hook is a program of the mint's maker: who names the mint, names its hook.
    if (view.effect->hook && !named) return "A transfer hook would run, and the rule does not name the mint.";
    if (set.any) return {};
    if (!asset.known) return "The transaction does not tell which token it is.";
    if (!named) return "The rule does not name this asset.";
    if (asset.looked && rule.tables == Tables::STATIC) return "Which token it is depends on a lookup table.";
    return {};
  }

  std::string_view destinationGap(const EffectView& view) const noexcept {
    const Beneficiary& to = view.beneficiary;
    if (!to.there) return {};
    if (rule.destinations == 0) return "The rule names no destination.";
    const AddressSet& set = policy.addressSet(rule.destinations);
    if (set.any) return {};
    bool named = (set.self && to.self) || policy.has(set, to.address) || policy.has(set, to.owner);
    if (!named && !to.known) return "The transaction does not tell to whom it goes.";
    if (!named) return "The rule does not name this destination.";
    if (to.looked && rule.tables == Tables::STATIC) return "The destination depends on a lookup table.";
    return {};
  }

  std::string_view swapGap(const Swap& swap) const noexcept {
    if (swap.slippageBps > rule.maxSlippage) return "The swap's slippage is above the rule's.";
    bool feeTaken = swap.platformFeeBps > rule.maxPlatformFee || swap.positiveSlippageFeeBps > rule.maxPlatformFee;
    if (feeTaken) return "The swap's platform fee is above the rule's.";
    if (swap.minimumOut == 0) return "The swap promises nothing in return.";
    if (rule.receive == 0) return "The rule does not name what a swap may give.";
    const AddressSet& set = policy.addressSet(rule.receive);
    if (set.any) return {};
    if (!swap.outMint) return "The transaction does not tell what the swap gives.";
    bool named = isWrappedSol(swap.outMint) ? set.sol : policy.has(set, policy.placeOf(swap.outMint.address()));
    if (!named) return "The rule does not name what the swap gives.";
    if (swap.outMint.looked() && rule.tables == Tables::STATIC) return "What the swap gives depends on a lookup table.";
    return {};
  }

  Gap amountGap() const noexcept {
    if (capsTokens(policy, rule) && transaction.unknownMintLeaves() != 0) {
      return {"The transaction does not tell which token it is, and the rule bounds amounts.",
              transaction.unknownMintLeaves()};
    }
    if (rule.amounts != 0) {
      for (const Amount& amount : Policy::part(policy.amounts, policy.amountSets[rule.amounts - 1u])) {
        Leaving leaving = transaction.leaving(amount.asset);
        if (leaving.everything != 0) return {UNBOUNDED, leaving.everything};
        if (leaving.amount > amount.most) return {"More leaves than the rule's amount.", leaving.instruction};
      }
    }
    for (std::size_t i = 0; i < policy.limits.size(); ++i) {
      const Limit& limit = policy.limits[i];
      if ((rule.limits >> i & 1) == 0 || limit.countsUses) continue;
      Leaving leaving = transaction.leaving(limit.asset);
      if (leaving.everything != 0) return {UNBOUNDED, leaving.everything};
    }
    return {};
  }

  static constexpr std::string_view UNBOUNDED =
      "The transaction does not tell how much leaves, and the rule bounds it.";

  std::string_view wholeGap() const noexcept {
    const Facts& facts = transaction.facts();
    if (rule.tables == Tables::NONE && facts.tables > 0) return "The transaction uses lookup tables.";
    if (facts.durableNonce && !rule.names(Operation::ADVANCE_NONCE)) return operationGap(Operation::ADVANCE_NONCE);
    if (transaction.otherOfOursPays()) return "Another wallet of ours would pay the fee.";
    bool foreign =
        transaction.anyOtherSigner([&](Place signer) { return !contains(policy, rule.otherSigners, signer); });
    if (foreign) return "Another signer is needed that the rule does not name.";
    if (rule.maxFee != ANY_FEE && transaction.fee() > rule.maxFee) return "The fee is above the rule's.";
    return {};
  }
};

bool hitsAsset(const Policy& policy, const AddressSet& set, const EffectView& view) noexcept {
  const AssetView& asset = view.asset;
  if (!asset.there) return false;
  return set.any || !asset.known || (asset.sol ? set.sol : policy.has(set, asset.mint));
}

bool hitsDestination(const Policy& policy, const AddressSet& set, const EffectView& view) noexcept {
  const Beneficiary& to = view.beneficiary;
  if (!to.there) return false;
  bool named = set.any || (set.self && to.self) || policy.has(set, to.address) || policy.has(set, to.owner);
  bool unclear = !to.self && (!to.known || to.ownerUnknown);
  return named || unclear;
}

bool hitsEffect(const Policy& policy, const Rule& rule, const EffectView& view) noexcept {
  if (rule.programs != 0 && !contains(policy, rule.programs, view.program)) return false;
  if (rule.operations != 0 && !rule.names(view.operation)) return false;
  if (rule.assets != 0 && !hitsAsset(policy, policy.addressSet(rule.assets), view)) return false;
  return rule.destinations == 0 || hitsDestination(policy, policy.addressSet(rule.destinations), view);
}

}  // namespace

Gap findGap(const Policy& policy, const Rule& rule, const TransactionView& transaction) noexcept {
  return Cover(policy, rule, transaction).find();
}

bool speaksOfContent(const Rule& rule) noexcept {
  return rule.operations != 0 || rule.programs != 0 || rule.assets != 0 || rule.destinations != 0 ||
         rule.otherSigners != 0;
}

bool hits(const Policy& policy, const Rule& rule, const TransactionView& transaction,
          std::uint16_t& instruction) noexcept {
  instruction = 0;
  if (rule.otherSigners != 0) {
    bool named = transaction.anyOtherSigner([&](Place signer) { return contains(policy, rule.otherSigners, signer); });
    if (!named) return false;
  }
  if (rule.operations == 0 && rule.programs == 0 && rule.assets == 0 && rule.destinations == 0) return true;
  for (const EffectView& view : transaction.effects()) {
    if (hitsEffect(policy, rule, view)) {
      instruction = view.effect->instruction;
      return true;
    }
  }
  return false;
}

}  // namespace waas::policy
