#pragma once
// Opens streams to Redis servers and Sentinels: Unix socket, TCP, or TLS with the server's certificate verified.
#include <daemon/broker/redis/redis-url.h>
#include <kj/async-io.h>
#include <kj/compat/tls.h>

namespace waas::broker {

class RedisDialer {
 public:
  // `network` must outlive it. Throws (invalidRequest) when the CA file can't be used.
  RedisDialer(kj::Network& network, RedisUrl::Transport transport, const kj::Maybe<kj::String>& caFile);
  KJ_DISALLOW_COPY(RedisDialer);

  // For UNIX `host` is the path. Rejected with a text for the log.
  kj::Promise<kj::Own<kj::AsyncIoStream>> open(kj::StringPtr host, uint16_t port);

 private:
  kj::Network& network;
  RedisUrl::Transport transport;
  kj::Maybe<kj::Own<kj::TlsContext>> tls;
};

}  // namespace waas::broker
