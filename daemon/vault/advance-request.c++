#include "daemon/vault/advance-request.h"

#include <algorithm>

#include "daemon/vault/decision.h"
#include "daemon/vault/wallet-advance.h"
#include "daemon/vault/wallet-row.h"

namespace waas::vault {
namespace {

using Why = rpc::Advance::Why;

Refusal readRow(const Service& service, const Caller& caller, rpc::Advance::Reader in, WalletRow& row) {
  if (caller.isPerson) return readOwnWallet(service, caller, in.getSelector(), in.getWallet(), row);
  if (auto refused = readWallet(service, in.getWallet(), row)) return refused;
  // A service that is no operator, too, asks for its own only.
  bool foreign = caller.mayOwn && !caller.peer.roles.isOperator && row.certificate.owner != caller.owner;
  return foreign ? Refusal(Refused{ErrorCode::UNKNOWN_WALLET}) : std::nullopt;
}

// The epoch after everything that was seen.
Refusal nextEpoch(rpc::Advance::Reader in, const WalletRow& row, uint64_t floor, uint64_t& next) {
  // Whoever writes into a Redis could otherwise use up all epochs at once.
  uint64_t own = row.view.epoch, above = in.getAbove();
  if (above > own && above - own > MAX_EPOCH_STEP) return Refused{ErrorCode::INVALID_REQUEST, "above is out of reach"};
  next = std::max({own, above, floor});
  if (next >= MAX_EPOCH) return Refused{ErrorCode::INVALID_REQUEST, "no epoch is left"};
  next++;
  return std::nullopt;
}

void writeNext(const Service& service, rpc::Wallet::Reader from, const WalletRow& row, const NextVersion& next,
               rpc::Wallet::Builder to) {
  to.setCertificate(from.getCertificate());
  to.setSignature(from.getSignature());
  // A record key that is to be retired must not be needed for this row any more.
  to.setMac(reader(certificateMac(service.keyring, view(from.getCertificate()))));
  to.setEpoch(next.epoch);
  to.setTag(next.tag);
  auto shares = to.initShares(SHARES);
  for (unsigned i = 0; i < SHARES; i++) shares.set(i, reader(next.shares[i]));
  to.setRecovery(reader(next.recovery));
  to.initFloors(1).set(0, reader(makeFloor(service.keyring, FloorKind::SHARES, row.view.walletId, next.epoch)));
}

}  // namespace

Refusal advance(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::Advance::Reader in = request.getAdvance();
  WalletRow row;
  if (auto refused = readRow(service, caller, in, row)) return refused;
  uint64_t floor = 0, epoch = 0;
  if (auto refused = checkFloor(service, in.getWallet(), row, floor)) {
    bool accepted = refused->code == ErrorCode::ROLLED_BACK && caller.peer.roles.isOperator;
    if (!accepted) return refused;
  }
  if (auto refused = nextEpoch(in, row, floor, epoch)) return refused;

  WalletView& wallet = row.view;
  const Why why = in.getWhy();
  if ((why == Why::MISSING || why == Why::DAMAGED) && !wallet.recovery.empty()) {
    Replace replace = why == Why::DAMAGED ? Replace::MISSING_AND_DAMAGED : Replace::MISSING;
    wallet.fromRecovery = toRecover(service.keyring, wallet, replace, context.wallet);
  }
  const auto action = wallet.fromRecovery != 0 ? policy::Action::RECOVER : policy::Action::ROTATE;
  uint32_t policyNumber = 0;
  if (auto refused = decide(context, caller, walletInfo(row.certificate), action, policyNumber)) return refused;
  NextVersion next;
  SignResult result = advanceShares(service.keyring, wallet, epoch, service.random, context.wallet, next);
  if (auto refused = refusalOf(result)) return refused;
  service.floors.note(FloorKind::SHARES, wallet.walletId, wallet.epoch);
  writeNext(service, in.getWallet(), row, next, answer.initWallet());

  AuditEvent event = wallet.fromRecovery != 0 ? AuditEvent::SHARES_RECOVERED : AuditEvent::SHARES_ROTATED;
  AuditRecord& record = context.events.add(event, caller.owner, caller.peer.uid);
  record.walletId = wallet.walletId;
  record.epoch = next.epoch;
  record.policy = policyNumber;
  record.subject = sha256(view(in.getWallet().getCertificate()));
  return std::nullopt;
}

void advanceFields(rpc::Request::Reader request, ProofBuilder& proof) {
  rpc::Advance::Reader in = request.getAdvance();
  addSelector(proof, in.getSelector());
  proof.field(static_cast<uint8_t>(in.getForce() ? 1 : 0));
}

}  // namespace waas::vault
