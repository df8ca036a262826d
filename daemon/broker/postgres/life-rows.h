#pragma once
// Statements of the life of shares: new versions, leases, tombstones, counts.
#include <daemon/broker/postgres/answer.h>
#include <daemon/broker/postgres/parameters.h>
#include <daemon/broker/wallet-store.h>

namespace waas::broker {

// Parameters in the order of the names.
extern const kj::StringPtr
    ADVANCE_WALLET;  // id, signature, mac, epoch, tag, expires, share, recovery, old epoch, old tag
extern const kj::StringPtr DELETE_WALLET;  // id, signature, mac, epoch, tag, old epoch, old tag
extern const kj::StringPtr SCAN;           // after, limit
extern const kj::StringPtr SCAN_OF;        // after, limit, owner
extern const kj::StringPtr COUNT;          // no parameter
extern const kj::StringPtr COUNT_OF;       // owner
extern const kj::StringPtr CLAIM;          // holder, ms, arrays of id, epoch, tag
extern const kj::StringPtr RELEASE;        // holder, array of id
extern const kj::StringPtr CLOCK;          // no parameter

kj::StringPtr countKeysOf(WalletStore::Envelope kind);  // no parameter

void addAdvance(PostgresParameters& parameters, const WalletRow& next, const WalletVersion& expected);
void addTombstone(PostgresParameters& parameters, const WalletRow& tombstone, const WalletVersion& expected);
void addClaim(PostgresParameters& parameters, const Id& holder, kj::ArrayPtr<const WalletBrief> wallets,
              kj::Duration length);

// Throw recordRefused when a row has not the form of one.
kj::Array<WalletBrief> readBriefs(const PostgresAnswer& answer);
kj::Array<KeyCount> readKeyCounts(const PostgresAnswer& answer);
uint64_t readCount(const PostgresAnswer& answer);
uint64_t readClock(const PostgresAnswer& answer);

}  // namespace waas::broker
