#pragma once
// What rests in the stores, as the broker moves it: bytes that only the vault can judge. Nothing here is authenticated;
// a hostile store can put anything into any field within its size.
//
// Rows are values that are moved, not copied; `clone` copies on purpose. Times are Unix milliseconds.
#include <kj/array.h>
#include <kj/common.h>
#include <kj/string.h>
#include <protocol/audit-record.h>
#include <protocol/bytes.h>
#include <protocol/certificate.h>
#include <protocol/limit-row.h>

namespace waas::broker {

// Sizes of envelopes as they rest (format, kind, key version, salt or ephemeral key, ciphertext, tag).
constexpr size_t SHARE_ENVELOPE_BYTES = 86;
constexpr size_t RECOVERY_ENVELOPE_BYTES = 118;
constexpr size_t MAX_FLOOR_BYTES = 64;
constexpr size_t MIN_ACCOUNT_RECORD_BYTES = 54;
constexpr size_t MAX_ACCOUNT_RECORD_BYTES = 4096;

// Version of a wallet's shares. Two hosts that prepare the same epoch make different tags. An epoch of a stored wallet
// is at least 1 and at most 2^63 - 1.
struct WalletVersion {
  uint64_t epoch = 0;
  uint64_t tag = 0;

  bool operator==(const WalletVersion&) const = default;
};

// A wallet's row in PostgreSQL. Owner, public key, name and "first" are not repeated: they are read from the
// certificate (see `readCertificate`), and the database derives its indexed columns from the certificate too, so they
// can't differ.
struct WalletRow {
  Id walletId{};
  kj::Array<kj::byte> certificate;  // protocol/certificate.h, for this walletId
  Signature signature{};            // by the vault's answer key
  Hash mac{};                       // by the vault's record key
  WalletVersion version;
  uint64_t expiresAt = 0;
  kj::Array<kj::byte> share;  // envelope of share 1: SHARE_ENVELOPE_BYTES; empty in a tombstone
  kj::Array<kj::byte>
      recovery;                // RECOVERY_ENVELOPE_BYTES; needed to write, empty in what is read without asking for it
  kj::Array<kj::byte> limits;  // protocol/limit-row.h; empty: none, or read without asking for it
  bool deleted = false;        // a tombstone: certificate and proof of deletion
  bool leased = false;         // a run works on it; only where a page was read

  WalletRow clone() const;

  // Parses the certificate; the result's name points into this row. False when it is no certificate of this wallet.
  [[nodiscard]] bool readCertificate(Certificate& out) const;
};

// A user's row in PostgreSQL.
struct AccountRow {
  Id userId{};
  kj::String email;      // canonical, at most MAX_EMAIL_BYTES
  uint64_t version = 0;  // counts changes; at most 2^63 - 1
  kj::Array<kj::byte> record;

  AccountRow clone() const;
};

// One audit record as it rests.
struct AuditRow {
  Id instance{};
  uint64_t sequence = 0;  // from 1
  std::array<uint8_t, AUDIT_RECORD_BYTES> record{};
  kj::Maybe<Signature> headSignature;  // null unless this record was a head
};

// One life of a vault, as far as its audit log is stored.
struct AuditInstance {
  Id instance{};
  uint64_t first = 0;
  uint64_t last = 0;
};

// What a run needs to know of a wallet to decide whether to look closer.
struct WalletBrief {
  Id walletId{};
  WalletVersion version;
  uint64_t expiresAt = 0;
  uint64_t rotatedAt = 0;  // by the database's clock
  uint64_t deletedAt = 0;  // 0: it is not
};

// How many records name one version of one key.
struct KeyCount {
  uint32_t version = 0;
  uint64_t records = 0;
};

// Share 2 or 3 of a wallet in one version, as a Redis hash holds it.
struct ShareField {
  WalletVersion version;
  std::array<uint8_t, SHARE_ENVELOPE_BYTES> envelope{};
};

// What one Redis server holds for a wallet.
struct ShareHash {
  kj::Array<ShareField> fields;    // versions that are there, in no order
  kj::Array<kj::byte> floor;       // of the shares' versions, protocol/floor.h; empty = none
  kj::Array<kj::byte> limitFloor;  // of the limit row's; empty = none
};

}  // namespace waas::broker
