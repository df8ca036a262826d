#include "daemon/vault/account-record.h"

#include <algorithm>

namespace waas::vault {
namespace {

constexpr uint8_t VERSION = 1;
using Plain = Secret<ACCOUNT_PLAIN_BYTES>;

void write(const AccountRecord& record, Plain& plain) {
  ByteWriter w(plain.fill(SecretAccess::here()));
  w.u8(VERSION);
  w.u32(record.verifierKey);
  w.bytes(record.verifier.reveal(SecretAccess::here()));
  w.u64(record.generation);
  w.u8(static_cast<uint8_t>(record.role));
  w.u64(record.createdAt);
  w.u8(static_cast<uint8_t>(record.revokedCount));
  for (const auto& revoked : record.revoked) {
    w.bytes(revoked.session);
    w.u64(revoked.endsAt);
  }
}

bool parse(const Plain& plain, AccountRecord& record) {
  ByteReader r(plain.reveal(SecretAccess::here()));
  if (r.u8() != VERSION) return false;
  record.verifierKey = r.u32();
  auto verifier = record.verifier.fill(SecretAccess::here());
  std::ranges::copy(r.bytes(verifier.size()), verifier.begin());
  record.generation = r.u64();
  uint8_t role = r.u8();
  record.role = static_cast<AccountRecord::Role>(role);
  record.createdAt = r.u64();
  record.revokedCount = r.u8();
  for (auto& revoked : record.revoked) {
    r.fill(revoked.session);
    revoked.endsAt = r.u64();
  }
  return r.done() && role == static_cast<uint8_t>(AccountRecord::Role::PERSON) &&
         record.revokedCount <= record.revoked.size();
}

}  // namespace

bool AccountRecord::isRevoked(const Id& session) const {
  auto end = revoked.begin() + static_cast<ptrdiff_t>(revokedCount);
  return std::any_of(revoked.begin(), end, [&](const Revoked& r) { return r.session == session; });
}

void AccountRecord::revoke(const Id& session, uint64_t endsAt, uint64_t now) {
  auto end = revoked.begin() + static_cast<ptrdiff_t>(revokedCount);
  end = std::remove_if(revoked.begin(), end, [&](const Revoked& r) { return r.endsAt <= now; });
  std::fill(end, revoked.end(), Revoked{});
  revokedCount = static_cast<size_t>(end - revoked.begin());
  if (isRevoked(session)) return;
  if (revokedCount == revoked.size()) return revokeAll();
  revoked[revokedCount++] = Revoked{session, endsAt};
}

void AccountRecord::revokeAll() {
  generation++;
  revoked = {};
  revokedCount = 0;
}

Refusal openAccount(const Keyring& keyring, const AccountRow& row, AccountRecord& out) {
  if (row.record.size() != ACCOUNT_RECORD_BYTES) return Refused{ErrorCode::RECORD_REFUSED, "account record"};
  Plain plain;
  AccountContext context{row.userId, row.version, row.email};
  switch (openEnvelope(keyring, context, row.record, plain.fill(SecretAccess::here()))) {
    case Opened::OPENED:
      if (parse(plain, out)) return std::nullopt;
      break;
    case Opened::UNKNOWN_KEY_VERSION: return Refused{ErrorCode::KEY_VERSION_UNKNOWN, "account record"};
    case Opened::KEY_RETIRED: return Refused{ErrorCode::KEY_VERSION_UNKNOWN, "account record: its key was retired"};
    case Opened::PRIVATE_KEY_ABSENT:
    case Opened::DAMAGED: break;
  }
  return Refused{ErrorCode::RECORD_REFUSED, "account record"};
}

bool sealAccount(const Keyring& keyring, const AccountContext& context, const AccountRecord& record, Random& random,
                 std::span<uint8_t, ACCOUNT_RECORD_BYTES> out) {
  Plain plain;
  write(record, plain);
  return sealEnvelope(keyring, context, plain.reveal(SecretAccess::here()), random, out);
}

bool makeVerifier(const Keyring& keyring, uint32_t keyVersion, const Id& userId, std::span<const uint8_t, 32> stretched,
                  Secret<32>& out) {
  const Key* key = keyring.find(Purpose::VERIFIER, keyVersion);
  if (key == nullptr || key->retired()) return false;
  key->hmac().mac({userId, stretched}, out);
  return true;
}

}  // namespace waas::vault
