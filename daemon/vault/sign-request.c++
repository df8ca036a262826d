#include "daemon/vault/sign-request.h"

#include <algorithm>

#include "solana/offchain-message.h"
#include "solana/transaction.h"

namespace waas::vault {
namespace {

using Item = rpc::Sign::Item;

bool isSelected(rpc::Selector::Reader selector, const Certificate& certificate) {
  switch (selector.which()) {
    case rpc::Selector::FIRST: return certificate.first;
    case rpc::Selector::ID: return std::ranges::equal(selector.getId(), certificate.walletId);
    case rpc::Selector::NAME: return view(selector.getName()) == certificate.name;
    case rpc::Selector::PUBLIC_KEY: return std::ranges::equal(selector.getPublicKey(), certificate.publicKey);
  }
  return false;
}

// Believes a wallet row as far as its certificate goes: ours, the caller's own, and the one that was asked for.
Refusal readWallet(const Service& service, const Caller& caller, Item::Reader item, WalletView& wallet) {
  rpc::Wallet::Reader row = item.getWallet();
  Bytes payload = view(row.getCertificate());
  if (payload.empty()) return Refused{ErrorCode::UNKNOWN_WALLET};
  Certificate certificate;
  if (payload.size() > MAX_CERTIFICATE_BYTES || !certificateIsOurs(service.keyring, payload, view(row.getMac())) ||
      !certificate.parse(payload)) {
    return Refused{ErrorCode::RECORD_REFUSED, "wallet certificate"};
  }
  if (certificate.owner != caller.owner) return Refused{ErrorCode::UNKNOWN_WALLET};
  if (!isSelected(item.getSelector(), certificate)) return Refused{ErrorCode::RECORD_REFUSED, "another wallet's row"};

  wallet.walletId = certificate.walletId;
  wallet.owner = certificate.owner;
  wallet.publicKey = certificate.publicKey;
  wallet.epoch = row.getEpoch();
  wallet.tag = row.getTag();
  auto shares = row.getShares();
  if (shares.size() != SHARES) return Refused{ErrorCode::INVALID_REQUEST, "a wallet has three shares"};
  for (unsigned i = 0; i < SHARES; i++) wallet.shares[i] = view(shares[i]);
  return std::nullopt;
}

// Finds the bytes to sign. Off-chain messages are written straight into the reply, where they belong anyway.
Refusal readPayload(Item::Reader item, const WalletView& wallet, rpc::Outcome::Builder outcome, Bytes& message) {
  if (item.isTransaction()) {
    auto transaction = solana::decodeTransaction(view(item.getTransaction()));
    if (!transaction) {
      return Refused{ErrorCode::TRANSACTION_MALFORMED, solana::describe(transaction.malformed())};
    }
    auto signer = transaction->signerIndex(wallet.publicKey);
    if (!signer) return Refused{ErrorCode::NOT_A_SIGNER};
    outcome.setOffset(static_cast<uint32_t>(transaction->signatureOffset(*signer)));
    message = transaction->messageBytes();
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
  message = view(signedBytes.asReader());
  return std::nullopt;
}

Refusal refusalOf(const SignResult& result) {
  switch (result.outcome) {
    case SignOutcome::SIGNED: return std::nullopt;
    case SignOutcome::RECORD_REFUSED: return Refused{ErrorCode::RECORD_REFUSED, "share", 0, result.share};
    case SignOutcome::SHARE_MISSING: return Refused{ErrorCode::SHARE_MISSING, "", 0, result.share};
    case SignOutcome::KEY_VERSION_UNKNOWN: return Refused{ErrorCode::KEY_VERSION_UNKNOWN, "share", 0, result.share};
    case SignOutcome::FAULT: break;
  }
  return Refused{ErrorCode::SIGNATURE_FAULT};
}

Refusal signItem(Context& context, const Caller& caller, Item::Reader item, rpc::Outcome::Builder outcome) {
  WalletView wallet;
  if (auto refused = readWallet(context.service, caller, item, wallet)) return refused;
  Bytes message;
  if (auto refused = readPayload(item, wallet, outcome, message)) return refused;
  Signature signature;
  SignResult result = signWith(context.service.keyring, wallet, message, context.wallet, signature);
  if (auto refused = refusalOf(result)) return refused;

  AuditEvent event = item.isTransaction() ? AuditEvent::TRANSACTION_SIGNED : AuditEvent::MESSAGE_SIGNED;
  AuditRecord& record = context.events.add(event, caller.owner, caller.peer.uid);
  record.walletId = wallet.walletId;
  record.epoch = wallet.epoch;
  record.subject = sha256(message);
  context.service.counters.signatures++;
  outcome.setSignature(reader(signature));
  return std::nullopt;
}

}  // namespace

Refusal sign(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  auto items = request.getSign().getItems();
  auto outcomes = answer.initSigned(items.size());
  for (unsigned i = 0; i < items.size(); i++) {
    if (auto refused = signItem(context, caller, items[i], outcomes[i])) {
      context.service.counters.count(refused->code);
      outcomes[i].disownSignedBytes();
      outcomes[i].setOffset(0);
      writeRefusal(outcomes[i].initRefused(), *refused);
    }
  }
  return std::nullopt;
}

void signFields(rpc::Request::Reader request, ProofBuilder& proof) {
  for (auto item : request.getSign().getItems()) {
    auto selector = item.getSelector();
    proof.field(static_cast<uint8_t>(selector.which()));
    switch (selector.which()) {
      case rpc::Selector::FIRST: proof.field(Bytes()); break;
      case rpc::Selector::ID: proof.field(view(selector.getId())); break;
      case rpc::Selector::NAME: proof.field(view(selector.getName().asBytes())); break;
      case rpc::Selector::PUBLIC_KEY: proof.field(view(selector.getPublicKey())); break;
    }
    proof.field(static_cast<uint8_t>(item.isMessage() ? 1 : 0));
    proof.field(view(item.isMessage() ? item.getMessage() : item.getTransaction()));
  }
}

}  // namespace waas::vault
