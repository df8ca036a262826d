#include "daemon/vault/wallet-row.h"

#include <algorithm>

#include "daemon/vault/wallet-tombstone.h"

namespace waas::vault {
namespace {

bool isSelected(rpc::Selector::Reader selector, const Certificate& certificate) {
  switch (selector.which()) {
    case rpc::Selector::FIRST: return certificate.first;
    case rpc::Selector::ID: return std::ranges::equal(selector.getId(), certificate.walletId);
    case rpc::Selector::NAME: return view(selector.getName()) == certificate.name;
    case rpc::Selector::PUBLIC_KEY: return std::ranges::equal(selector.getPublicKey(), certificate.publicKey);
  }
  return false;
}

}  // namespace

Refusal readWallet(const Service& service, rpc::Wallet::Reader from, WalletRow& row) {
  Bytes payload = view(from.getCertificate()), mac = view(from.getMac());
  if (payload.empty()) return Refused{ErrorCode::UNKNOWN_WALLET};
  if (payload.size() > MAX_CERTIFICATE_BYTES) return Refused{ErrorCode::RECORD_REFUSED, "wallet certificate"};
  bool alive = certificateIsOurs(service.keyring, payload, mac);
  row.deleted = !alive && tombstoneIsOurs(service.keyring, payload, from.getEpoch(), from.getTag(), mac);
  if (!(alive || row.deleted) || !row.certificate.parse(payload)) {
    return Refused{ErrorCode::RECORD_REFUSED, "wallet certificate"};
  }
  WalletView& wallet = row.view;
  wallet.walletId = row.certificate.walletId;
  wallet.owner = row.certificate.owner;
  wallet.publicKey = row.certificate.publicKey;
  wallet.epoch = from.getEpoch();
  wallet.tag = from.getTag();
  if (row.deleted) return std::nullopt;
  auto shares = from.getShares();
  if (shares.size() != SHARES) return Refused{ErrorCode::INVALID_REQUEST, "a wallet has three shares"};
  for (unsigned i = 0; i < SHARES; i++) wallet.shares[i] = view(shares[i]);
  wallet.recovery = view(from.getRecovery());
  return std::nullopt;
}

Refusal readOwnWallet(const Service& service, const Caller& caller, rpc::Selector::Reader selector,
                      rpc::Wallet::Reader from, WalletRow& row) {
  if (auto refused = readWallet(service, from, row)) return refused;
  if (row.certificate.owner != caller.owner) return Refused{ErrorCode::UNKNOWN_WALLET};
  if (!isSelected(selector, row.certificate)) return Refused{ErrorCode::RECORD_REFUSED, "another wallet's row"};
  return std::nullopt;
}

uint64_t highestFloor(Service& service, rpc::Wallet::Reader from, FloorKind kind, const Id& walletId) {
  const uint64_t known = service.floors.highest(kind, walletId);
  uint64_t highest = known;
  for (auto bytes : from.getFloors()) {
    Floor claimed;
    if (!claimed.parse(view(bytes)) || claimed.number <= highest) continue;  // true or not, it changes nothing
    highest = std::max(highest, floorNumber(service.keyring, kind, walletId, view(bytes)));
  }
  if (highest > known) service.floors.note(kind, walletId, highest);
  return highest;
}

Refusal checkFloor(Service& service, rpc::Wallet::Reader from, const WalletRow& row, uint64_t& floor) {
  const Id& id = row.view.walletId;
  if (from.getFloors().size() > MAX_FLOORS) return Refused{ErrorCode::INVALID_REQUEST, "too many floors"};
  floor = highestFloor(service, from, FloorKind::SHARES, id);
  if (row.deleted) {
    floor = Floor::DELETED;
    service.floors.note(FloorKind::SHARES, id, floor);
  }
  if (floor == Floor::DELETED) return Refused{ErrorCode::WALLET_DELETED};
  if (row.view.epoch < floor) return Refused{ErrorCode::ROLLED_BACK, "the wallet's row"};
  return std::nullopt;
}

Refusal refusalOf(const SignResult& result) {
  const bool recovery = result.share == SignResult::RECOVERY;
  const std::string_view what = recovery ? "recovery envelope" : "share";
  const uint8_t share = recovery ? uint8_t{0} : result.share;
  switch (result.outcome) {
    case SignOutcome::SIGNED: return std::nullopt;
    case SignOutcome::RECORD_REFUSED: return Refused{ErrorCode::RECORD_REFUSED, what, 0, share};
    case SignOutcome::SHARE_MISSING: return Refused{ErrorCode::SHARE_MISSING, "", 0, share};
    case SignOutcome::KEY_VERSION_UNKNOWN: return Refused{ErrorCode::KEY_VERSION_UNKNOWN, what, 0, share};
    case SignOutcome::KEY_RETIRED:
      return Refused{ErrorCode::KEY_VERSION_UNKNOWN,
                     recovery ? "recovery envelope: its key was retired" : "share: its key was retired", 0, share};
    case SignOutcome::RECOVERY_KEY_ABSENT: return Refused{ErrorCode::RECOVERY_KEY_ABSENT};
    case SignOutcome::FAULT: break;
  }
  return Refused{ErrorCode::SIGNATURE_FAULT};
}

void addSelector(ProofBuilder& proof, rpc::Selector::Reader selector) {
  proof.field(static_cast<uint8_t>(selector.which()));
  switch (selector.which()) {
    case rpc::Selector::FIRST: proof.field(Bytes()); break;
    case rpc::Selector::ID: proof.field(view(selector.getId())); break;
    case rpc::Selector::NAME: proof.field(view(selector.getName().asBytes())); break;
    case rpc::Selector::PUBLIC_KEY: proof.field(view(selector.getPublicKey())); break;
  }
}

}  // namespace waas::vault
