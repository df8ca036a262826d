#include "sentinel.h"

#include <daemon/broker/redis/question.h>
#include <kj/debug.h>

namespace waas::broker {
namespace {

constexpr size_t MAX_HOST_BYTES = 255;

// One question on a connection of its own. A Sentinel that knows the service names host and port.
class Asking {
 public:
  Asking(const RedisUrl& url, kj::Own<kj::AsyncIoStream> stream, kj::Timer& timer, kj::Duration patience)
      : url(url), session(kj::mv(stream), timer, patience) {}

  kj::Promise<RedisUrl::Address> go() {
    return session.run().exclusiveJoin(logIn().then([this]() { return question(); })).then([this]() {
      return kj::mv(found);
    });
  }

 private:
  kj::Promise<void> logIn() {
    KJ_IF_MAYBE (password, url.sentinelPassword) {
      auto isOk = [](const RedisReply& reply) { return reply.isStatus(0, "OK"); };
      if (url.sentinelUser.size() == 0) return ask(session, {"AUTH"_kj.asArray(), password->asArray()}, isOk);
      return ask(session, {"AUTH"_kj.asArray(), url.sentinelUser.asArray(), password->asArray()}, isOk);
    }
    return kj::READY_NOW;
  }

  kj::Promise<void> question() {
    return ask(session, {"SENTINEL"_kj.asArray(), "get-master-addr-by-name"_kj.asArray(), url.service.asArray()},
               [this](const RedisReply& reply) { return take(reply); });
  }

  bool take(const RedisReply& reply) {
    using Kind = RedisReply::Kind;
    if (!reply.is(0, Kind::ARRAY) || reply.count() != 3 || !reply.is(1, Kind::STRING) || !reply.is(2, Kind::STRING)) {
      return false;
    }
    auto host = reply.text(1), digits = reply.text(2);
    if (host.size() == 0 || host.size() > MAX_HOST_BYTES || digits.size() == 0 || digits.size() > 5) return false;
    for (char c : host) {
      if (c <= ' ' || c > '~' || c == '/' || c == '[') return false;
    }
    uint32_t port = 0;
    for (char c : digits) {
      if (c < '0' || c > '9') return false;
      port = port * 10 + static_cast<uint32_t>(c - '0');
    }
    if (port == 0 || port > 65535) return false;
    found = {kj::heapString(host), static_cast<uint16_t>(port)};
    return true;
  }

  const RedisUrl& url;
  RedisSession session;
  RedisUrl::Address found;
};

kj::Promise<RedisUrl::Address> askFrom(RedisUrl& url, RedisDialer& dialer, kj::Timer& timer, kj::Duration patience,
                                       size_t at) {
  auto& sentinel = url.sentinels[at];
  return timer
      .timeoutAfter(patience, kj::evalNow([&]() {
                                return dialer.open(sentinel.host, sentinel.port);
                              }).then([&url, &timer, patience](kj::Own<kj::AsyncIoStream> stream) {
        auto asking = kj::heap<Asking>(url, kj::mv(stream), timer, patience);
        auto answer = asking->go();
        return answer.attach(kj::mv(asking));
      }))
      .then(
          [&url, at](RedisUrl::Address address) -> kj::Promise<RedisUrl::Address> {
            if (at > 0) {
              auto knew = kj::mv(url.sentinels[at]);
              for (size_t i = at; i > 0; i--) url.sentinels[i] = kj::mv(url.sentinels[i - 1]);
              url.sentinels[0] = kj::mv(knew);
            }
            return kj::mv(address);
          },
          [&url, &dialer, &timer, patience, at](kj::Exception&& e) -> kj::Promise<RedisUrl::Address> {
            if (at + 1 < url.sentinels.size()) return askFrom(url, dialer, timer, patience, at + 1);
            return unusable(kj::str("no Sentinel names a primary; the last: ", e.getDescription()));
          });
}

}  // namespace

kj::Promise<RedisUrl::Address> findPrimary(RedisUrl& url, RedisDialer& dialer, kj::Timer& timer,
                                           kj::Duration patience) {
  return askFrom(url, dialer, timer, patience, 0);
}

}  // namespace waas::broker
