#pragma once
// The one way in which a wallet's shares come into the stores: create, import, rotate, recover, re-wrap; and delete.
#include "../parts.h"
#include "../vault-rows.h"

namespace waas::broker {

// From the version that stands (or none) to the one that the vault has just made. Moves.
struct Step {
  NewWallet next;
  kj::Maybe<WalletVersion> from;  // null: a wallet that is not there yet
  kj::Maybe<AccountRow> account;  // with a sign-up's first wallet

  // Versions that were seen in Redis 1 and 2; those of lower epochs than the next one's are deleted at the end.
  kj::Array<WalletVersion> seen[2];
};

// Writes the next version; see the head of the function for the order. Goes on when the promise is dropped only where
// the caller sees to it (finishAnyway). Faults: redisUnreachable, postgresUnreachable and the others of the stores:
// nothing has changed; outcomeUnknown: whoever looks later sees which version won, and either is whole.
kj::Promise<Commit> advance(Parts& parts, Step step);

// Puts a tombstone in the place of version `from`, then deletes the shares. `tombstone` is as the vault made it.
kj::Promise<Commit> bury(Parts& parts, NewWallet tombstone, const WalletVersion& from);

// The time at which shares that are written now will end, by the database's clock.
uint64_t shareExpiry(const Parts& parts);

}  // namespace waas::broker
