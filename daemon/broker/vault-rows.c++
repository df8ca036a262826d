#include "vault-rows.h"

#include <kj/debug.h>

namespace waas::broker {

size_t wordsOf(const WalletRow& row) {
  constexpr size_t STRUCTS = 24;  // wallet, list of shares, pointers
  return STRUCTS + wordsFor(row.certificate.size()) + wordsFor(sizeof(Signature)) + wordsFor(sizeof(Hash)) +
         wordsFor(row.share.size()) + 2 * wordsFor(SHARE_ENVELOPE_BYTES);
}

size_t wordsOf(const AccountRow& row) {
  constexpr size_t STRUCTS = 8;
  return STRUCTS + wordsFor(row.userId.size()) + wordsFor(row.email.size() + 1) + wordsFor(row.record.size());
}

void writeWallet(inner::Wallet::Builder out, const WalletRow& row, const ShareField* share2, const ShareField* share3) {
  out.setCertificate(row.certificate);
  out.setSignature(dataOf(row.signature));
  out.setMac(dataOf(row.mac));
  out.setEpoch(row.version.epoch);
  out.setTag(row.version.tag);
  auto shares = out.initShares(3);
  shares.set(0, row.share);
  if (share2 != nullptr) shares.set(1, dataOf(share2->envelope));
  if (share3 != nullptr) shares.set(2, dataOf(share3->envelope));
}

void writeAccount(inner::Account::Builder out, const AccountRow& row) {
  out.setUserId(dataOf(row.userId));
  out.setEmail(row.email);
  out.setVersion(row.version);
  out.setRecord(row.record);
}

NewWallet readNewWallet(inner::Wallet::Reader wallet, uint64_t expiresAt) {
  NewWallet made;
  auto shares = wallet.getShares();
  KJ_REQUIRE(shares.size() == 3, "a new wallet has three shares");
  for (auto share : shares) KJ_REQUIRE(share.size() == SHARE_ENVELOPE_BYTES, "an envelope has another size");
  KJ_REQUIRE(wallet.getRecovery().size() == RECOVERY_ENVELOPE_BYTES, "the recovery envelope has another size");
  made.row.certificate = kj::heapArray<kj::byte>(wallet.getCertificate());
  Certificate certificate;
  KJ_REQUIRE(certificate.parse(Bytes(made.row.certificate.begin(), made.row.certificate.size())), "no certificate");
  made.row.walletId = certificate.walletId;
  KJ_REQUIRE(readBytes(wallet.getSignature(), made.row.signature), "a signature has another size");
  KJ_REQUIRE(readBytes(wallet.getMac(), made.row.mac), "a mac has another size");
  made.row.version = {wallet.getEpoch(), wallet.getTag()};
  made.row.expiresAt = expiresAt;
  made.row.share = kj::heapArray<kj::byte>(shares[0]);
  made.row.recovery = kj::heapArray<kj::byte>(wallet.getRecovery());
  made.share2 = kj::heapArray<kj::byte>(shares[1]);
  made.share3 = kj::heapArray<kj::byte>(shares[2]);
  return made;
}

AccountRow readAccount(inner::Account::Reader account) {
  AccountRow row;
  KJ_REQUIRE(readBytes(account.getUserId(), row.userId), "a user id has another size");
  row.email = kj::heapString(account.getEmail());
  row.version = account.getVersion();
  row.record = kj::heapArray<kj::byte>(account.getRecord());
  KJ_REQUIRE(row.record.size() <= MAX_ACCOUNT_RECORD_BYTES, "an account record is too large");
  return row;
}

const ShareField* findVersion(kj::ArrayPtr<const ShareField> fields, const WalletVersion& version) {
  for (auto& field : fields) {
    if (field.version == version) return &field;
  }
  return nullptr;
}

}  // namespace waas::broker
