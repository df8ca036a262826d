#include "redis-url.h"

#include <daemon/broker/fault.h>
#include <kj/encoding.h>

namespace waas::broker {
namespace {

[[noreturn]] void unreadable() {
  kj::throwFatalException(makeFault(protocol::ErrorCode::INVALID_REQUEST, "a Redis URL can't be read"));
  KJ_UNREACHABLE;
}

kj::String percentDecoded(kj::ArrayPtr<const char> text) {
  auto decoded = kj::decodeUriComponent(text);
  if (decoded.hadErrors) unreadable();
  for (char c : decoded) {
    if (c == 0) unreadable();
  }
  return kj::heapString(decoded);
}

uint32_t number(kj::StringPtr text, uint32_t most) {
  if (text.size() == 0 || text.size() > 9) unreadable();
  uint32_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') unreadable();
    value = value * 10 + static_cast<uint32_t>(c - '0');
  }
  if (value > most) unreadable();
  return value;
}

// user[:password]@ before the rest; returns the rest. A password may hold '@' only percent-encoded, so the last one
// ends it.
kj::StringPtr takeCredentials(kj::StringPtr rest, size_t end, RedisUrl& out) {
  KJ_IF_MAYBE (at, kj::heapString(rest.slice(0, end)).findLast('@')) {
    auto login = kj::heapString(rest.slice(0, *at));
    KJ_IF_MAYBE (colon, login.findFirst(':')) {
      out.user = percentDecoded(login.slice(0, *colon));
      out.password = percentDecoded(login.slice(*colon + 1));
    } else {
      out.user = percentDecoded(login);
    }
    return rest.slice(*at + 1);
  }
  return rest;
}

void takeQuery(kj::String& rest, RedisUrl& out) {
  KJ_IF_MAYBE (question, rest.findFirst('?')) {
    kj::StringPtr query = rest.slice(*question + 1);
    if (!query.startsWith("db=")) unreadable();
    out.database = number(query.slice(3), 1'000'000);
    rest = kj::heapString(rest.slice(0, *question));
  }
}

void takeHostAndPort(kj::StringPtr authority, RedisUrl& out) {
  size_t hostEnd = authority.size();
  if (authority.startsWith("[")) {
    KJ_IF_MAYBE (bracket, authority.findFirst(']')) {
      out.host = kj::heapString(authority.slice(1, *bracket));
      hostEnd = *bracket + 1;
    } else {
      unreadable();
    }
  } else {
    KJ_IF_MAYBE (colon, authority.findFirst(':')) {
      hostEnd = *colon;
    }
    out.host = kj::heapString(authority.slice(0, hostEnd));
  }
  if (out.host.size() == 0) unreadable();
  if (hostEnd == authority.size()) return;
  if (authority[hostEnd] != ':') unreadable();
  out.port = static_cast<uint16_t>(number(authority.slice(hostEnd + 1), 65535));
}

constexpr uint16_t SENTINEL_PORT = 26379, REDIS_PORT = 6379;

kj::Vector<kj::String> split(kj::StringPtr text, char separator) {
  kj::Vector<kj::String> parts;
  for (;;) {
    KJ_IF_MAYBE (at, text.findFirst(separator)) {
      parts.add(kj::heapString(text.slice(0, *at)));
      text = text.slice(*at + 1);
    } else {
      parts.add(kj::heapString(text));
      return parts;
    }
  }
}

void takeSentinelOption(kj::StringPtr option, RedisUrl& out) {
  KJ_IF_MAYBE (equals, option.findFirst('=')) {
    auto name = kj::heapString(option.slice(0, *equals));
    auto value = option.slice(*equals + 1);
    if (name == "sentinel_user") {
      out.sentinelUser = percentDecoded(value);
    } else if (name == "sentinel_password") {
      out.sentinelPassword = percentDecoded(value);
    } else if (name == "ports") {
      for (auto& port : split(value, ',')) out.ports.add(static_cast<uint16_t>(number(port, 65535)));
    } else {
      unreadable();
    }
    return;
  }
  unreadable();
}

// host[:port],host[:port].../service[/db][?options], after the credentials.
void takeSentinels(kj::StringPtr url, RedisUrl& out) {
  auto rest = kj::heapString(url);
  KJ_IF_MAYBE (question, rest.findFirst('?')) {
    for (auto& option : split(rest.slice(*question + 1), '&')) takeSentinelOption(option, out);
    rest = kj::heapString(rest.slice(0, *question));
  }
  auto parts = split(rest, '/');
  if (parts.size() < 2 || parts.size() > 3 || parts[1].size() == 0) unreadable();
  if (parts.size() == 3) out.database = number(parts[2], 1'000'000);
  out.service = percentDecoded(parts[1]);
  auto authority = takeCredentials(parts[0], parts[0].size(), out);
  for (auto& place : split(authority, ',')) {
    RedisUrl one;
    one.port = SENTINEL_PORT;
    takeHostAndPort(place, one);
    out.sentinels.add(RedisUrl::Address{kj::mv(one.host), one.port});
  }
  if (out.ports.empty()) out.ports.add(REDIS_PORT);
}

}  // namespace

RedisUrl parseRedisUrl(kj::StringPtr url) {
  RedisUrl out;
  for (char c : url) {
    if (c <= ' ' || c > '~') unreadable();
  }
  if (url.startsWith("unix://")) {
    out.transport = RedisUrl::Transport::UNIX;
    auto rest = kj::heapString(url.slice(7));
    takeQuery(rest, out);
    // The path begins at the first slash; credentials hold one only percent-encoded.
    KJ_IF_MAYBE (slash, rest.findFirst('/')) {
      auto path = takeCredentials(rest, *slash, out);
      if (!path.startsWith("/")) unreadable();
      out.host = kj::heapString(path);
      return out;
    }
    unreadable();
  }
  if (url.startsWith("redis+sentinel://")) {
    takeSentinels(url.slice(17), out);
    return out;
  }
  if (url.startsWith("rediss+sentinel://")) {
    out.transport = RedisUrl::Transport::TLS;
    takeSentinels(url.slice(18), out);
    return out;
  }
  if (url.startsWith("redis://")) {
    url = url.slice(8);
  } else if (url.startsWith("rediss://")) {
    out.transport = RedisUrl::Transport::TLS;
    url = url.slice(9);
  } else {
    unreadable();
  }
  size_t end = url.size();
  KJ_IF_MAYBE (slash, url.findFirst('/')) {
    end = *slash;
  }
  auto authority = kj::heapString(url.slice(0, end));
  if (end + 1 < url.size()) out.database = number(url.slice(end + 1), 1'000'000);
  takeHostAndPort(takeCredentials(authority, authority.size(), out), out);
  return out;
}

kj::Vector<uint16_t> portsOf(const RedisUrl& url) {
  kj::Vector<uint16_t> ports;
  if (url.transport == RedisUrl::Transport::UNIX) return ports;
  for (auto& sentinel : url.sentinels) ports.add(sentinel.port);
  for (auto port : url.ports) ports.add(port);
  if (url.sentinels.empty()) ports.add(url.port);
  return ports;
}

}  // namespace waas::broker
