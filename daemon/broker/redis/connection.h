#pragma once
// A connection to a Redis server that is made anew for ever: opens the stream, logs in, asks the server about itself.
#include <daemon/broker/backoff.h>
#include <daemon/broker/redis/dialer.h>
#include <daemon/broker/redis/redis-share-store.h>
#include <daemon/broker/redis/redis-url.h>
#include <daemon/broker/redis/server-info.h>
#include <daemon/broker/redis/session.h>

namespace waas::broker {

// Starts at once and goes on until it is destroyed. A resource.
class RedisConnection {
 public:
  // The references must outlive the connection. Throws (invalidRequest) when the URL or the CA file can't be used.
  RedisConnection(const RedisOptions& options, kj::Network& network, kj::Timer& timer, StoreObserver& observer);
  KJ_DISALLOW_COPY(RedisConnection);

  // See RedisSession::send; fails with redisUnreachable at once when there is no connection.
  void send(std::initializer_list<RedisSession::Command> group, kj::Own<RedisReplyHandler> handler);

  // Gives up the present connection: the server has said that it can't serve.
  void abandon(kj::StringPtr reason);

  bool connected() const { return ready; }
  uint64_t reconnects() const { return made > 0 ? made - 1 : 0; }
  kj::Duration roundTrip() const;
  const RedisServerInfo& info() const { return lastInfo; }

 private:
  kj::Promise<void> live();
  kj::Promise<void> liveOnce();
  kj::Promise<kj::Own<kj::AsyncIoStream>> open();
  kj::Promise<void> serve(kj::Own<kj::AsyncIoStream> stream);
  kj::Promise<void> admit(RedisSession& current);
  kj::Promise<void> logIn(RedisSession& current);
  kj::Promise<void> probe(RedisSession& current);
  kj::Promise<void> probePersistence(RedisSession& current);
  kj::Promise<void> probeForEver(RedisSession& current);
  kj::Promise<void> lookForFailOver(RedisSession& current);
  void tellLost(kj::StringPtr reason);

  const RedisOptions& options;
  RedisUrl url;
  RedisDialer dialer;
  RedisUrl::Address primary;  // as a Sentinel said
  kj::Timer& timer;
  StoreObserver& observer;
  Backoff backoff;

  kj::Maybe<kj::Own<RedisSession>> session;
  bool ready = false;
  uint64_t made = 0;
  kj::String toldReason;
  RedisServerInfo lastInfo;
  kj::Duration lastRoundTrip = 0 * kj::NANOSECONDS;
  kj::Promise<void> task = nullptr;  // last: uses all of the above
};

}  // namespace waas::broker
