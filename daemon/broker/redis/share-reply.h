#pragma once
// Keys, field names and replies of share hashes: everything that is strict about what Redis holds.
#include <daemon/broker/redis/reply.h>
#include <daemon/broker/rows.h>
#include <daemon/broker/share-store.h>
#include <kj/time.h>

namespace waas::broker {

// Text of fixed capacity, so that a key costs no memory allocation. A value.
template <size_t N>
struct ShortText {
  char data[N];
  size_t size = 0;

  void add(kj::ArrayPtr<const char> more) {
    memcpy(data + size, more.begin(), more.size());
    size += more.size();
  }
  kj::ArrayPtr<const char> get() const { return kj::arrayPtr(data, size); }
};

// "mpc:share:<wallet id, 32 hex>:<index>"
using ShareKey = ShortText<64>;
ShareKey shareKey(const Id& walletId, uint8_t shareIndex);

// "<epoch>-<tag, 16 hex>"
using ShareFieldName = ShortText<48>;
ShareFieldName shareFieldName(const WalletVersion& version);

// Reads exactly what shareFieldName writes for an epoch of 1 to 2^63 - 1.
[[nodiscard]] bool parseShareFieldName(kj::ArrayPtr<const char> name, WalletVersion& out);

// Names of the fields that are no shares (protocol/floor.h).
constexpr kj::StringPtr FLOOR_FIELD = "floor"_kj;
constexpr kj::StringPtr LIMIT_FLOOR_FIELD = "floor-limit"_kj;

// Read the replies to HGETALL, to EXEC after HSET and PEXPIRE, to HDEL, DEL or PEXPIRE, to EXEC after HEXISTS and PTTL,
// to PTTL, to WAIT. Throw the faults of share-store.h.
ShareHash readShares(const RedisReply& reply);
void readPut(const RedisReply& reply);
void readRemove(const RedisReply& reply);
ShareStore::State readState(const RedisReply& reply);
int64_t readWait(const RedisReply& reply);
kj::Maybe<kj::Duration> readExpiry(const RedisReply& reply);

}  // namespace waas::broker
