#include "audit-record.h"

#include <sodium.h>

namespace waas {
namespace {

constexpr uint8_t VERSION = 1;

bool isEvent(uint8_t v) {
  return v >= static_cast<uint8_t>(AuditEvent::ACCOUNT_CREATED) && v <= static_cast<uint8_t>(AuditEvent::LIMIT_CHARGED);
}

}  // namespace

void AuditRecord::write(std::span<uint8_t, AUDIT_RECORD_BYTES> out) const {
  ByteWriter w(out);
  w.u8(VERSION);
  w.u8(static_cast<uint8_t>(event));
  w.bytes(instance);
  w.u64(sequence);
  w.bytes(previous);
  w.u64(time);
  w.owner(caller);
  w.u32(uid);
  w.bytes(walletId);
  w.u64(epoch);
  w.u32(policy);
  w.bytes(subject);
}

bool AuditRecord::parse(Bytes record) {
  ByteReader r(record);
  if (r.u8() != VERSION) return false;
  uint8_t what = r.u8();
  if (!isEvent(what)) return false;
  event = static_cast<AuditEvent>(what);
  r.fill(instance);
  sequence = r.u64();
  r.fill(previous);
  time = r.u64();
  caller = r.owner();
  uid = r.u32();
  r.fill(walletId);
  epoch = r.u64();
  policy = r.u32();
  r.fill(subject);
  return r.done();
}

Hash auditHash(Bytes record) {
  Hash hash;
  crypto_hash_sha256(hash.data(), record.data(), record.size());
  return hash;
}

std::array<uint8_t, 73> auditHeadBytes(const Id& instance, uint64_t sequence, const Hash& hash) {
  std::array<uint8_t, 73> out{};
  ByteWriter w(out);
  w.bytes(asBytes(AUDIT_HEAD_DOMAIN.data(), AUDIT_HEAD_DOMAIN.size()));
  w.bytes(instance);
  w.u64(sequence);
  w.bytes(hash);
  return out;
}

bool verifyAuditHead(const Id& instance, uint64_t sequence, const Hash& hash, Bytes signature,
                     const PublicKey& auditKey) {
  if (signature.size() != crypto_sign_BYTES) return false;
  auto covered = auditHeadBytes(instance, sequence, hash);
  return crypto_sign_verify_detached(signature.data(), covered.data(), covered.size(), auditKey.data()) == 0;
}

std::string_view auditEventName(AuditEvent event) {
  switch (event) {
    case AuditEvent::ACCOUNT_CREATED: return "account_created";
    case AuditEvent::SIGNED_IN: return "signed_in";
    case AuditEvent::SIGNED_OUT: return "signed_out";
    case AuditEvent::WALLET_CREATED: return "wallet_created";
    case AuditEvent::TRANSACTION_SIGNED: return "transaction_signed";
    case AuditEvent::MESSAGE_SIGNED: return "message_signed";
    case AuditEvent::SHARES_ROTATED: return "shares_rotated";
    case AuditEvent::SHARES_RECOVERED: return "shares_recovered";
    case AuditEvent::WALLET_IMPORTED: return "wallet_imported";
    case AuditEvent::WALLET_EXPORTED: return "wallet_exported";
    case AuditEvent::WALLET_DELETED: return "wallet_deleted";
    case AuditEvent::TRANSACTION_SIGNED_DEGRADED: return "transaction_signed_degraded";
    case AuditEvent::MESSAGE_SIGNED_DEGRADED: return "message_signed_degraded";
    case AuditEvent::POLICY_LOADED: return "policy_loaded";
    case AuditEvent::KEYS_CHANGED: return "keys_changed";
    case AuditEvent::CUSTODY_CHANGED: return "custody_changed";
    case AuditEvent::LIMIT_CHARGED: return "limit_charged";
  }
  return "unknown";
}

}  // namespace waas
