#include "dialer.h"

#include <daemon/broker/fault.h>
#include <kj/debug.h>
#include <kj/filesystem.h>
#include <kj/vector.h>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

constexpr kj::StringPtr CERTIFICATE_END = "-----END CERTIFICATE-----"_kj;

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
                 context = kj::heap<kj::TlsContext>(kj::mv(tls));
               })) {
    (void)failure;
    kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "the CA file of a Redis server can't be used"));
  }
  return context;
}

}  // namespace

RedisDialer::RedisDialer(kj::Network& network, RedisUrl::Transport transport, const kj::Maybe<kj::String>& caFile)
    : network(network), transport(transport) {
  if (transport == RedisUrl::Transport::TLS) tls = makeTls(caFile);
}

kj::Promise<kj::Own<kj::AsyncIoStream>> RedisDialer::open(kj::StringPtr host, uint16_t port) {
  bool local = transport == RedisUrl::Transport::UNIX;
  bool bracket = !local && host.findFirst(':') != nullptr;
  auto where = local ? kj::str("unix:", host) : bracket ? kj::str('[', host, ']') : kj::heapString(host);
  auto found = network.parseAddress(where, port);
  auto stream = found.then([](kj::Own<kj::NetworkAddress> address) {
    auto connected = address->connect();
    return connected.attach(kj::mv(address));
  });
  KJ_IF_MAYBE (context, tls) {
    return stream.attach(kj::mv(where))
        .then([name = kj::heapString(host), &context = **context](kj::Own<kj::AsyncIoStream> plain) mutable {
          auto wrapped = context.wrapClient(kj::mv(plain), name);
          return wrapped.attach(kj::mv(name));
        });
  }
  return stream.attach(kj::mv(where));
}

}  // namespace waas::broker
