#include "wallet-rows.h"

#include <protocol/email.h>

namespace waas::broker {
namespace {

#define WALLET_COLUMNS WAAS_WALLET_COLUMNS
#define RECOVERY_COLUMN ", w.recovery"
#define LIMITS_COLUMN ", (SELECT l.row FROM waas.limits l WHERE l.wallet = w.id)"
#define LEASED_COLUMN ", coalesce(w.leased_until > now(), false)"
enum WalletColumn { CERTIFICATE, SIGNATURE, MAC, EPOCH, TAG, EXPIRES_AT, SHARE, DELETED, EXTRA };

#define ACCOUNT_COLUMNS "a.id, a.email, a.version, a.record"
enum AccountColumn { USER_ID, EMAIL, VERSION, RECORD };

bool readWalletRow(const PostgresAnswer& answer, size_t row, WalletRow& out) {
  int64_t epoch, tag;
  auto certificate = answer.bytes(row, CERTIFICATE), share = answer.bytes(row, SHARE);
  if (!answer.fixed(row, SIGNATURE, out.signature) || !answer.fixed(row, MAC, out.mac) ||
      !answer.integer(row, EPOCH, epoch) || epoch < 1 || !answer.integer(row, TAG, tag) ||
      !answer.time(row, EXPIRES_AT, out.expiresAt) || !answer.boolean(row, DELETED, out.deleted) ||
      share.size() != (out.deleted ? 0 : SHARE_ENVELOPE_BYTES)) {
    return false;
  }
  Certificate parsed;
  if (!parsed.parse(Bytes(certificate.begin(), certificate.size()))) return false;
  out.walletId = parsed.walletId;
  out.version = {static_cast<uint64_t>(epoch), static_cast<uint64_t>(tag)};
  out.certificate = kj::heapArray(certificate);
  out.share = kj::heapArray(share);
  return true;
}

// Null: the wallet was never charged.
bool readWithLimits(const PostgresAnswer& answer, size_t row, WalletRow& out) {
  auto limits = answer.bytes(row, EXTRA);
  if (!readWalletRow(answer, row, out) || limits.size() > MAX_LIMIT_ROW_BYTES) return false;
  out.limits = kj::heapArray(limits);
  return true;
}

bool readWithRecovery(const PostgresAnswer& answer, size_t row, WalletRow& out) {
  auto recovery = answer.bytes(row, EXTRA);
  auto limits = answer.bytes(row, EXTRA + 1);
  if (!readWalletRow(answer, row, out) || recovery.size() != (out.deleted ? 0 : RECOVERY_ENVELOPE_BYTES) ||
      limits.size() > MAX_LIMIT_ROW_BYTES) {
    return false;
  }
  out.recovery = kj::heapArray(recovery);
  out.limits = kj::heapArray(limits);
  return true;
}

bool readWithLease(const PostgresAnswer& answer, size_t row, WalletRow& out) {
  return readWalletRow(answer, row, out) && answer.boolean(row, EXTRA, out.leased);
}

kj::Array<WalletRow> readRows(const PostgresAnswer& answer, bool (*read)(const PostgresAnswer&, size_t, WalletRow&)) {
  answer.requireSuccess();
  auto rows = kj::heapArrayBuilder<WalletRow>(answer.rows());
  for (size_t i = 0; i < answer.rows(); i++) {
    WalletRow row;
    if (!read(answer, i, row)) {
      kj::throwFatalException(makeFault(protocol::ErrorCode::RECORD_REFUSED, "a row has not the form of a row"));
    }
    rows.add(kj::mv(row));
  }
  return rows.finish();
}

bool readAccount(const PostgresAnswer& answer, size_t row, AccountRow& out) {
  int64_t version;
  auto email = answer.bytes(row, EMAIL).asChars();
  auto record = answer.bytes(row, RECORD);
  if (!answer.fixed(row, USER_ID, out.userId) || !answer.integer(row, VERSION, version) || version < 0 ||
      !isCanonicalEmail({email.begin(), email.size()}) || record.size() < MIN_ACCOUNT_RECORD_BYTES ||
      record.size() > MAX_ACCOUNT_RECORD_BYTES) {
    return false;
  }
  out.version = static_cast<uint64_t>(version);
  out.email = kj::heapString(email);
  out.record = kj::heapArray(record);
  return true;
}

// Cuts a key out of a certificate of any content: protocol/certificate.h has the offsets.
constexpr size_t ID_AT = 1, OWNER_AT = 17, PUBLIC_KEY_AT = 34, FIRST_AT = 66, NAME_AT = 76;

template <size_t FROM, size_t TO>
bool certificatePart(const PostgresAnswer& answer, size_t row, LookupKey& out) {
  auto certificate = answer.bytes(row, CERTIFICATE);
  return certificate.size() > NAME_AT && out.add(certificate.slice(FROM, TO));
}

bool nameKey(const PostgresAnswer& answer, size_t row, LookupKey& out) {
  auto certificate = answer.bytes(row, CERTIFICATE);
  return certificate.size() > NAME_AT && out.add(certificate.slice(OWNER_AT, PUBLIC_KEY_AT)) &&
         out.add(certificate.slice(NAME_AT, certificate.size()));
}

bool userIdKey(const PostgresAnswer& answer, size_t row, LookupKey& out) {
  auto id = answer.bytes(row, USER_ID);
  return id.size() == sizeof(Id) && out.add(id);
}

#define SELECT_WALLETS "SELECT " WALLET_COLUMNS " FROM waas.wallets w "
#define LOOK_UP_WALLETS "SELECT " WALLET_COLUMNS LIMITS_COLUMN " FROM waas.wallets w "
#define SELECT_PAGE "SELECT " WALLET_COLUMNS LEASED_COLUMN " FROM waas.wallets w "
#define INSERT_WALLET_ROW                                                                           \
  "INSERT INTO waas.wallets (certificate, signature, mac, epoch, tag, expires_at, share, recovery)" \
  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"

kj::Exception malformed() { return makeFault(protocol::ErrorCode::RECORD_REFUSED, "a row has not the form of a row"); }

}  // namespace

const kj::StringPtr WALLETS_OF =
    SELECT_WALLETS "WHERE w.owner = $1 AND w.deleted_at IS NULL ORDER BY NOT w.is_first, w.name LIMIT $2"_kj;
const kj::StringPtr WALLETS_OF_AFTER = SELECT_WALLETS
    "WHERE w.owner = $1 AND w.deleted_at IS NULL AND (NOT w.is_first, w.name) > "
    "(SELECT NOT a.is_first, a.name FROM waas.wallets a WHERE a.id = $3 AND a.owner = $1) "
    "ORDER BY NOT w.is_first, w.name LIMIT $2"_kj;
const kj::StringPtr WALLET_PAGE = SELECT_PAGE "WHERE w.id > $1 ORDER BY w.id LIMIT $2"_kj;
const kj::StringPtr WALLET_PAGE_OF = SELECT_PAGE "WHERE w.id > $1 AND w.owner = $3 ORDER BY w.id LIMIT $2"_kj;
const kj::StringPtr ACCOUNT_BY_EMAIL = "SELECT " ACCOUNT_COLUMNS " FROM waas.accounts a WHERE a.email = $1"_kj;
const kj::StringPtr INSERT_WALLET = INSERT_WALLET_ROW ""_kj;
const kj::StringPtr INSERT_ACCOUNT_WALLET =
    "WITH account AS (INSERT INTO waas.accounts (id, email, version, record) VALUES ($9, $10, $11, "
    "$12)) " INSERT_WALLET_ROW ""_kj;
const kj::StringPtr UPDATE_ACCOUNT =
    "UPDATE waas.accounts SET version = $3, record = $4 WHERE id = $1 AND email = $2 AND version = $5"_kj;

LookupPlan<WalletRow> walletById() {
  return {LOOK_UP_WALLETS "WHERE w.id = ANY($1)"_kj, 0, certificatePart<ID_AT, OWNER_AT>, readWithLimits};
}

LookupPlan<WalletRow> walletWithRecoveryById() {
  return {"SELECT " WALLET_COLUMNS RECOVERY_COLUMN LIMITS_COLUMN " FROM waas.wallets w WHERE w.id = ANY($1)"_kj, 0,
          certificatePart<ID_AT, OWNER_AT>, readWithRecovery};
}

LookupPlan<WalletRow> firstWalletOf() {
  return {LOOK_UP_WALLETS "WHERE w.owner = ANY($1) AND w.is_first AND w.deleted_at IS NULL"_kj, 0,
          certificatePart<OWNER_AT, PUBLIC_KEY_AT>, readWithLimits};
}

LookupPlan<WalletRow> walletByName() {
  return {LOOK_UP_WALLETS
          "JOIN unnest($1, $2) AS k (owner, name) ON w.owner = k.owner AND w.name = k.name "
          "WHERE w.deleted_at IS NULL"_kj,
          OwnerId::SIZE, nameKey, readWithLimits};
}

LookupPlan<WalletRow> walletByPublicKey() {
  return {LOOK_UP_WALLETS
          "JOIN unnest($1, $2) AS k (owner, public_key) ON w.owner = k.owner AND w.public_key = k.public_key "
          "WHERE w.deleted_at IS NULL"_kj,
          OwnerId::SIZE, certificatePart<OWNER_AT, FIRST_AT>, readWithLimits};
}

LookupPlan<AccountRow> accountById() {
  return {"SELECT " ACCOUNT_COLUMNS " FROM waas.accounts a WHERE a.id = ANY($1)"_kj, 0, userIdKey, readAccount};
}

std::array<uint8_t, OwnerId::SIZE> ownerBytes(const OwnerId& owner) {
  std::array<uint8_t, OwnerId::SIZE> bytes;
  ByteWriter(bytes).owner(owner);
  return bytes;
}

kj::Array<WalletRow> readWallets(const PostgresAnswer& answer) { return readRows(answer, readWalletRow); }
kj::Array<WalletRow> readWalletPage(const PostgresAnswer& answer) { return readRows(answer, readWithLease); }

kj::Maybe<AccountRow> readOneAccount(const PostgresAnswer& answer) {
  answer.requireSuccess();
  if (answer.rows() == 0) return nullptr;
  AccountRow row;
  if (answer.rows() > 1 || !readAccount(answer, 0, row)) kj::throwFatalException(malformed());
  return kj::mv(row);
}

void addWallet(PostgresParameters& parameters, const WalletRow& wallet) {
  parameters.bytes(wallet.certificate);
  parameters.bytes(bytesOf(wallet.signature));
  parameters.bytes(bytesOf(wallet.mac));
  parameters.integer(static_cast<int64_t>(wallet.version.epoch));
  parameters.integer(static_cast<int64_t>(wallet.version.tag));
  parameters.time(wallet.expiresAt);
  parameters.bytes(wallet.share);
  parameters.bytes(wallet.recovery);
}

void addAccount(PostgresParameters& parameters, const AccountRow& account) {
  parameters.bytes(bytesOf(account.userId));
  parameters.text(account.email);
  parameters.integer(static_cast<int64_t>(account.version));
  parameters.bytes(account.record);
}

Commit commitOf(const PostgresAnswer& answer) {
  if (!answer.failed()) return answer.affected() == 1 ? Commit::DONE : Commit::CONFLICT;
  auto state = answer.sqlState();
  if (state == "23503") return Commit::CONFLICT;  // no such account
  if (state != "23505") kj::throwFatalException(answer.fault());
  auto constraint = answer.constraint();
  if (constraint == "accounts_email_key") return Commit::EMAIL_TAKEN;
  if (constraint == "wallets_name_key") return Commit::NAME_TAKEN;
  if (constraint == "wallets_first_key") return Commit::FIRST_TAKEN;
  if (constraint == "wallets_public_key_key") return Commit::KEY_TAKEN;
  return Commit::CONFLICT;
}

}  // namespace waas::broker
