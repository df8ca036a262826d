#pragma once
// Where a Redis server is and how to log in there, read from a URL.
#include <kj/string.h>

#include <cstdint>

namespace waas::broker {

// A value. No part of it is for logs but `host` and `port`.
struct RedisUrl {
  enum class Transport : uint8_t { UNIX, TCP, TLS };

  Transport transport = Transport::TCP;
  kj::String host;  // name or address (IPv6 without brackets); UNIX: the socket's path
  uint16_t port = 6379;
  kj::String user;  // empty = default user
  kj::Maybe<kj::String> password;
  uint32_t database = 0;
};

// Reads redis://, rediss:// and unix:// as redis-share-store.h says. Throws the fault invalidRequest; its text never
// holds a part of the URL.
RedisUrl parseRedisUrl(kj::StringPtr url);

}  // namespace waas::broker
