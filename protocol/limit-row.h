#pragma once
// A wallet's limit row: what the wallet has used up of the policy's limits over time, as it rests in PostgreSQL.
//
//   row     = floor (57) = kind 2 | wallet id (16) | number (8) | floor's mac (32)      protocol/floor.h
//           | tag (8) | count (1) | window … | count (1) | receipt … | mac (32)
//   window  = limit (8) | newest bucket (8) | bucket, ms (8) | used (8), 13 times       policy/limits.h
//   receipt = SHA-256 of a message that was charged (32), the oldest first
//   mac     = HMAC-SHA256(record key, "waas limits 1" | everything before it), made and checked by the vault
//
// Number and tag together are the row's version: each charge makes the next number with a tag of its own, and a
// compare-and-swap on both decides whose charge stands. The row begins with its own floor, which is what both Redis
// keep of it (field `floor-limit`), so that a row that was put back is noticed.
//
// A wallet that was never charged has no row: version 0, tag 0. Rows are made by the first charge and not with the
// wallet, because most wallets never have a limit, and because a row from the first day would protect no better:
// whoever can take a row away can put the first one in its place. Both are noticed in the same way, by the floor.
//
// A receipt lets the same bytes be asked for again without a second charge. Only the last MAX_LIMIT_RECEIPTS are kept:
// a message that was pushed out is charged again, never the other way round.
#include "floor.h"

namespace waas {

constexpr std::string_view LIMIT_ROW_DOMAIN = "waas limits 1";
constexpr size_t LIMIT_BUCKETS = 13;
constexpr size_t LIMIT_WINDOW_BYTES = 3 * 8 + LIMIT_BUCKETS * 8;
constexpr size_t MAX_LIMIT_WINDOWS = 32;
constexpr size_t MAX_LIMIT_RECEIPTS = 32;
constexpr size_t MIN_LIMIT_ROW_BYTES = FLOOR_BYTES + 8 + 1 + 1 + 32;
constexpr size_t MAX_LIMIT_ROW_BYTES =
    MIN_LIMIT_ROW_BYTES + MAX_LIMIT_WINDOWS * LIMIT_WINDOW_BYTES + MAX_LIMIT_RECEIPTS * sizeof(Hash);

// What a row says of itself, for who moves it; only the vault can tell whether it is true.
struct LimitRowHead {
  Id walletId{};
  uint64_t number = 0;
  uint64_t tag = 0;

  // False for bytes that can't be a row.
  [[nodiscard]] bool parse(Bytes row) {
    Floor floor;
    if (row.size() < MIN_LIMIT_ROW_BYTES || row.size() > MAX_LIMIT_ROW_BYTES || !floor.parse(row.first(FLOOR_BYTES)) ||
        floor.kind != FloorKind::LIMIT) {
      return false;
    }
    walletId = floor.id;
    number = floor.number;
    tag = ByteReader(row.subspan(FLOOR_BYTES)).u64();
    return true;
  }
};

}  // namespace waas
