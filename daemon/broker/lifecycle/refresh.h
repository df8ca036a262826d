#pragma once
// One wallet's next version: looks at what the three stores have of it, asks the vault, writes it by advance().
#include "advance.h"
#include "refresh-kinds.h"

namespace waas::broker {

// Who asked for it: adds itself to the vault's request. Without one it is the daemon's own housekeeping. Must outlive
// the refresh.
class Asker {
 public:
  virtual ~Asker() noexcept(false) = default;
  virtual size_t words() const = 0;
  // Throws vaultUnreachable while the vault has no handle for the connection.
  virtual void write(inner::Advance::Builder out) const = 0;
};

// Whether shares that end at this time (Unix ms by the database's clock) are to be rotated.
bool isDue(const Parts& parts, uint64_t expiresAt);

// Advances a wallet where that is wanted, and resolves when it is durable, audit record and all. `row` saves a read
// where it was just read (claimed). Faults: those of the stores (redisUnreachable: nothing can be written), the vault's
// refusals (recoveryKeyAbsent, keyVersionUnknown, rolledBack, recordRefused, deniedByPolicy), outcomeUnknown. Not to be
// dropped before it has settled.
kj::Promise<Refreshed> refresh(Parts& parts, const Id& walletId, kj::Maybe<WalletRow> row, Wanted wanted,
                               kj::Maybe<const Asker&> asker);

}  // namespace waas::broker
