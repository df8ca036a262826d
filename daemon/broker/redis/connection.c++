#include "connection.h"

#include <daemon/broker/fault.h>
#include <kj/debug.h>
#include <kj/filesystem.h>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

constexpr kj::StringPtr CERTIFICATE_END = "-----END CERTIFICATE-----"_kj;

kj::Exception unusable(kj::StringPtr reason) {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__, kj::heapString(reason));
}

kj::String printable(kj::StringPtr text) {
  kj::Vector<char> clean;
  for (char c : text) {
    if (clean.size() == 300) break;
    clean.add(c >= ' ' && c <= '~' ? c : ' ');
  }
  return kj::heapString(clean);
}

// kj::TlsCertificate reads one chain of at most 10: a bundle of authorities is cut into single ones.
kj::Array<kj::TlsCertificate> authorities(kj::StringPtr pem) {
  kj::Vector<kj::TlsCertificate> out;
  for (const char* at = pem.cStr(); const char* end = strstr(at, CERTIFICATE_END.cStr());) {
    end += CERTIFICATE_END.size();
    auto one = kj::str(kj::arrayPtr(at, end), '\n');
    out.add(kj::TlsCertificate(one.asPtr()));
    at = end;
  }
  KJ_REQUIRE(out.size() > 0, "no certificate in the file");
  return out.releaseAsArray();
}

kj::String readFile(kj::StringPtr path) {
  auto disk = kj::newDiskFilesystem();
  return disk->getRoot().openFile(disk->getCurrentPath().evalNative(path))->readAllText();
}

kj::Own<kj::TlsContext> makeTls(const kj::Maybe<kj::String>& caFile) {
  kj::Own<kj::TlsContext> context;
  KJ_IF_MAYBE (failure, kj::runCatchingExceptions([&]() {
                 kj::TlsContext::Options tls;
                 tls.minVersion = kj::TlsVersion::TLS_1_2;
                 kj::Array<kj::TlsCertificate> trusted;
                 KJ_IF_MAYBE (path, caFile) {
                   trusted = authorities(readFile(*path));
                   tls.useSystemTrustStore = false;
                   tls.trustedCertificates = trusted;
                 }
                 context = kj::heap<kj::TlsContext>(tls);
               })) {
    (void)failure;
    kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "the CA file of a Redis server can't be used"));
  }
  return context;
}

// Resolves when the reply is not an error, else is rejected; gives the reply to `take` before.
template <typename Take>
class LoginHandler final : public RedisReplyHandler {
 public:
  LoginHandler(kj::Own<kj::PromiseFulfiller<void>> fulfiller, Take take)
      : fulfiller(kj::mv(fulfiller)), take(kj::mv(take)) {}

  void reply(const RedisReply& reply) override {
    if (take(reply)) return fulfiller->fulfill();
    // "-ERR ..." and "-WRONGPASS ..." name no secret.
    bool said = reply.is(0, RedisReply::Kind::ERROR);
    fulfiller->reject(unusable(said ? kj::str("the server refused the login or a question: ", reply.text(0))
                                    : kj::str("the server answers in an odd form")));
  }
  void failed(kj::Exception&& reason) override { fulfiller->reject(kj::mv(reason)); }

 private:
  kj::Own<kj::PromiseFulfiller<void>> fulfiller;
  Take take;
};

template <typename Take>
kj::Promise<void> ask(RedisSession& session, RedisSession::Command command, Take take) {
  auto pair = kj::newPromiseAndFulfiller<void>();
  session.send({command}, kj::heap<LoginHandler<Take>>(kj::mv(pair.fulfiller), kj::mv(take)));
  return kj::mv(pair.promise);
}

bool isOk(const RedisReply& reply) { return reply.isStatus(0, "OK"); }

}  // namespace

RedisConnection::RedisConnection(const RedisOptions& options, kj::Network& network, kj::Timer& timer,
                                 StoreObserver& observer)
    : options(options),
      url(parseRedisUrl(options.url)),
      network(network),
      timer(timer),
      observer(observer),
      backoff(options.minBackoff, options.maxBackoff, options.jitterSeed) {
  KJ_IF_MAYBE (password, options.password) {
    url.password = kj::heapString(*password);
  }
  if (url.transport == RedisUrl::Transport::TLS) tls = makeTls(options.caFile);
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
  bool local = url.transport == RedisUrl::Transport::UNIX;
  bool bracket = !local && url.host.findFirst(':') != nullptr;
  auto where = local ? kj::str("unix:", url.host) : bracket ? kj::str('[', url.host, ']') : kj::heapString(url.host);
  auto found = network.parseAddress(where, url.port);
  auto stream = found.then([](kj::Own<kj::NetworkAddress> address) {
    auto connected = address->connect();
    return connected.attach(kj::mv(address));
  });
  KJ_IF_MAYBE (context, tls) {
    return stream.attach(kj::mv(where)).then([this, &context = **context](kj::Own<kj::AsyncIoStream> plain) {
      return context.wrapClient(kj::mv(plain), url.host);
    });
  }
  return stream.attach(kj::mv(where));
}

kj::Promise<void> RedisConnection::serve(kj::Own<kj::AsyncIoStream> stream) {
  auto& current = *session.emplace(kj::heap<RedisSession>(kj::mv(stream), timer, options.deadline));
  return current.run().exclusiveJoin(admit(current).then([this, &current]() { return probeForEver(current); }));
}

// A connection serves only after login, and after the server has said what it is.
kj::Promise<void> RedisConnection::admit(RedisSession& current) {
  return logIn(current).then([this, &current]() { return probe(current); }).then([this]() {
    if (lastInfo.loading) kj::throwFatalException(unusable("the server is still loading its data"));
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
    lastInfo = parseRedisInfo(reply.text(0));
    return true;
  });
}

kj::Promise<void> RedisConnection::probeForEver(RedisSession& current) {
  return timer.afterDelay(options.probeEvery)
      .then([this, &current]() { return probe(current); })
      .then([this, &current]() { return probeForEver(current); });
}

void RedisConnection::tellLost(kj::StringPtr reason) {
  if (toldReason == reason) return;
  toldReason = kj::heapString(reason);
  observer.storeLost(options.name, reason);
}

}  // namespace waas::broker
