#include "rows.h"

namespace waas::broker {

WalletRow WalletRow::clone() const {
  WalletRow copy;
  copy.walletId = walletId;
  copy.certificate = kj::heapArray<kj::byte>(certificate);
  copy.signature = signature;
  copy.mac = mac;
  copy.version = version;
  copy.expiresAt = expiresAt;
  copy.share = kj::heapArray<kj::byte>(share);
  copy.recovery = kj::heapArray<kj::byte>(recovery);
  copy.limits = kj::heapArray<kj::byte>(limits);
  copy.deleted = deleted;
  copy.leased = leased;
  return copy;
}

bool WalletRow::readCertificate(Certificate& out) const {
  return out.parse(Bytes(certificate.begin(), certificate.size())) && out.walletId == walletId;
}

AccountRow AccountRow::clone() const {
  AccountRow copy;
  copy.userId = userId;
  copy.email = kj::heapString(email);
  copy.version = version;
  copy.record = kj::heapArray<kj::byte>(record);
  return copy;
}

}  // namespace waas::broker
