#pragma once
// A person's account as the vault alone can read it.
//
//   record = version (1) = 1 | verifier key version (4) | verifier (32) | generation (8) | role (1) | created at (8)
//          | revoked count (1) | 16 x { session id (16) | when it would end (8) }, zeros where there is none
//
// It rests encrypted (envelope kind 2), bound to user id, e-mail and version of the row. All records have one size.
#include <array>
#include <span>
#include <string_view>

#include "daemon/vault/envelope.h"
#include "daemon/vault/limits.h"
#include "daemon/vault/refused.h"
#include "secret/secret.h"

namespace waas::vault {

constexpr size_t ACCOUNT_PLAIN_BYTES = 1 + 4 + 32 + 8 + 1 + 8 + 1 + MAX_REVOKED_SESSIONS * 24;
constexpr size_t ACCOUNT_RECORD_BYTES = ENVELOPE_OVERHEAD + ACCOUNT_PLAIN_BYTES;

// Holds a verifier: lives on a secret stack.
struct AccountRecord {
  enum class Role : uint8_t { PERSON = 0 };
  struct Revoked {
    Id session{};
    uint64_t endsAt = 0;  // Unix ms; after that the session is over anyway
  };

  uint32_t verifierKey = 0;
  Secret<32> verifier;
  uint64_t generation = 0;
  Role role = Role::PERSON;
  uint64_t createdAt = 0;
  std::array<Revoked, MAX_REVOKED_SESSIONS> revoked{};
  size_t revokedCount = 0;

  bool isRevoked(const Id& session) const;
  // Ends one session. Sessions that are over anyway are forgotten; when there is still no place, all sessions end.
  void revoke(const Id& session, uint64_t endsAt, uint64_t now);
  // Ends all sessions.
  void revokeAll();
};

// An account's row, in views of somebody else's bytes. Nothing in it is believed before `openAccount`.
struct AccountRow {
  Id userId{};
  std::string_view email;
  uint64_t version = 0;
  Bytes record;
};

// Opens a row's record. recordRefused when it isn't authentic for this user, e-mail and version; keyVersionUnknown.
Refusal openAccount(const Keyring& keyring, const AccountRow& row, AccountRecord& out);

// Seals a record for a row with these fields. False when that fails.
[[nodiscard]] bool sealAccount(const Keyring& keyring, const AccountContext& context, const AccountRecord& record,
                               Random& random, std::span<uint8_t, ACCOUNT_RECORD_BYTES> out);

// The verifier that stands in a record in place of the stretched password. False when the key version isn't there.
[[nodiscard]] bool makeVerifier(const Keyring& keyring, uint32_t keyVersion, const Id& userId,
                                std::span<const uint8_t, 32> stretched, Secret<32>& out);

}  // namespace waas::vault
