#include "policy/evaluate.h"

#include <algorithm>

#include "policy/transaction-cover.h"
#include "policy/transaction-view.h"

namespace waas::policy {
namespace {

bool matches(const CallerMatch& match, const Caller& caller) noexcept {
  using Kind = CallerMatch::Kind;
  bool person = caller.kind == Caller::Kind::PERSON, service = caller.kind == Caller::Kind::SERVICE;
  switch (match.kind) {
    case Kind::ANY_PERSON: return person;
    case Kind::PERSON: return person && caller.id == match.id;
    case Kind::ANY_SERVICE: return service;
    case Kind::SERVICE: return service && caller.id == match.id;
    case Kind::OPERATOR: return caller.kind == Caller::Kind::OPERATOR;
    case Kind::DAEMON: return caller.kind == Caller::Kind::DAEMON;
    case Kind::UID: return (service || caller.kind == Caller::Kind::OPERATOR) && caller.uid == match.uid;
  }
  return false;
}

bool matches(const Policy& policy, const WalletMatch& match, const WalletInfo& wallet) noexcept {
  using Kind = WalletMatch::Kind;
  switch (match.kind) {
    case Kind::ID: return wallet.id == match.id && wallet.id != Id{};
    case Kind::ADDRESS: return wallet.address == policy.addresses[match.address].bytes && wallet.address != PublicKey{};
    case Kind::NAME: return wallet.name == policy.textOf(match.name);
  }
  return false;
}

bool matches(const OwnerMatch& match, const OwnerId& owner) noexcept {
  using Kind = OwnerMatch::Kind;
  bool person = owner.kind == OwnerId::Kind::USER;
  switch (match.kind) {
    case Kind::ANY_PERSON: return person;
    case Kind::PERSON: return person && owner.id == match.id;
    case Kind::ANY_SERVICE: return !person;
    case Kind::SERVICE: return !person && owner.id == match.id;
  }
  return false;
}

template <typename Match, typename Ask>
bool anyOf(const std::vector<Slice>& sets, const std::vector<Match>& pool, SetId id, Ask ask) noexcept {
  return id == 0 || std::ranges::any_of(Policy::part(pool, sets[id - 1u]), ask);
}

/// Where a rule applies; COVERS stands for "it does".
RuleWord::Kind applies(const Policy& policy, const Rule& rule, const Request& request, Action action) noexcept {
  if (!rule.speaksOf(action)) return RuleWord::Kind::OTHER_ACTION;
  if (!anyOf(policy.callerSets, policy.callers, rule.callers, [&](auto& m) { return matches(m, request.caller); })) {
    return RuleWord::Kind::OTHER_CALLER;
  }
  bool owner =
      anyOf(policy.ownerSets, policy.owners, rule.owners, [&](auto& m) { return matches(m, request.wallet.owner); });
  bool wallet = owner && anyOf(policy.walletSets, policy.wallets, rule.wallets,
                               [&](auto& m) { return matches(policy, m, request.wallet); });
  return wallet ? RuleWord::Kind::COVERS : RuleWord::Kind::OTHER_WALLET;
}

/// What an approval by this rule costs of its limits. A charge of nothing is none.
std::size_t chargesOf(const Policy& policy, const Rule& rule, const TransactionView* transaction,
                      std::array<Charge, MAX_LIMITS>& out) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < policy.limits.size(); ++i) {
    if ((rule.limits >> i & 1) == 0) continue;
    const Limit& limit = policy.limits[i];
    std::uint64_t amount = limit.countsUses ? 1 : 0;
    if (!limit.countsUses && transaction != nullptr) {
      amount = transaction->leaving(limit.asset).amount;
      // What leaves as a fee has left as well.
      std::uint64_t fee = limit.asset == SOL ? transaction->fee() : 0;
      amount = fee > UINT64_MAX - amount ? UINT64_MAX : amount + fee;
    }
    if (amount > 0) out[count++] = Charge{limit.id, amount};
  }
  return count;
}

/// One action of one request: the rules' words, one by one.
class Judge {
 public:
  Judge(const Policy& policy, const Request& request, Action action, const TransactionView* transaction,
        const LimitState* limits) noexcept
      : policy(policy), request(request), action(action), transaction(transaction), limits(limits) {}

  RuleWord word(const Rule& rule) const noexcept {
    RuleWord::Kind kind = applies(policy, rule, request, action);
    if (kind != RuleWord::Kind::COVERS) return {kind, 0, {}};
    return rule.effect == RuleEffect::DENY ? denyWord(rule) : allowWord(rule);
  }

  /// Adds to the charges of `verdict`, which are charged together.
  void judge(Verdict& verdict) const noexcept {
    const Rule* nearest = nullptr;
    RuleWord nearestWord;
    const Rule* covering = nullptr;
    for (const Rule& rule : policy.rules) {
      if (rule.effect == RuleEffect::ALLOW && covering != nullptr) continue;
      RuleWord said = word(rule);
      if (said.kind == RuleWord::Kind::HITS) return refuse(verdict, &rule, said);
      if (said.kind == RuleWord::Kind::COVERS) covering = &rule;
      if (said.kind == RuleWord::Kind::NOT_COVERED && (nearest == nullptr || isNearer(said, nearestWord))) {
        nearest = &rule;
        nearestWord = said;
      }
    }
    if (covering != nullptr) return approve(verdict, *covering);
    if (nearest == nullptr) nearestWord.reason = "No rule allows this to this caller with this wallet.";
    refuse(verdict, nearest, nearestWord);
  }

 private:
  const Policy& policy;
  const Request& request;
  Action action;
  const TransactionView* transaction;
  const LimitState* limits;

  RuleWord denyWord(const Rule& rule) const noexcept {
    RuleWord out{RuleWord::Kind::HITS, 0, "The rule denies it."};
    if (!speaksOfContent(rule)) return out;
    // The compiler makes no rule that speaks of the content of what has none. Should one come, it denies.
    if (transaction == nullptr) return out;
    if (!hits(policy, rule, *transaction, out.instruction)) return {RuleWord::Kind::NO_HIT, 0, {}};
    return out;
  }

  RuleWord allowWord(const Rule& rule) const noexcept {
    if (transaction != nullptr) {
      if (Gap gap = findGap(policy, rule, *transaction))
        return {RuleWord::Kind::NOT_COVERED, gap.instruction, gap.reason};
    }
    if (rule.limits == 0) return {RuleWord::Kind::COVERS, 0, {}};
    if (limits == nullptr) {
      return {RuleWord::Kind::NOT_COVERED, 0, "What was used of the rule's limits is not known."};
    }
    std::array<Charge, MAX_LIMITS> charges;
    std::size_t count = chargesOf(policy, rule, transaction, charges);
    if (!fits(policy, *limits, std::span(charges).first(count), request.now)) {
      return {RuleWord::Kind::NOT_COVERED, 0, LIMIT_REACHED};
    }
    return {RuleWord::Kind::COVERS, 0, {}};
  }

  static constexpr std::string_view LIMIT_REACHED = "A limit over time of the rule is reached.";

  /// The further a rule gets, the nearer it came; a gap of the whole comes after all instructions.
  static bool isNearer(const RuleWord& a, const RuleWord& b) noexcept {
    auto place = [](const RuleWord& word) { return word.instruction == 0 ? UINT16_MAX : word.instruction; };
    return place(a) > place(b);
  }

  void refuse(Verdict& verdict, const Rule* rule, const RuleWord& said) const noexcept {
    verdict.decision = Decision::DENIED;
    verdict.rule = rule == nullptr ? std::string_view() : policy.textOf(rule->name);
    verdict.instruction = said.instruction;
    verdict.reason = said.reason;
    verdict.chargeCount = 0;
  }

  void approve(Verdict& verdict, const Rule& rule) const noexcept {
    std::array<Charge, MAX_LIMITS> charges;
    std::size_t count = chargesOf(policy, rule, transaction, charges);
    for (const Charge& charge : std::span(charges).first(count)) add(verdict, charge);
    verdict.decision = Decision::APPROVED;
    verdict.rule = policy.textOf(rule.name);
    verdict.instruction = 0;
    verdict.reason = {};
  }

  /// To sign in degraded mode is one use, not two, where a limit counts uses of both actions.
  static void add(Verdict& verdict, const Charge& charge) noexcept {
    for (std::size_t i = 0; i < verdict.chargeCount; ++i) {
      Charge& earlier = verdict.chargeStore[i];
      if (earlier.limit != charge.limit) continue;
      earlier.amount = std::max(earlier.amount, charge.amount);
      return;
    }
    verdict.chargeStore[verdict.chargeCount++] = charge;
  }
};

void fail(Verdict& verdict, Decision decision, std::string_view reason) noexcept {
  verdict.decision = decision;
  verdict.reason = reason;
}

}  // namespace

void decide(const Policy& policy, const Request& request, const Facts* facts, const LimitState* limits,
            Verdict& verdict) noexcept {
  verdict.decision = Decision::UNKNOWN;
  verdict.rule = verdict.reason = {};
  verdict.instruction = 0;
  verdict.chargeCount = 0;
  if (nameOf(request.action).empty() || request.caller.kind == Caller::Kind::UNKNOWN) {
    return fail(verdict, Decision::FAILED, "It is not said who wants to do what.");
  }
  if (policy.notAfter != 0 && request.now > policy.notAfter) {
    return fail(verdict, Decision::DENIED, "The policy is out of date.");
  }
  if (request.mode == Mode::DEGRADED) {
    Judge(policy, request, Action::SIGN_DEGRADED, nullptr, limits).judge(verdict);
    if (verdict.decision != Decision::APPROVED) return;
  }
  if (request.action != Action::SIGN_TRANSACTION)
    return Judge(policy, request, request.action, nullptr, limits).judge(verdict);
  if (facts == nullptr || request.message == nullptr) {
    verdict.chargeCount = 0;
    return fail(verdict, Decision::FAILED, "The transaction was not read.");
  }
  TransactionView transaction(policy, request, *facts);
  Judge(policy, request, request.action, &transaction, limits).judge(verdict);
}

RuleWord wordOf(const Policy& policy, const Rule& rule, const Request& request, const Facts* facts,
                const LimitState* limits) noexcept {
  if (request.action != Action::SIGN_TRANSACTION || facts == nullptr || request.message == nullptr) {
    return Judge(policy, request, request.action, nullptr, limits).word(rule);
  }
  TransactionView transaction(policy, request, *facts);
  return Judge(policy, request, request.action, &transaction, limits).word(rule);
}

}  // namespace waas::policy
