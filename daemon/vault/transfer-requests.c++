#include "daemon/vault/transfer-requests.h"

#include <algorithm>

#include "daemon/vault/decision.h"
#include "daemon/vault/key-transfer.h"
#include "daemon/vault/wallet-row.h"
#include "daemon/vault/wallet-tombstone.h"

namespace waas::vault {
namespace {

Refusal refusalOf(BoxOpened opened) {
  switch (opened) {
    case BoxOpened::OPENED: return std::nullopt;
    case BoxOpened::MISFIT: return Refused{ErrorCode::INVALID_REQUEST, "the box is for another owner or name"};
    case BoxOpened::EXPIRED: return Refused{ErrorCode::PROOF_INVALID, "time of the box"};
    case BoxOpened::REFUSED: break;
  }
  return Refused{ErrorCode::INVALID_REQUEST, "the box does not open"};
}

void note(Context& context, const Caller& caller, AuditEvent event, const WalletRow& row, Bytes certificate,
          uint64_t epoch, uint32_t policyNumber) {
  AuditRecord& record = context.events.add(event, caller.owner, caller.peer.uid);
  record.walletId = row.view.walletId;
  record.epoch = epoch;
  record.policy = policyNumber;
  record.subject = sha256(certificate);
}

}  // namespace

Refusal importWallet(Context& context, const Caller& caller, rpc::Request::Reader request,
                     rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::ImportWallet::Reader in = request.getImportWallet();
  std::string_view name = view(in.getName());
  if (!isWalletName(name)) return Refused{ErrorCode::INVALID_REQUEST, "wallet name"};
  Secret<KEY_PAIR_BYTES> keyPair;
  BoxOpened opened = openImportBox(service.keyring, view(in.getBox()), caller.owner, name, context.now, keyPair);
  if (auto refused = refusalOf(opened)) return refused;
  NewWallet wallet;
  switch (makeWalletOf(keyPair, caller.owner, name, in.getFirst(), context.now, service.keyring, service.random,
                       context.wallet, wallet)) {
    case MakeOutcome::MADE: break;
    case MakeOutcome::NAME_REFUSED: return Refused{ErrorCode::INVALID_REQUEST, "wallet name"};
    case MakeOutcome::KEY_REFUSED: return Refused{ErrorCode::INVALID_REQUEST, "the box holds no key pair"};
    case MakeOutcome::FAULT: return Refused{ErrorCode::SIGNATURE_FAULT, "wallet could not be made"};
  }
  // The policy may name addresses, so it is asked when the address is known; what it refuses has not left this frame.
  WalletRow row;
  uint32_t policyNumber = 0;
  if (!row.certificate.parse(wallet.certificate())) return Refused{ErrorCode::UNKNOWN};
  row.view.walletId = wallet.walletId;
  if (auto refused = decide(context, caller, walletInfo(row.certificate), policy::Action::IMPORT, policyNumber)) {
    return refused;
  }
  writeWallet(answer.initWallet(), wallet);
  note(context, caller, AuditEvent::WALLET_IMPORTED, row, wallet.certificate(), wallet.epoch, policyNumber);
  return std::nullopt;
}

void importWalletFields(rpc::Request::Reader request, ProofBuilder& proof) {
  std::string_view name = view(request.getImportWallet().getName());
  proof.field(asBytes(name.data(), name.size()));
  proof.field(view(request.getImportWallet().getBox()));
}

Refusal exportWallet(Context& context, const Caller& caller, rpc::Request::Reader request,
                     rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::ExportWallet::Reader in = request.getExportWallet();
  WalletRow row;
  if (auto refused = readOwnWallet(service, caller, in.getSelector(), in.getWallet(), row)) return refused;
  uint64_t floor = 0;
  if (auto refused = checkFloor(service, in.getWallet(), row, floor)) return refused;
  PublicKey clientKey;
  if (!fill(in.getClientKey(), clientKey)) return Refused{ErrorCode::INVALID_REQUEST, "the client's key has 32 bytes"};
  uint32_t policyNumber = 0;
  if (auto refused = decide(context, caller, walletInfo(row.certificate), policy::Action::EXPORT, policyNumber)) {
    return refused;
  }
  std::array<uint8_t, EXPORT_BOX_BYTES> box;
  if (auto refused = refusalOf(exportKey(service.keyring, row.view, clientKey, context.wallet, box))) return refused;
  service.floors.note(FloorKind::SHARES, row.view.walletId, row.view.epoch);
  answer.setExported(reader(box));
  note(context, caller, AuditEvent::WALLET_EXPORTED, row, view(in.getWallet().getCertificate()), row.view.epoch,
       policyNumber);
  return std::nullopt;
}

void exportWalletFields(rpc::Request::Reader request, ProofBuilder& proof) {
  addSelector(proof, request.getExportWallet().getSelector());
  proof.field(view(request.getExportWallet().getClientKey()));
}

Refusal deleteWallet(Context& context, const Caller& caller, rpc::Request::Reader request,
                     rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::DeleteWallet::Reader in = request.getDeleteWallet();
  WalletRow row;
  if (auto refused = readOwnWallet(service, caller, in.getSelector(), in.getWallet(), row)) return refused;
  if (row.deleted) return Refused{ErrorCode::WALLET_DELETED};
  uint32_t policyNumber = 0;
  if (auto refused = decide(context, caller, walletInfo(row.certificate), policy::Action::DELETE, policyNumber)) {
    return refused;
  }
  Bytes certificate = view(in.getWallet().getCertificate());
  Tombstone made;
  uint64_t epoch = std::min(row.view.epoch, MAX_EPOCH - 1) + 1;
  if (!makeTombstone(service.keyring, certificate, epoch, service.random, made)) {
    return Refused{ErrorCode::SIGNATURE_FAULT, "tombstone could not be made"};
  }
  auto out = answer.initTombstone();
  out.setCertificate(reader(certificate));
  out.setSignature(reader(made.signature));
  out.setMac(reader(made.mac));
  out.setEpoch(made.epoch);
  out.setTag(made.tag);
  out.initFloors(1).set(0, reader(makeFloor(service.keyring, FloorKind::SHARES, row.view.walletId, Floor::DELETED)));
  note(context, caller, AuditEvent::WALLET_DELETED, row, certificate, made.epoch, policyNumber);
  return std::nullopt;
}

void deleteWalletFields(rpc::Request::Reader request, ProofBuilder& proof) {
  addSelector(proof, request.getDeleteWallet().getSelector());
}

}  // namespace waas::vault
