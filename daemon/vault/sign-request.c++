#include "daemon/vault/sign-request.h"

#include "daemon/vault/decision.h"
#include "solana/offchain-message.h"
#include "solana/transaction.h"

namespace waas::vault {
namespace {

using Item = rpc::Sign::Item;

// What is signed, and the same bytes decoded, if they are a transaction's.
struct Payload {
  Bytes message;
  std::optional<solana::Message> transaction;
};

// The shares that come from the recovery envelope, because their stores don't answer. The policy is asked about it
// whenever the broker says so, whether or not it comes to that.
uint8_t outOfReach(Item::Reader item, const WalletView& wallet) {
  uint8_t bits = 0;
  for (uint8_t i = 1; i < SHARES; i++) {
    uint8_t bit = static_cast<uint8_t>(1 << i);
    if ((item.getUnreachable() & bit) != 0 && wallet.shares[i].empty()) bits |= bit;
  }
  return bits;
}

AuditEvent eventOf(Item::Reader item, const WalletView& wallet) {
  if (wallet.fromRecovery == 0) {
    return item.isTransaction() ? AuditEvent::TRANSACTION_SIGNED : AuditEvent::MESSAGE_SIGNED;
  }
  return item.isTransaction() ? AuditEvent::TRANSACTION_SIGNED_DEGRADED : AuditEvent::MESSAGE_SIGNED_DEGRADED;
}

// Finds the bytes to sign. Off-chain messages are written straight into the reply, where they belong anyway.
Refusal readPayload(Item::Reader item, const WalletView& wallet, rpc::Outcome::Builder outcome, Payload& payload) {
  if (item.isTransaction()) {
    auto transaction = solana::decodeTransaction(view(item.getTransaction()));
    if (!transaction) {
      return Refused{ErrorCode::TRANSACTION_MALFORMED, solana::describe(transaction.malformed())};
    }
    auto signer = transaction->signerIndex(wallet.publicKey);
    if (!signer) return Refused{ErrorCode::NOT_A_SIGNER};
    outcome.setOffset(static_cast<uint32_t>(transaction->signatureOffset(*signer)));
    payload.transaction = transaction->message();
    payload.message = transaction->messageBytes();
    return std::nullopt;
  }
  if (!item.isMessage()) return Refused{ErrorCode::INVALID_REQUEST, "nothing to sign"};
  Bytes text = view(item.getMessage());
  if (auto reason = solana::checkOffchainText(text); reason != solana::Malformed::NONE) {
    return Refused{ErrorCode::MESSAGE_MALFORMED, solana::describe(reason)};
  }
  auto signedBytes = outcome.initSignedBytes(static_cast<unsigned>(solana::offchainMessageSize(text.size())));
  auto written = solana::writeOffchainMessage(wallet.publicKey, text, {signedBytes.begin(), signedBytes.size()});
  if (written != signedBytes.size()) return Refused{ErrorCode::MESSAGE_MALFORMED};
  payload.message = view(signedBytes.asReader());
  return std::nullopt;
}

// Signs one item, or leaves its outcome without a signature when its limits have to be charged first.
Refusal signItem(Context& context, const Caller& caller, SignDecisions& decisions, unsigned number, Item::Reader item,
                 rpc::Outcome::Builder outcome) {
  WalletRow row;
  if (auto refused = readOwnWallet(context.service, caller, item.getSelector(), item.getWallet(), row)) return refused;
  uint64_t floor = 0;
  if (auto refused = checkFloor(context.service, item.getWallet(), row, floor)) return refused;
  row.view.fromRecovery = outOfReach(item, row.view);
  const WalletView& wallet = row.view;
  Payload payload;
  if (auto refused = readPayload(item, wallet, outcome, payload)) return refused;
  const Bytes message = payload.message;
  const Hash subject = sha256(message);
  SignDecisions::Ruling ruling;
  const solana::Message* transaction = payload.transaction ? &*payload.transaction : nullptr;
  if (auto refused = decisions.decide(number, item, row, transaction, subject, ruling)) return refused;
  if (ruling.charge) {
    outcome.disownSignedBytes();
    outcome.setOffset(0);
    outcome.setCharge({});
    return std::nullopt;
  }
  Signature signature;
  SignResult result = signWith(context.service.keyring, wallet, message, context.wallet, signature);
  if (auto refused = refusalOf(result)) return refused;
  if (wallet.epoch > floor) context.service.floors.note(FloorKind::SHARES, wallet.walletId, wallet.epoch);

  AuditRecord& record = context.events.add(eventOf(item, wallet), caller.owner, caller.peer.uid);
  record.walletId = wallet.walletId;
  record.epoch = wallet.epoch;
  record.policy = ruling.policyNumber;
  record.subject = subject;
  context.service.counters.signatures++;
  outcome.setSignature(reader(signature));
  return std::nullopt;
}

}  // namespace

Refusal sign(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  auto items = request.getSign().getItems();
  auto outcomes = answer.initSigned(items.size());
  SignDecisions decisions(context, caller, items);
  for (unsigned i = 0; i < items.size(); i++) {
    if (auto refused = signItem(context, caller, decisions, i, items[i], outcomes[i])) {
      context.service.counters.count(refused->code);
      outcomes[i].disownSignedBytes();
      outcomes[i].setOffset(0);
      writeRefusal(outcomes[i].initRefused(), *refused);
    }
  }
  decisions.writeCharges(outcomes);
  return std::nullopt;
}

void signFields(rpc::Request::Reader request, ProofBuilder& proof) {
  for (auto item : request.getSign().getItems()) {
    addSelector(proof, item.getSelector());
    proof.field(static_cast<uint8_t>(item.isMessage() ? 1 : 0));
    proof.field(view(item.isMessage() ? item.getMessage() : item.getTransaction()));
    for (auto table : item.getTables()) {
      proof.field(view(table.getAddress()));
      proof.field(view(table.getEntries()));
    }
  }
}

}  // namespace waas::vault
