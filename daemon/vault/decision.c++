#include "daemon/vault/decision.h"

#include "daemon/vault/decision-scratch.h"
#include "daemon/vault/policy-state.h"

namespace waas::vault {
namespace {

using policy::Action;
using Item = rpc::Sign::Item;

Refused denied(const char* reason) { return Refused{ErrorCode::DENIED_BY_POLICY, reason}; }

// Whose wallet it is comes first: an operator may be a service as well.
policy::Caller inPolicy(const Caller& caller, const OwnerId& owner) {
  using Kind = policy::Caller::Kind;
  if (caller.mayOwn && caller.owner == owner) {
    return {caller.isPerson ? Kind::PERSON : Kind::SERVICE, caller.owner.id, caller.peer.uid};
  }
  if (caller.peer.roles.isOperator && !caller.isPerson) return {Kind::OPERATOR, {}, caller.peer.uid};
  if (caller.peer.uid == NOBODY) return {Kind::DAEMON, {}, NOBODY};
  return {};
}

// The policy to decide by now; null with a reason when there is none.
std::shared_ptr<const policy::Policy> policyInForce(const Context& context, const char*& reason) {
  auto current = context.service.policy.current().policy;
  reason = current == nullptr ? "no policy is loaded" : "the policy has expired";
  return current != nullptr && context.now <= current->notAfter ? current : nullptr;
}

Refusal refusalOf(const policy::Verdict& verdict, DecisionScratch& scratch) {
  switch (verdict.decision) {
    case policy::Decision::APPROVED: return std::nullopt;
    case policy::Decision::DENIED: {
      Refused refused{ErrorCode::DENIED_BY_POLICY, verdict.reason};
      refused.rule = {scratch.rule.data(), verdict.rule.copy(scratch.rule.data(), scratch.rule.size())};
      refused.instruction = verdict.instruction;
      return refused;
    }
    case policy::Decision::UNKNOWN:
    case policy::Decision::FAILED: break;
  }
  return Refused{ErrorCode::UNKNOWN, "the policy could not decide"};
}

}  // namespace

policy::WalletInfo walletInfo(const Certificate& certificate) {
  return {certificate.walletId, certificate.publicKey, certificate.owner, certificate.name};
}

Refusal decide(Context& context, const Caller& caller, const policy::WalletInfo& wallet, Action action,
               uint32_t& policyNumber) {
  policyNumber = 0;
  if (!context.service.policy.isRequired()) return std::nullopt;
  policy::Request request;
  request.caller = inPolicy(caller, wallet.owner);
  request.wallet = wallet;
  request.action = action;
  request.now = context.now;
  const char* reason = "";
  auto policy = policyInForce(context, reason);
  if (policy == nullptr) {
    bool housekeeping = action == Action::ROTATE || action == Action::RECOVER;
    if (housekeeping && request.caller.kind == policy::Caller::Kind::DAEMON) return std::nullopt;
    return denied(reason);
  }
  policy::Verdict verdict;
  policy::decide(*policy, request, nullptr, nullptr, verdict);
  policyNumber = static_cast<uint32_t>(policy->number);
  return refusalOf(verdict, context.decision);
}

// --- Signatures
// ------------------------------------------------------------------------------------------------------------

SignDecisions::SignDecisions(Context& context, const Caller& caller, capnp::List<rpc::Sign::Item>::Reader items)
    : context(context), caller(caller), items(items), policy(policyInForce(context, absent)) {}

Refusal SignDecisions::readFactsOf(Item::Reader shown, const WalletRow& wallet, const solana::Message& message) {
  auto& claims = context.decision.claims;
  auto tables = shown.getTables();
  if (tables.size() > claims.size()) return Refused{ErrorCode::INVALID_REQUEST, "too many lookup tables"};
  for (unsigned i = 0; i < tables.size(); i++) {
    if (!fill(tables[i].getAddress(), claims[i].table.bytes)) {
      return Refused{ErrorCode::INVALID_REQUEST, "a lookup table's address has 32 bytes"};
    }
    claims[i].entries = view(tables[i].getEntries());
  }
  // Facts are views into it until the decision is made.
  auto& ours = context.decision.ours;
  ours[0].bytes = wallet.view.publicKey;
  auto outcome = policy::readFacts(message, std::span(claims).first(tables.size()), ours, context.decision.facts);
  if (outcome == policy::FactsOutcome::READ) return std::nullopt;
  return Refused{ErrorCode::DENIED_BY_POLICY, policy::describe(outcome)};
}

// A wallet with several items shows its limit row with one of them.
Bytes SignDecisions::limitsOf(const Id& walletId, rpc::Wallet::Reader shown) const {
  if (shown.hasLimits()) return view(shown.getLimits());
  for (auto item : items) {
    Bytes bytes = view(item.getWallet().getLimits());
    LimitRowHead head;
    if (!bytes.empty() && head.parse(bytes) && head.walletId == walletId) return bytes;
  }
  return {};
}

// The wallet's row as this call has charged it so far, or as it was shown.
Refusal SignDecisions::readLimits(rpc::Wallet::Reader shown, const Id& walletId, LimitRow*& row) {
  auto& all = context.decision.limits;
  for (size_t i = 0; i < rows; i++) {
    row = &all[i];
    if (row->walletId == walletId) return std::nullopt;
  }
  row = &all.back();
  Bytes bytes = limitsOf(walletId, shown);
  if (bytes.empty()) {
    row->walletId = walletId;
    row->number = row->tag = 0;
    row->state.count = row->receiptCount = 0;
  } else if (!readLimitRow(context.service.keyring, bytes, walletId, *row)) {
    return Refused{ErrorCode::RECORD_REFUSED, "limit row"};
  }
  uint64_t floor = highestFloor(context.service, shown, FloorKind::LIMIT, walletId);
  if (row->number < floor) return Refused{ErrorCode::ROLLED_BACK, "limit row"};
  if (row->number > floor) context.service.floors.note(FloorKind::LIMIT, walletId, row->number);
  return std::nullopt;
}

Refusal SignDecisions::decide(unsigned item, Item::Reader shown, const WalletRow& wallet,
                              const solana::Message* transaction, const Hash& subject, Ruling& ruling) {
  static constexpr policy::LimitState NEVER_CHARGED{};
  ruling = {};
  if (!context.service.policy.isRequired()) return std::nullopt;
  if (policy == nullptr) return denied(absent);
  ruling.policyNumber = static_cast<uint32_t>(policy->number);

  policy::Request request;
  request.caller = inPolicy(caller, wallet.certificate.owner);
  request.wallet = walletInfo(wallet.certificate);
  request.action = transaction != nullptr ? Action::SIGN_TRANSACTION : Action::SIGN_MESSAGE;
  request.mode = shown.getUnreachable() != 0 ? policy::Mode::DEGRADED : policy::Mode::WHOLE;
  request.now = context.now;
  request.message = transaction;
  if (transaction != nullptr) {
    if (auto refused = readFactsOf(shown, wallet, *transaction)) return refused;
  }
  LimitRow* row = nullptr;
  if (!policy->limits.empty()) {
    if (auto refused = readLimits(shown.getWallet(), wallet.view.walletId, row)) return refused;
  }
  // What was charged is not asked for again; that the limit is full now may be its own doing.
  bool paid = row != nullptr && row->hasReceipt(subject);
  const policy::LimitState* limits = row == nullptr ? nullptr : paid ? &NEVER_CHARGED : &row->state;
  policy::Verdict verdict;
  policy::decide(*policy, request, transaction != nullptr ? &context.decision.facts : nullptr, limits, verdict);
  if (auto refused = refusalOf(verdict, context.decision)) return refused;
  // Paid by an item of this very call: the row is not committed yet.
  if (row != nullptr && row != &context.decision.limits.back() && paid) {
    ruling.charge = true;
    return std::nullopt;
  }
  if (paid || verdict.charges().empty()) return std::nullopt;

  ruling.charge = true;
  if (row == &context.decision.limits.back()) {
    if (rows == MAX_CHARGED_WALLETS) return std::nullopt;  // comes again, when the others are charged
    context.decision.limits[rows] = *row;
    row = &context.decision.limits[rows++];
  }
  if (!policy::charge(*policy, row->state, verdict.charges(), context.now)) {
    return Refused{ErrorCode::UNKNOWN, "the limits could not be charged"};
  }
  row->addReceipt(subject);
  charged[item] = {static_cast<uint16_t>(row - context.decision.limits.data() + 1), ruling.policyNumber, subject};
  return std::nullopt;
}

bool SignDecisions::writeRow(size_t place, rpc::Outcome::Builder outcome) {
  LimitRow& row = context.decision.limits[place];
  row.number++;
  context.service.random.fill(std::span(reinterpret_cast<uint8_t*>(&row.tag), sizeof row.tag));
  std::array<uint8_t, MAX_LIMIT_ROW_BYTES> bytes;
  size_t size = writeLimitRow(context.service.keyring, row, bytes);
  size_t room = (size + 7) / 8 * 8;
  if (room > context.replyRoom) return false;
  context.replyRoom -= room;
  outcome.setCharge(reader(Bytes(bytes).first(size)));
  return true;
}

void SignDecisions::writeCharges(capnp::List<rpc::Outcome>::Builder outcomes) {
  for (size_t place = 0; place < rows; place++) {
    unsigned last = 0;
    for (unsigned i = 0; i < outcomes.size(); i++) {
      if (charged[i].row == place + 1) last = i;
    }
    if (!writeRow(place, outcomes[last])) continue;
    const LimitRow& row = context.decision.limits[place];
    for (const Charged& charge : charged) {
      if (charge.row != place + 1) continue;
      AuditRecord& record = context.events.add(AuditEvent::LIMIT_CHARGED, caller.owner, caller.peer.uid);
      record.walletId = row.walletId;
      record.epoch = row.number;
      record.policy = charge.policyNumber;
      record.subject = charge.subject;
    }
  }
}

}  // namespace waas::vault
