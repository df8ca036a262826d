#pragma once
// An audit record: one use of a key, as the vault wrote it down.
//
//   record = version (1) = 1 | event (1) | instance (16) | sequence (8) | previous hash (32) | time, Unix ms (8)
//          | caller kind (1) | caller id (16) | peer uid (4) | wallet id (16) | epoch (8) | policy number (4)
//          | subject hash (32)
//   hash   = SHA-256(record)
//   head   = Ed25519(audit key, "waas audit head 1" | instance | sequence (8) | hash)
//
// Records of one instance (one life of one vault) are numbered from 1 without gaps, each holding the hash of the one
// before (zeros for the first). A signed head therefore vouches for everything up to it. The subject hash is SHA-256 of
// the message that was signed, of the wallet's certificate, of the account's user id, of the policy's bundle, of the
// wrapped keyring. What nobody asked for, the daemon's own housekeeping, has a zero caller id and uid 4294967295; what
// an operator asked for a zero caller id and the operator's uid.
#include "bytes.h"

#include <string_view>

namespace waas {

constexpr size_t AUDIT_RECORD_BYTES = 1 + 1 + 16 + 8 + 32 + 8 + 1 + 16 + 4 + 16 + 8 + 4 + 32;
constexpr std::string_view AUDIT_HEAD_DOMAIN = "waas audit head 1";

enum class AuditEvent : uint8_t {
  ACCOUNT_CREATED = 1,
  SIGNED_IN = 2,
  SIGNED_OUT = 3,
  WALLET_CREATED = 4,
  TRANSACTION_SIGNED = 5,
  MESSAGE_SIGNED = 6,
  SHARES_ROTATED = 7,
  SHARES_RECOVERED = 8,
  WALLET_IMPORTED = 9,
  WALLET_EXPORTED = 10,
  WALLET_DELETED = 11,
  TRANSACTION_SIGNED_DEGRADED = 12,  // a store did not answer, and its share came from the recovery envelope
  MESSAGE_SIGNED_DEGRADED = 13,
  POLICY_LOADED = 14,
  KEYS_CHANGED = 15,
  CUSTODY_CHANGED = 16,
  LIMIT_CHARGED = 17,
};

struct AuditRecord {
  AuditEvent event = AuditEvent::ACCOUNT_CREATED;
  Id instance{};
  uint64_t sequence = 0;
  Hash previous{};
  uint64_t time = 0;
  OwnerId caller;
  uint32_t uid = 0;
  Id walletId{};
  uint64_t epoch = 0;
  uint32_t policy = 0;
  Hash subject{};

  void write(std::span<uint8_t, AUDIT_RECORD_BYTES> out) const;
  [[nodiscard]] bool parse(Bytes record);
};

Hash auditHash(Bytes record);

// The bytes that a head's signature covers.
std::array<uint8_t, 17 + 16 + 8 + 32> auditHeadBytes(const Id& instance, uint64_t sequence, const Hash& hash);

bool verifyAuditHead(const Id& instance, uint64_t sequence, const Hash& hash, Bytes signature,
                     const PublicKey& auditKey);

// snake_case name of an event, for people and for --json.
std::string_view auditEventName(AuditEvent event);

}  // namespace waas
