#include "connection.h"

#include <daemon/broker/fault.h>
#include <daemon/broker/redis/question.h>
#include <daemon/broker/redis/sentinel.h>
#include <kj/debug.h>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

kj::String printable(kj::StringPtr text) {
  kj::Vector<char> clean;
  for (char c : text) {
    if (clean.size() == 300) break;
    clean.add(c >= ' ' && c <= '~' ? c : ' ');
  }
  return kj::heapString(clean);
}

bool isOk(const RedisReply& reply) { return reply.isStatus(0, "OK"); }

}  // namespace

RedisConnection::RedisConnection(const RedisOptions& options, kj::Network& network, kj::Timer& timer,
                                 StoreObserver& observer)
    : options(options),
      url(parseRedisUrl(options.url)),
      dialer(network, url.transport, options.caFile),
      timer(timer),
      observer(observer),
      backoff(options.minBackoff, options.maxBackoff, options.jitterSeed) {
  KJ_IF_MAYBE (password, options.password) {
    url.password = kj::heapString(*password);
  }
  task = live().eagerlyEvaluate(nullptr);
}

void RedisConnection::send(std::initializer_list<RedisSession::Command> group, kj::Own<RedisReplyHandler> handler) {
  if (ready) {
    KJ_IF_MAYBE (current, session) {
      return (*current)->send(group, kj::mv(handler));
    }
  }
  handler->failed(makeFault(ErrorCode::REDIS_UNREACHABLE, "there is no connection"));
}

void RedisConnection::abandon(kj::StringPtr reason) {
  KJ_IF_MAYBE (current, session) {
    (*current)->abandon(reason);
  }
}

kj::Duration RedisConnection::roundTrip() const {
  KJ_IF_MAYBE (current, session) {
    return (*current)->roundTrip();
  }
  return lastRoundTrip;
}

kj::Promise<void> RedisConnection::live() {
  return liveOnce()
      .catch_([this](kj::Exception&& e) {
        ready = false;
        KJ_IF_MAYBE (current, session) {
          lastRoundTrip = (*current)->roundTrip();
        }
        session = nullptr;
        tellLost(printable(e.getDescription()));
      })
      .then([this]() { return timer.afterDelay(backoff.next()); })
      .then([this]() { return live(); });
}

// Never resolves; is rejected with the reason why it is over.
kj::Promise<void> RedisConnection::liveOnce() {
  return timer.timeoutAfter(options.connectTimeout, kj::evalNow([this]() { return open(); }))
      .then([this](kj::Own<kj::AsyncIoStream> stream) { return serve(kj::mv(stream)); });
}

kj::Promise<kj::Own<kj::AsyncIoStream>> RedisConnection::open() {
  if (url.sentinels.empty()) return dialer.open(url.host, url.port);
  return findPrimary(url, dialer, timer, options.deadline).then([this](RedisUrl::Address found) {
    primary = kj::mv(found);
    return dialer.open(primary.host, primary.port);
  });
}

kj::Promise<void> RedisConnection::serve(kj::Own<kj::AsyncIoStream> stream) {
  auto& current = *session.emplace(kj::heap<RedisSession>(kj::mv(stream), timer, options.deadline));
  return current.run().exclusiveJoin(admit(current).then([this, &current]() { return probeForEver(current); }));
}

// A connection serves only after login, and after the server has said what it is.
kj::Promise<void> RedisConnection::admit(RedisSession& current) {
  return logIn(current).then([this, &current]() { return probe(current); }).then([this]() {
    if (lastInfo.loading) kj::throwFatalException(unusable("the server is still loading its data"));
    if (!url.sentinels.empty() && lastInfo.replica) {
      kj::throwFatalException(unusable("a Sentinel named a server that is a replica"));
    }
    ready = true;
    made++;
    backoff.reset();
    toldReason = nullptr;
    observer.storeConnected(options.name);
  });
}

kj::Promise<void> RedisConnection::logIn(RedisSession& current) {
  kj::Promise<void> done = kj::READY_NOW;
  KJ_IF_MAYBE (password, url.password) {
    if (url.user.size() > 0) {
      done = ask(current, {"AUTH"_kj.asArray(), url.user.asArray(), password->asArray()}, isOk);
    } else {
      done = ask(current, {"AUTH"_kj.asArray(), password->asArray()}, isOk);
    }
  }
  if (url.database == 0) return done;
  return done.then([this, &current]() {
    auto number = kj::str(url.database);
    return ask(current, {"SELECT"_kj.asArray(), number.asArray()}, isOk);
  });
}

kj::Promise<void> RedisConnection::probe(RedisSession& current) {
  return ask(current, {"INFO"_kj.asArray()}, [this](const RedisReply& reply) {
    // A user without the right to ask is served all the same; health then says less.
    if (reply.isError(0, "NOPERM")) return true;
    if (!reply.is(0, RedisReply::Kind::STRING)) return false;
    auto fsync = lastInfo.fsync;
    lastInfo = parseRedisInfo(reply.text(0));
    lastInfo.fsync = fsync;
    return true;
  });
}

// INFO does not say how soon the log is on disk.
kj::Promise<void> RedisConnection::probePersistence(RedisSession& current) {
  return ask(current, {"CONFIG"_kj.asArray(), "GET"_kj.asArray(), "appendfsync"_kj.asArray()},
             [this](const RedisReply& reply) {
               lastInfo.fsync = reply.is(0, RedisReply::Kind::ARRAY) && reply.is(2, RedisReply::Kind::STRING)
                                    ? reply.text(2) == "always"_kj.asArray() ? RedisServerInfo::Fsync::ALWAYS
                                                                             : RedisServerInfo::Fsync::LATER
                                    : RedisServerInfo::Fsync::UNKNOWN;
               return true;  // a user without the right to ask is served all the same
             });
}

kj::Promise<void> RedisConnection::probeForEver(RedisSession& current) {
  return timer.afterDelay(options.probeEvery)
      .then([this, &current]() { return probe(current); })
      .then([this, &current]() { return probePersistence(current); })
      .then([this, &current]() { return lookForFailOver(current); })
      .then([this, &current]() { return probeForEver(current); });
}

// A primary that was cut off from the others does not know that it is none any more. A Sentinel that does not answer
// changes nothing.
kj::Promise<void> RedisConnection::lookForFailOver(RedisSession& current) {
  if (url.sentinels.empty()) return kj::READY_NOW;
  if (lastInfo.replica) {
    current.abandon("the server became a replica");
    return kj::READY_NOW;
  }
  return findPrimary(url, dialer, timer, options.deadline)
      .then(
          [this, &current](RedisUrl::Address now) {
            if (now.host == primary.host && now.port == primary.port) return;
            current.abandon("the Sentinels have another primary");
          },
          [](kj::Exception&&) {});
}

void RedisConnection::tellLost(kj::StringPtr reason) {
  if (toldReason == reason) return;
  toldReason = kj::heapString(reason);
  observer.storeLost(options.name, reason);
}

}  // namespace waas::broker
