#pragma once
// Where a Redis server is and how to log in there, read from a URL.
#include <kj/string.h>
#include <kj/vector.h>

#include <cstdint>

namespace waas::broker {

// A value. No part of it is for logs but `host` and `port`.
struct RedisUrl {
  enum class Transport : uint8_t { UNIX, TCP, TLS };
  struct Address {
    kj::String host;
    uint16_t port = 0;
  };

  Transport transport = Transport::TCP;
  kj::String host;  // name or address (IPv6 without brackets); UNIX: the socket's path
  uint16_t port = 6379;
  kj::String user;  // empty = default user
  kj::Maybe<kj::String> password;
  uint32_t database = 0;

  // With Sentinel: who is asked for the primary of `service`, in place of `host` and `port`.
  kj::Vector<Address> sentinels;
  kj::String service;
  kj::String sentinelUser;
  kj::Maybe<kj::String> sentinelPassword;
  kj::Vector<uint16_t> ports;  // on which servers of the service may listen: what the sandbox allows
};

// Reads redis://, rediss://, unix://, redis+sentinel:// and rediss+sentinel:// as redis-share-store.h says. Throws the
// fault invalidRequest; its text never holds a part of the URL.
RedisUrl parseRedisUrl(kj::StringPtr url);

// The TCP ports that a URL leads to: none for a Unix socket; those of Sentinels and of the service.
kj::Vector<uint16_t> portsOf(const RedisUrl& url);

}  // namespace waas::broker
