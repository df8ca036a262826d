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

}  // namespace waas::broker
