#include "life-rows.h"

#include <daemon/broker/fault.h>
#include <daemon/broker/postgres/wallet-rows.h>

namespace waas::broker {
namespace {

using Element = PostgresParameters::Element;

enum BriefColumn { ID, EPOCH, TAG, EXPIRES_AT, ROTATED_AT, DELETED_AT };
#define SELECT_BRIEFS "SELECT w.id, w.epoch, w.tag, w.expires_at, w.rotated_at, w.deleted_at FROM waas.wallets w "

// Exact where it is cheap; beyond that what the planner believes.
#define COUNT_WALLETS(WHERE)                                                                                      \
  "SELECT CASE WHEN c.n < 100000 THEN c.n ELSE greatest(c.n, (SELECT reltuples::bigint FROM pg_catalog.pg_class " \
  "WHERE oid = 'waas.wallets'::regclass)) END FROM (SELECT count(*) AS n FROM (SELECT FROM waas.wallets w " WHERE \
  " LIMIT 100000) AS few) AS c"

// Format, kind, key version (4 bytes, little endian) open each envelope.
#define KEY_VERSION(COLUMN)                                                       \
  "(get_byte(" COLUMN ", 2) + (get_byte(" COLUMN ", 3) << 8) + (get_byte(" COLUMN \
  ", 4) << 16)"                                                                   \
  " + (get_byte(" COLUMN ", 5)::bigint << 24))::bigint"
#define COUNT_KEYS(COLUMN, TABLE)                         \
  "SELECT k.version, count(*) FROM (SELECT " KEY_VERSION( \
      COLUMN) " AS version FROM " TABLE " WHERE " COLUMN  \
              " IS NOT NULL) AS k GROUP BY k.version ORDER BY k.version LIMIT 1000"

[[noreturn]] void malformed() {
  kj::throwFatalException(makeFault(protocol::ErrorCode::RECORD_REFUSED, "a row has not the form of a row"));
  KJ_UNREACHABLE;
}

}  // namespace

const kj::StringPtr ADVANCE_WALLET =
    "UPDATE waas.wallets SET signature = $2, mac = $3, epoch = $4, tag = $5, expires_at = $6, share = $7, recovery = "
    "$8,"
    " rotated_at = now(), leased_by = NULL, leased_until = NULL"
    " WHERE id = $1 AND epoch = $9 AND tag = $10 AND deleted_at IS NULL"_kj;
const kj::StringPtr DELETE_WALLET =
    "UPDATE waas.wallets SET signature = $2, mac = $3, epoch = $4, tag = $5, share = NULL, recovery = NULL,"
    " deleted_at = now(), leased_by = NULL, leased_until = NULL"
    " WHERE id = $1 AND epoch = $6 AND tag = $7 AND deleted_at IS NULL"_kj;
const kj::StringPtr SCAN = SELECT_BRIEFS "WHERE w.id > $1 ORDER BY w.id LIMIT $2"_kj;
const kj::StringPtr SCAN_OF = SELECT_BRIEFS "WHERE w.id > $1 AND w.owner = $3 ORDER BY w.id LIMIT $2"_kj;
const kj::StringPtr COUNT = COUNT_WALLETS("") ""_kj;
const kj::StringPtr COUNT_OF = COUNT_WALLETS("WHERE w.owner = $1") ""_kj;
const kj::StringPtr CLAIM =
    "UPDATE waas.wallets w SET leased_by = $1, leased_until = now() + $2 * interval '1 millisecond'"
    " FROM (SELECT v.id FROM waas.wallets v JOIN unnest($3, $4, $5) AS k (id, epoch, tag)"
    " ON v.id = k.id AND v.epoch = k.epoch AND v.tag = k.tag"
    " WHERE v.deleted_at IS NULL AND (v.leased_until IS NULL OR v.leased_until < now())"
    " ORDER BY v.id FOR UPDATE OF v SKIP LOCKED) AS free"
    " WHERE w.id = free.id RETURNING " WAAS_WALLET_COLUMNS ""_kj;
const kj::StringPtr RELEASE =
    "UPDATE waas.wallets SET leased_by = NULL, leased_until = NULL WHERE id = ANY($2) AND leased_by = $1"_kj;
const kj::StringPtr CLOCK = "SELECT clock_timestamp()"_kj;

kj::StringPtr countKeysOf(WalletStore::Envelope kind) {
  static constexpr kj::StringPtr SHARES = COUNT_KEYS("w.share", "waas.wallets w") ""_kj;
  static constexpr kj::StringPtr RECOVERIES = COUNT_KEYS("w.recovery", "waas.wallets w") ""_kj;
  static constexpr kj::StringPtr ACCOUNTS = COUNT_KEYS("a.record", "waas.accounts a") ""_kj;
  switch (kind) {
    case WalletStore::Envelope::SHARE: return SHARES;
    case WalletStore::Envelope::RECOVERY: return RECOVERIES;
    case WalletStore::Envelope::ACCOUNT: return ACCOUNTS;
  }
  KJ_UNREACHABLE;
}

void addAdvance(PostgresParameters& parameters, const WalletRow& next, const WalletVersion& expected) {
  parameters.bytes(bytesOf(next.walletId));
  parameters.bytes(bytesOf(next.signature));
  parameters.bytes(bytesOf(next.mac));
  parameters.integer(static_cast<int64_t>(next.version.epoch));
  parameters.integer(static_cast<int64_t>(next.version.tag));
  parameters.time(next.expiresAt);
  parameters.bytes(next.share);
  parameters.bytes(next.recovery);
  parameters.integer(static_cast<int64_t>(expected.epoch));
  parameters.integer(static_cast<int64_t>(expected.tag));
}

void addTombstone(PostgresParameters& parameters, const WalletRow& tombstone, const WalletVersion& expected) {
  parameters.bytes(bytesOf(tombstone.walletId));
  parameters.bytes(bytesOf(tombstone.signature));
  parameters.bytes(bytesOf(tombstone.mac));
  parameters.integer(static_cast<int64_t>(tombstone.version.epoch));
  parameters.integer(static_cast<int64_t>(tombstone.version.tag));
  parameters.integer(static_cast<int64_t>(expected.epoch));
  parameters.integer(static_cast<int64_t>(expected.tag));
}

void addClaim(PostgresParameters& parameters, const Id& holder, kj::ArrayPtr<const WalletBrief> wallets,
              kj::Duration length) {
  parameters.bytes(bytesOf(holder));
  parameters.integer(length / kj::MILLISECONDS);
  parameters.beginArray(Element::BYTES, wallets.size());
  for (auto& wallet : wallets) parameters.element(bytesOf(wallet.walletId));
  parameters.beginArray(Element::INTEGER, wallets.size());
  for (auto& wallet : wallets) parameters.element(static_cast<int64_t>(wallet.version.epoch));
  parameters.beginArray(Element::INTEGER, wallets.size());
  for (auto& wallet : wallets) parameters.element(static_cast<int64_t>(wallet.version.tag));
}

kj::Array<WalletBrief> readBriefs(const PostgresAnswer& answer) {
  answer.requireSuccess();
  auto rows = kj::heapArrayBuilder<WalletBrief>(answer.rows());
  for (size_t i = 0; i < answer.rows(); i++) {
    WalletBrief row;
    int64_t epoch, tag;
    if (!answer.fixed(i, ID, row.walletId) || !answer.integer(i, EPOCH, epoch) || epoch < 1 ||
        !answer.integer(i, TAG, tag) || !answer.time(i, EXPIRES_AT, row.expiresAt) ||
        !answer.time(i, ROTATED_AT, row.rotatedAt)) {
      malformed();
    }
    if (!answer.isNull(i, DELETED_AT) && !answer.time(i, DELETED_AT, row.deletedAt)) malformed();
    row.version = {static_cast<uint64_t>(epoch), static_cast<uint64_t>(tag)};
    rows.add(row);
  }
  return rows.finish();
}

kj::Array<KeyCount> readKeyCounts(const PostgresAnswer& answer) {
  answer.requireSuccess();
  auto rows = kj::heapArrayBuilder<KeyCount>(answer.rows());
  for (size_t i = 0; i < answer.rows(); i++) {
    int64_t version, records;
    if (!answer.integer(i, 0, version) || version < 0 || version > UINT32_MAX || !answer.integer(i, 1, records) ||
        records < 0) {
      malformed();
    }
    rows.add(KeyCount{static_cast<uint32_t>(version), static_cast<uint64_t>(records)});
  }
  return rows.finish();
}

uint64_t readCount(const PostgresAnswer& answer) {
  answer.requireSuccess();
  int64_t count;
  if (answer.rows() != 1 || !answer.integer(0, 0, count) || count < 0) malformed();
  return static_cast<uint64_t>(count);
}

uint64_t readClock(const PostgresAnswer& answer) {
  answer.requireSuccess();
  uint64_t ms;
  if (answer.rows() != 1 || !answer.time(0, 0, ms)) malformed();
  return ms;
}

}  // namespace waas::broker
