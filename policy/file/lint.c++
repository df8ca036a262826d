#include <algorithm>

#include "policy/file/names.h"
#include "policy/file/policy-file.h"
#include "policy/file/quantity.h"

namespace waas::policy::file {
namespace {

template <typename Set>
bool isSubset(const Set& inner, const Set& outer) {
  return std::ranges::includes(outer, inner);
}

/// Nothing said = everything.
template <typename Match>
bool isNarrower(const std::optional<std::set<Match>>& inner, const std::optional<std::set<Match>>& outer);

bool holds(const std::set<CallerName>& outer, const CallerName& name) {
  using Kind = CallerMatch::Kind;
  if (outer.contains(name)) return true;
  if (name.kind == Kind::PERSON) return outer.contains(CallerName{Kind::ANY_PERSON, {}, 0, {}});
  if (name.kind == Kind::SERVICE) return outer.contains(CallerName{Kind::ANY_SERVICE, {}, 0, {}});
  return false;
}
bool holds(const std::set<OwnerName>& outer, const OwnerName& name) {
  using Kind = OwnerMatch::Kind;
  if (outer.contains(name)) return true;
  if (name.kind == Kind::PERSON) return outer.contains(OwnerName{Kind::ANY_PERSON, {}, {}});
  if (name.kind == Kind::SERVICE) return outer.contains(OwnerName{Kind::ANY_SERVICE, {}, {}});
  return false;
}
bool holds(const std::set<WalletName>& outer, const WalletName& name) { return outer.contains(name); }

template <typename Match>
bool isNarrower(const std::optional<std::set<Match>>& inner, const std::optional<std::set<Match>>& outer) {
  if (!outer) return true;
  return inner && std::ranges::all_of(*inner, [&](const Match& name) { return holds(*outer, name); });
}

/// A list that bounds: nothing said = everything.
bool isNarrowerBound(const std::optional<Addresses>& inner, const std::optional<Addresses>& outer) {
  if (!outer || outer->any) return true;
  return inner && !inner->any && (!inner->self || outer->self) && (!inner->sol || outer->sol) &&
         isSubset(inner->members, outer->members);
}
/// A list that grants: nothing said = nothing.
bool isNarrowerGrant(const std::optional<Addresses>& inner, const std::optional<Addresses>& outer) {
  return !inner || (outer && isNarrowerBound(inner, outer));
}

bool appliesWherever(const RuleEntry& outer, const RuleEntry& inner) {
  return isSubset(inner.actions, outer.actions) && isNarrower(inner.callers, outer.callers) &&
         isNarrower(inner.wallets, outer.wallets) && isNarrower(inner.owners, outer.owners);
}

bool speaksOfContent(const RuleEntry& rule) {
  return !rule.operations.empty() || rule.programs || rule.assets || rule.destinations || rule.otherSigners;
}

/// Whether each amount that `outer` bounds is bounded by `inner` at least as tightly.
bool boundsAtLeast(const RuleEntry& inner, const RuleEntry& outer) {
  return std::ranges::all_of(outer.amounts, [&](const AmountOf& bound) {
    auto own = std::ranges::find(inner.amounts, bound.asset, &AmountOf::asset);
    return own != inner.amounts.end() && own->most <= bound.most;
  });
}

/// Whether whatever `inner` covers is covered by `outer` as well, so that `inner` never decides anything.
bool isShadowedBy(const RuleEntry& inner, const RuleEntry& outer) {
  if (!appliesWherever(outer, inner) || !isSubset(outer.limits, inner.limits)) return false;
  if (!inner.speaksOfTransactions()) return true;
  return isSubset(inner.operations, outer.operations) && isNarrowerBound(inner.programs, outer.programs) &&
         isNarrowerGrant(inner.blind, outer.blind) && isNarrowerGrant(inner.assets, outer.assets) &&
         isNarrowerGrant(inner.destinations, outer.destinations) &&
         isNarrowerGrant(inner.otherSigners, outer.otherSigners) && isNarrowerGrant(inner.receive, outer.receive) &&
         inner.tables <= outer.tables && inner.maxSlippage <= outer.maxSlippage &&
         inner.maxPlatformFee <= outer.maxPlatformFee && inner.maxFee <= outer.maxFee && boundsAtLeast(inner, outer);
}

class Lint {
 public:
  explicit Lint(const PolicyFile& file) : file(file) {}

  Remarks run() {
    unused();
    for (const RuleEntry& rule : file.rules) {
      neverMatches(rule);
      if (rule.effect != RuleEffect::ALLOW) continue;
      shadows(rule);
      names(rule);
      if (!rule.speaksOfTransactions()) continue;
      bounds(rule);
      useless(rule);
    }
    if (std::ranges::none_of(file.rules, [](auto& rule) { return rule.effect == RuleEffect::ALLOW; })) {
      remarks.push_back({Remark::Kind::WARNING, 0, "No rule allows anything: everything is denied."});
    }
    std::ranges::stable_sort(remarks, {}, &Remark::line);
    return remarks;
  }

 private:
  const PolicyFile& file;
  Remarks remarks;

  void warn(unsigned line, const std::string& text) { remarks.push_back({Remark::Kind::WARNING, line, text}); }
  void warn(const RuleEntry& rule, const std::string& text) { warn(rule.line, "rule \"" + rule.name + "\": " + text); }

  void unused() {
    for (auto& [name, mint] : file.mints) {
      if (!mint.used) warn(mint.line, "mint " + name + " is not used.");
    }
    for (auto& [name, list] : file.lists) {
      if (!list.used) warn(list.line, "list " + name + " is not used.");
    }
    for (auto& [name, label] : file.labels) {
      if (!label.used) warn(label.line, "label " + name + " is not used.");
    }
    for (const LimitEntry& limit : file.limits) {
      if (!limit.used) warn(limit.line, "limit " + limit.name + " is not used by any rule.");
      if (limit.most == 0) warn(limit.line, "limit " + limit.name + " leaves no room for anything.");
    }
  }

  /// Who uses a key is its owner; who rotates besides is an operator or the daemon.
  static bool canAsk(const CallerName& caller, Action action) {
    using Kind = CallerMatch::Kind;
    bool upkeep = action == Action::ROTATE || action == Action::RECOVER;
    switch (caller.kind) {
      case Kind::DAEMON: return upkeep;
      case Kind::OPERATOR: return upkeep;
      default: return true;
    }
  }

  /// Whether a caller can be the owner, where only owners can ask.
  static bool canOwn(const CallerName& caller, const OwnerName& owner) {
    using Kind = CallerMatch::Kind;
    using Owner = OwnerMatch::Kind;
    bool person = owner.kind == Owner::ANY_PERSON || owner.kind == Owner::PERSON;
    switch (caller.kind) {
      case Kind::ANY_PERSON: return person;
      case Kind::PERSON: return person && (owner.kind == Owner::ANY_PERSON || owner.id == caller.id);
      case Kind::ANY_SERVICE:
      case Kind::UID: return !person;
      case Kind::SERVICE: return !person && (owner.kind == Owner::ANY_SERVICE || owner.id == caller.id);
      default: return false;
    }
  }

  static bool canMatch(const RuleEntry& rule, Action action) {
    if (!rule.callers) return true;
    bool upkeep = action == Action::ROTATE || action == Action::RECOVER;
    return std::ranges::any_of(*rule.callers, [&](const CallerName& caller) {
      if (!canAsk(caller, action)) return false;
      return upkeep || !rule.owners ||
             std::ranges::any_of(*rule.owners, [&](const OwnerName& owner) { return canOwn(caller, owner); });
    });
  }

  void neverMatches(const RuleEntry& rule) {
    for (Action action : rule.actions) {
      if (!canMatch(rule, action)) {
        warn(rule, "can never match for " + std::string(nameOf(action)) + ": none of its callers can ask for it.");
      }
    }
    if (rule.effect != RuleEffect::ALLOW) return;
    for (const RuleEntry& other : file.rules) {
      if (other.effect == RuleEffect::DENY && !speaksOfContent(other) && appliesWherever(other, rule)) {
        warn(rule, "can never allow anything: rule \"" + other.name + "\" denies all of it.");
      }
    }
  }

  void shadows(const RuleEntry& rule) {
    for (const RuleEntry& other : file.rules) {
      if (&other == &rule || other.effect != RuleEffect::ALLOW || !isShadowedBy(rule, other)) continue;
      // Of two that are alike the later one is said to be in the shadow.
      if (isShadowedBy(other, rule) && rule.line < other.line) continue;
      return warn(rule, "is in the shadow of rule \"" + other.name + "\", which allows all of it.");
    }
  }

  void names(const RuleEntry& rule) {
    if (!rule.wallets) return;
    bool byName =
        std::ranges::any_of(*rule.wallets, [](auto& wallet) { return wallet.kind == WalletMatch::Kind::NAME; });
    bool persons = !rule.callers || std::ranges::any_of(*rule.callers, [](auto& caller) {
      return caller.kind == CallerMatch::Kind::ANY_PERSON;
    });
    if (byName && persons && !rule.owners) {
      warn(rule, "names a wallet by its name, which each person chooses freely; say its owner or its id as well.");
    }
  }

  /// Whether an asset can leave by this rule.
  static bool letsGo(const RuleEntry& rule, const AssetName& asset) {
    bool deposits = rule.operations.contains(Operation::CREATE_TOKEN_ACCOUNT) ||
                    rule.operations.contains(Operation::CREATE_ACCOUNT) ||
                    rule.operations.contains(Operation::CLOSE_ACCOUNT) || rule.operations.contains(Operation::OTHER) ||
                    rule.operations.contains(Operation::SET_AUTHORITY);
    if (!asset && deposits) return true;
    return rule.assets && (rule.assets->any || (asset ? rule.assets->members.contains(*asset) : rule.assets->sol));
  }

  std::string nameOfAsset(const AssetName& asset) const {
    if (!asset) return "SOL";
    for (auto& [symbol, mint] : file.mints) {
      if (mint.address == *asset) return symbol;
    }
    return std::string(solana::format(*asset).view());
  }

  void bounds(const RuleEntry& rule) {
    for (const AmountOf& amount : rule.amounts) {
      if (!letsGo(rule, amount.asset)) {
        warn(rule, "bounds " + nameOfAsset(amount.asset) + ", which it lets go nowhere.");
      }
      for (std::size_t place : rule.limits) {
        const LimitEntry& limit = file.limits[place];
        if (!limit.countsUses && limit.asset == amount.asset && amount.most > limit.most) {
          warn(rule,
               "max-amounts of " + nameOfAsset(amount.asset) + " can't bind: limit " + limit.name + " is smaller.");
        }
      }
    }
    bool moves = false;
    for (std::size_t place : rule.limits) {
      const LimitEntry& limit = file.limits[place];
      bool feeOnly = !limit.asset && !limit.countsUses && rule.maxFee > 0;
      if (!limit.countsUses && !letsGo(rule, limit.asset) && !feeOnly) {
        warn(rule, "limit " + limit.name + " can't bind: the rule lets no " + nameOfAsset(limit.asset) + " go.");
      }
      moves = moves || !limit.countsUses;
    }
    if (rule.blind && (moves || !rule.amounts.empty())) {
      warn(rule, "bounds amounts, and accepts programs blindly: what those take is not counted.");
    }
    unbounded(rule);
  }

  void unbounded(const RuleEntry& rule) {
    bool sends = rule.destinations && (rule.destinations->any || !rule.destinations->members.empty()) &&
                 (rule.operations.contains(Operation::TRANSFER) || rule.operations.contains(Operation::APPROVE));
    bool swaps = rule.operations.contains(Operation::SWAP);
    if ((sends || swaps) && rule.amounts.empty() && rule.limits.empty()) {
      warn(rule, sends ? "bounds no amount of what it lets go." : "bounds no amount: a route can be made to lose by.");
    }
    if (rule.maxFee == ANY_FEE) warn(rule, "bounds no fee.");
    if (rule.blind && rule.blind->any) warn(rule, "accepts every program blindly.");
  }

  void useless(const RuleEntry& rule) {
    if (rule.programs && rule.blind) {
      for (const solana::Address& program : rule.programs->members) {
        if (rule.blind->members.contains(program)) {
          warn(rule, "names program " + std::string(solana::format(program).view()) + " in programs and in blind.");
        }
      }
    }
    if (!rule.programs) return;
    for (const solana::Address& program : rule.programs->members) {
      if (programName(program).empty()) {
        warn(rule, "program " + std::string(solana::format(program).view()) +
                       " is not understood: naming it in programs allows nothing, see blind.");
      }
    }
    if (rule.operations.contains(Operation::SWAP) && !rule.programs->any &&
        !rule.programs->members.contains(*programNamed("jupiter"))) {
      warn(rule, "covers swaps, and names no program that swaps.");
    }
  }
};

}  // namespace

Remarks lint(const PolicyFile& file) { return Lint(file).run(); }

}  // namespace waas::policy::file
