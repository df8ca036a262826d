#pragma once
// Shares 2 or 3 of all wallets, as the broker sees one Redis server.
//
// Layout: hash `mpc:share:<wallet id, 32 hex>:<index>`, field `<epoch>-<tag, 16 hex>`, value the envelope; fields
// `floor` and `floor-limit`, see protocol/floor.h; the time to live is the key's. Every promise settles within the
// store's deadline. Faults (fault.h) of every method:
//
//   redisUnreachable  not connected (at once), connection lost, deadline passed, or the server refuses to serve. After
//   a
//                     `put` or `remove` it is not known whether it was carried out; both may be repeated.
//   overloaded        too many commands wait; nothing was sent
//   recordRefused     what is stored for this wallet has not the form of shares; other wallets are served
//
// Dropping a promise gives up the answer, never the command.
#include <daemon/broker/rows.h>
#include <daemon/broker/store-health.h>
#include <kj/async.h>

namespace waas::broker {

class ShareStore {
 public:
  virtual ~ShareStore() noexcept(false) = default;

  // What is there for a wallet; without fields = the server answered that there is no share. Commands of one turn of
  // the event loop leave in one write.
  virtual kj::Promise<ShareHash> shares(const Id& walletId) = 0;

  // Writes one version and sets the time to live of the whole key, both or neither. `envelope` has
  // SHARE_ENVELOPE_BYTES. Where replicas are to acknowledge (RedisOptions), it waits for them, too. Copies its
  // arguments before it returns.
  virtual kj::Promise<void> put(const Id& walletId, const WalletVersion& version, kj::ArrayPtr<const kj::byte> envelope,
                                kj::Duration timeToLive) = 0;

  // Puts the floor of the shares' versions beside them and sets the time to live, both or neither. The caller sees to
  // it that it is not lowered.
  virtual kj::Promise<void> putFloor(const Id& walletId, kj::ArrayPtr<const kj::byte> floor,
                                     kj::Duration timeToLive) = 0;

  // Puts the floor of the wallet's limit row beside its share. The time to live stays as it is.
  virtual kj::Promise<void> putLimitFloor(const Id& walletId, kj::ArrayPtr<const kj::byte> floor) = 0;

  // Sets the time to live of a key that is there; one that is not there is fine.
  virtual kj::Promise<void> extend(const Id& walletId, kj::Duration timeToLive) = 0;

  // Deletes everything of a wallet, all versions and floors. What is not there is fine.
  virtual kj::Promise<void> erase(const Id& walletId) = 0;

  struct State {
    bool present = false;          // this version is there
    kj::Maybe<kj::Duration> left;  // as expiry() gives it
  };
  // Looks whether a version is there without fetching it.
  virtual kj::Promise<State> state(const Id& walletId, const WalletVersion& version) = 0;

  // Deletes one version. A version that is not there is fine.
  virtual kj::Promise<void> remove(const Id& walletId, const WalletVersion& version) = 0;

  // What is left of the key's time to live; null = no such key. A key without a time to live gives kj::maxValue.
  virtual kj::Promise<kj::Maybe<kj::Duration>> expiry(const Id& walletId) = 0;

  // Never waits.
  virtual StoreHealth health() = 0;

  // More fields than this in one wallet's hash are refused: two versions meet during a rotation, a few after crashes.
  static constexpr uint32_t MAX_VERSIONS = 16;
};

}  // namespace waas::broker
