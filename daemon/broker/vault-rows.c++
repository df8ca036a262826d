#include "vault-rows.h"

#include <kj/debug.h>

namespace waas::broker {

// Of shares and of limits, from each Redis.
static constexpr size_t MAX_FLOORS = 4;

size_t wordsOf(const WalletRow& row) {
  constexpr size_t STRUCTS = 40;  // wallet, lists of shares and floors, pointers
  return STRUCTS + wordsFor(row.certificate.size()) + wordsFor(sizeof(Signature)) + wordsFor(sizeof(Hash)) +
         wordsFor(row.share.size()) + 2 * wordsFor(SHARE_ENVELOPE_BYTES) + wordsFor(row.recovery.size()) +
         MAX_FLOORS * wordsFor(MAX_FLOOR_BYTES);
}

size_t wordsOf(const AccountRow& row) {
  constexpr size_t STRUCTS = 8;
  return STRUCTS + wordsFor(row.userId.size()) + wordsFor(row.email.size() + 1) + wordsFor(row.record.size());
}

void writeWallet(inner::Wallet::Builder out, const WalletRow& row, const ShareHash& redis1, const ShareHash& redis2) {
  out.setCertificate(row.certificate);
  out.setSignature(dataOf(row.signature));
  out.setMac(dataOf(row.mac));
  out.setEpoch(row.version.epoch);
  out.setTag(row.version.tag);
  auto shares = out.initShares(3);
  shares.set(0, row.share);
  unsigned int index = 1;
  for (auto hash : {&redis1, &redis2}) {
    if (auto found = findVersion(hash->fields, row.version)) shares.set(index, dataOf(found->envelope));
    index++;
  }
  if (row.recovery.size() > 0) out.setRecovery(row.recovery);
  capnp::Data::Reader there[MAX_FLOORS];
  unsigned int floors = 0;
  for (auto floor : {&redis1.floor, &redis2.floor, &redis1.limitFloor, &redis2.limitFloor}) {
    if (floor->size() > 0) there[floors++] = *floor;
  }
  if (floors == 0) return;
  auto list = out.initFloors(floors);
  for (unsigned int i = 0; i < floors; i++) list.set(i, there[i]);
}

void writeAccount(inner::Account::Builder out, const AccountRow& row) {
  out.setUserId(dataOf(row.userId));
  out.setEmail(row.email);
  out.setVersion(row.version);
  out.setRecord(row.record);
}

namespace {

// What a wallet and a tombstone have in common.
NewWallet readHead(inner::Wallet::Reader wallet) {
  NewWallet made;
  made.row.certificate = kj::heapArray<kj::byte>(wallet.getCertificate());
  Certificate certificate;
  KJ_REQUIRE(certificate.parse(Bytes(made.row.certificate.begin(), made.row.certificate.size())), "no certificate");
  made.row.walletId = certificate.walletId;
  KJ_REQUIRE(readBytes(wallet.getSignature(), made.row.signature), "a signature has another size");
  KJ_REQUIRE(readBytes(wallet.getMac(), made.row.mac), "a mac has another size");
  made.row.version = {wallet.getEpoch(), wallet.getTag()};
  if (wallet.getFloors().size() > 0) {
    made.floor = kj::heapArray<kj::byte>(wallet.getFloors()[0]);
    KJ_REQUIRE(made.floor.size() <= MAX_FLOOR_BYTES, "a floor is too large");
  }
  return made;
}

}  // namespace

NewWallet readTombstone(inner::Wallet::Reader wallet) {
  auto dead = readHead(wallet);
  dead.row.deleted = true;
  return dead;
}

NewWallet readNewWallet(inner::Wallet::Reader wallet, uint64_t expiresAt) {
  auto shares = wallet.getShares();
  KJ_REQUIRE(shares.size() == 3, "a new wallet has three shares");
  for (auto share : shares) KJ_REQUIRE(share.size() == SHARE_ENVELOPE_BYTES, "an envelope has another size");
  KJ_REQUIRE(wallet.getRecovery().size() == RECOVERY_ENVELOPE_BYTES, "the recovery envelope has another size");
  auto made = readHead(wallet);
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
