#include "daemon/vault/wallet-requests.h"

namespace waas::vault {

Refusal createWallet(Context& context, const Caller& caller, rpc::Request::Reader request,
                     rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::CreateWallet::Reader in = request.getCreateWallet();
  NewWallet wallet;
  switch (makeWallet(caller.owner, view(in.getName()), in.getFirst(), context.now, service.keyring, service.random,
                     context.wallet, wallet)) {
    case MakeOutcome::MADE: break;
    case MakeOutcome::NAME_REFUSED: return Refused{ErrorCode::INVALID_REQUEST, "wallet name"};
    case MakeOutcome::KEY_REFUSED:
    case MakeOutcome::FAULT: return Refused{ErrorCode::SIGNATURE_FAULT, "wallet could not be made"};
  }
  writeWallet(answer.initWallet(), wallet);
  AuditRecord& record = context.events.add(AuditEvent::WALLET_CREATED, caller.owner, caller.peer.uid);
  record.walletId = wallet.walletId;
  record.epoch = wallet.epoch;
  record.subject = sha256(wallet.certificate());
  return std::nullopt;
}

void createWalletFields(rpc::Request::Reader request, ProofBuilder& proof) {
  std::string_view name = view(request.getCreateWallet().getName());
  proof.field(asBytes(name.data(), name.size()));
}

}  // namespace waas::vault
