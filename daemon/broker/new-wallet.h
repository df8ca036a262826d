#pragma once
// Making a new wallet durable.
#include "parts.h"
#include "vault-rows.h"

namespace waas::broker {

// Writes a wallet that the vault has just made, with its account when it is a sign-up. The order of writes:
//
//   1. Redis 1 and 2: the field of the first version and the time to live, each in one MULTI/EXEC, side by side.
//   2. PostgreSQL, one statement: the wallet's row (and the account's). This is the commit point: before it, the wallet
//      does not exist for anybody.
//   3. The caller waits for the audit record (already on its way: the vault has used keys), and only then answers.
//
// If 1 fails, or 2 has definitely not happened (refused, or never sent), the fields of Redis are deleted, best effort;
// they would end by their time to live anyway. If the outcome of 2 is unknown, everything is left as it is: whoever
// looks later sees whether the wallet exists, and if it does, it has all its shares.
kj::Promise<Commit> storeNewWallet(Parts& parts, NewWallet wallet, kj::Maybe<AccountRow> account);

// The time at which shares that are written now will end.
uint64_t shareExpiry(const Parts& parts);

}  // namespace waas::broker
