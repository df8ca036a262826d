#include "redis-share-store.h"

#include <daemon/broker/fault.h>
#include <daemon/broker/redis/connection.h>
#include <daemon/broker/redis/share-reply.h>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

// Keeps the promise of one group of commands. READ turns the reply into the result, or throws a fault.
template <typename T, T (*READ)(const RedisReply&)>
class ShareReplyHandler final : public RedisReplyHandler {
 public:
  ShareReplyHandler(RedisConnection& connection, kj::Own<kj::PromiseFulfiller<T>> fulfiller)
      : connection(connection), fulfiller(kj::mv(fulfiller)) {}

  void reply(const RedisReply& reply) override {
    // A primary that became a replica: the next attempt may find its successor.
    if (reply.isError(0, "READONLY") || reply.isError(0, "NOAUTH")) connection.abandon("the server's role has changed");
    KJ_IF_MAYBE (fault, kj::runCatchingExceptions([&]() {
                   if constexpr (std::is_void_v<T>) {
                     READ(reply);
                     fulfiller->fulfill();
                   } else {
                     fulfiller->fulfill(READ(reply));
                   }
                 })) {
      fulfiller->reject(kj::mv(*fault));
    }
  }
  void failed(kj::Exception&& reason) override { fulfiller->reject(kj::mv(reason)); }

 private:
  RedisConnection& connection;
  kj::Own<kj::PromiseFulfiller<T>> fulfiller;
};

class RedisShareStore final : public ShareStore {
 public:
  RedisShareStore(RedisOptions given, kj::Network& network, kj::Timer& timer, StoreObserver& observer)
      : options(kj::mv(given)), connection(options, network, timer, observer) {}

  kj::Promise<ShareHash> shares(const Id& walletId) override {
    auto key = shareKey(walletId, options.shareIndex);
    return send<ShareHash, readShares>({{"HGETALL"_kj.asArray(), key.get()}});
  }

  kj::Promise<void> put(const Id& walletId, const WalletVersion& version, kj::ArrayPtr<const kj::byte> envelope,
                        kj::Duration timeToLive) override {
    int64_t ms = timeToLive / kj::MILLISECONDS;
    if (envelope.size() != SHARE_ENVELOPE_BYTES || version.epoch == 0 || version.epoch > INT64_MAX || ms < 1) {
      return makeFault(ErrorCode::INVALID_REQUEST, "a share to be stored has not the form of one");
    }
    auto key = shareKey(walletId, options.shareIndex);
    auto field = shareFieldName(version);
    auto life = kj::str(ms);
    // A refusal of one command makes EXEC fail as a whole, so its reply is enough.
    return acknowledged(send<void, readPut>({{"MULTI"_kj.asArray()},
                                             {"HSET"_kj.asArray(), key.get(), field.get(), envelope.asChars()},
                                             {"PEXPIRE"_kj.asArray(), key.get(), life.asArray()},
                                             {"EXEC"_kj.asArray()}}));
  }

  kj::Promise<void> putFloor(const Id& walletId, kj::ArrayPtr<const kj::byte> floor, kj::Duration timeToLive) override {
    int64_t ms = timeToLive / kj::MILLISECONDS;
    if (floor.size() == 0 || floor.size() > MAX_FLOOR_BYTES || ms < 1) {
      return makeFault(ErrorCode::INVALID_REQUEST, "a floor to be stored has not the form of one");
    }
    auto key = shareKey(walletId, options.shareIndex);
    auto life = kj::str(ms);
    return send<void, readPut>({{"MULTI"_kj.asArray()},
                                {"HSET"_kj.asArray(), key.get(), FLOOR_FIELD.asArray(), floor.asChars()},
                                {"PEXPIRE"_kj.asArray(), key.get(), life.asArray()},
                                {"EXEC"_kj.asArray()}});
  }

  kj::Promise<void> putLimitFloor(const Id& walletId, kj::ArrayPtr<const kj::byte> floor) override {
    if (floor.size() == 0 || floor.size() > MAX_FLOOR_BYTES) {
      return makeFault(ErrorCode::INVALID_REQUEST, "a floor to be stored has not the form of one");
    }
    auto key = shareKey(walletId, options.shareIndex);
    return send<void, readRemove>({{"HSET"_kj.asArray(), key.get(), LIMIT_FLOOR_FIELD.asArray(), floor.asChars()}});
  }

  kj::Promise<void> extend(const Id& walletId, kj::Duration timeToLive) override {
    auto key = shareKey(walletId, options.shareIndex);
    auto life = kj::str(kj::max(int64_t{1}, timeToLive / kj::MILLISECONDS));
    return send<void, readRemove>({{"PEXPIRE"_kj.asArray(), key.get(), life.asArray()}});
  }

  kj::Promise<void> erase(const Id& walletId) override {
    auto key = shareKey(walletId, options.shareIndex);
    return acknowledged(send<void, readRemove>({{"DEL"_kj.asArray(), key.get()}}));
  }

  kj::Promise<State> state(const Id& walletId, const WalletVersion& version) override {
    auto key = shareKey(walletId, options.shareIndex);
    auto field = shareFieldName(version);
    return send<State, readState>({{"MULTI"_kj.asArray()},
                                   {"HEXISTS"_kj.asArray(), key.get(), field.get()},
                                   {"PTTL"_kj.asArray(), key.get()},
                                   {"EXEC"_kj.asArray()}});
  }

  kj::Promise<void> remove(const Id& walletId, const WalletVersion& version) override {
    auto key = shareKey(walletId, options.shareIndex);
    auto field = shareFieldName(version);
    return send<void, readRemove>({{"HDEL"_kj.asArray(), key.get(), field.get()}});
  }

  kj::Promise<kj::Maybe<kj::Duration>> expiry(const Id& walletId) override {
    auto key = shareKey(walletId, options.shareIndex);
    return send<kj::Maybe<kj::Duration>, readExpiry>({{"PTTL"_kj.asArray(), key.get()}});
  }

  StoreHealth health() override;

 private:
  template <typename T, T (*READ)(const RedisReply&)>
  kj::Promise<T> send(std::initializer_list<RedisSession::Command> group) {
    auto pair = kj::newPromiseAndFulfiller<T>();
    connection.send(group, kj::heap<ShareReplyHandler<T, READ>>(connection, kj::mv(pair.fulfiller)));
    return kj::mv(pair.promise);
  }

  // Has the replicas acknowledge a write that was just sent: WAIT is about what this connection wrote before it, so
  // both leave in one turn.
  kj::Promise<void> acknowledged(kj::Promise<void> written) {
    if (options.waitReplicas == 0) return written;
    auto count = kj::str(options.waitReplicas);
    auto patience = kj::str(kj::max(int64_t{1}, options.deadline / kj::MILLISECONDS / 2));
    auto waited = send<int64_t, readWait>({{"WAIT"_kj.asArray(), count.asArray(), patience.asArray()}});
    return written.then([this, waited = kj::mv(waited)]() mutable {
      return waited.then([this](int64_t replicas) {
        if (replicas >= options.waitReplicas) return;
        kj::throwFatalException(
            makeFault(ErrorCode::REDIS_UNREACHABLE, "too few replicas have acknowledged the write"));
      });
    });
  }

  RedisOptions options;
  RedisConnection connection;  // last: refers to the options
};

StoreHealth RedisShareStore::health() {
  StoreHealth health;
  auto& info = connection.info();
  health.reachable = connection.connected();
  health.roundTrip = connection.roundTrip();
  health.reconnects = connection.reconnects();
  health.version = kj::heapString(info.version);
  health.runId = kj::heapString(info.runId);
  health.replicationId = kj::heapString(info.replicationId);
  health.detail = kj::str(!health.reachable ? "not connected"
                          : !info.known     ? "connected; its user may not ask for more"
                          : info.replica    ? "replica"
                                            : "primary");
  kj::Vector<kj::String> risks;
  if (health.reachable && info.known) {
    if (info.replica) risks.add(kj::str(options.name, " is a replica and takes no writes"));
    if (info.mayEvict) risks.add(kj::str(options.name, " may drop shares when its memory is full (maxmemory_policy)"));
    if (info.writeFailed) risks.add(kj::str(options.name, " could not write to its disk"));
    if (!info.appendOnlyFile)
      risks.add(kj::str(options.name, " forgets recent shares when it ends (appendonly is off)"));
  }
  health.risks = risks.releaseAsArray();
  health.durableAtOnce = info.appendOnlyFile && info.fsync == RedisServerInfo::Fsync::ALWAYS;
  return health;
}

}  // namespace

kj::Own<ShareStore> newRedisShareStore(RedisOptions options, kj::Network& network, kj::Timer& timer,
                                       StoreObserver& observer) {
  if (options.shareIndex != 2 && options.shareIndex != 3) {
    kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "Redis holds share 2 or 3"));
  }
  return kj::heap<RedisShareStore>(kj::mv(options), network, timer, observer);
}

}  // namespace waas::broker
