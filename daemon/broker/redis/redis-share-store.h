#pragma once
// ShareStore on one Redis or Valkey server (6 or newer): hiredis reads and writes the protocol, KJ owns the socket.
#include <daemon/broker/share-store.h>
#include <kj/async-io.h>
#include <kj/timer.h>

namespace waas::broker {

struct RedisOptions {
  kj::String name;  // "redis1", "redis2": for the observer

  // redis://[user[:password]@]host[:port][/db], rediss:// (TLS 1.2 or newer, certificate and name verified), or
  // unix://[user[:password]@]/path[?db=n]. User and password are percent-encoded.
  // redis+sentinel://[user[:password]@]host[:port],host[:port].../service[/db][?option=value&...] asks Sentinels (port
  // 26379) where the primary is, before each connection and every few seconds; rediss+sentinel:// the same, all of it
  // by TLS. Options: sentinel_user, sentinel_password, ports=6379,6380 (where servers of the service listen, default
  // 6379: the sandbox lets the broker connect to no other).
  kj::String url;
  kj::Maybe<kj::String> password;  // from a credential; wins over one in `url`
  kj::Maybe<kj::String> caFile;    // PEM; default: the system's trust store

  uint8_t shareIndex = 2;  // 2 or 3: part of the keys

  // How many replicas must have a write before it counts (WAIT). Blocks what is sent behind it, so a store with this is
  // for the life of shares only, never for signatures.
  uint32_t waitReplicas = 0;
  kj::Duration connectTimeout = 5 * kj::SECONDS;
  kj::Duration deadline = 2 * kj::SECONDS;  // of each command; when it passes, the connection is closed
  kj::Duration minBackoff = 50 * kj::MILLISECONDS;
  kj::Duration maxBackoff = 5 * kj::SECONDS;
  kj::Duration probeEvery = 5 * kj::SECONDS;  // how often the server is asked about itself
  uint32_t jitterSeed = 1;
};

// Checks the options now and throws (invalidRequest) when the URL can't be read or the CA file can't be used; then
// connects in the background. `network`, `timer` and `observer` must outlive the store.
kj::Own<ShareStore> newRedisShareStore(RedisOptions options, kj::Network& network, kj::Timer& timer,
                                       StoreObserver& observer);

}  // namespace waas::broker
