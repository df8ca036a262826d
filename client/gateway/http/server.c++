#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <ctime>

#include "../limits.h"

namespace waas::gateway {
namespace {

std::string ofIpv4(const in_addr& address) {
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

// A host has a whole /64 to choose from, so that is what counts as one address.
std::string ofIpv6(in6_addr address) {
  char text[INET6_ADDRSTRLEN] = "";
  memset(address.s6_addr + 8, 0, 8);
  inet_ntop(AF_INET6, &address, text, sizeof text);
  return std::string(text) + "/64";
}

Peer peerOf(kj::AsyncIoStream& stream, bool tls) {
  Peer peer;
  peer.tls = tls;
  sockaddr_storage storage{};
  kj::uint length = sizeof storage;
  stream.getpeername(reinterpret_cast<sockaddr*>(&storage), &length);
  if (storage.ss_family == AF_INET) {
    auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    peer.address = ofIpv4(in.sin_addr);
    peer.local = (ntohl(in.sin_addr.s_addr) >> 24) == 127;
  } else if (storage.ss_family == AF_INET6) {
    auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
    peer.local = IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
      in_addr inner;
      memcpy(&inner, in6.sin6_addr.s6_addr + 12, 4);
      peer.address = ofIpv4(inner);
      peer.local = (ntohl(inner.s_addr) >> 24) == 127;
    } else {
      peer.address = ofIpv6(in6.sin6_addr);
    }
  } else {
    peer.address = "unix";
    peer.local = true;
  }
  return peer;
}

}  // namespace

// A connection's share of the limits, from its acceptance on.
struct HttpServer::Slot {
  HttpServer& server;
  std::string address;
  Slot(HttpServer& server, std::string address) : server(server), address(std::move(address)) {
    server.open++;
    server.addresses[this->address]++;
  }
  ~Slot() {
    server.open--;
    auto found = server.addresses.find(address);
    if (--found->second == 0) server.addresses.erase(found);
  }
  KJ_DISALLOW_COPY(Slot);
};

HttpServer::HttpServer(kj::Timer& timer, HttpHandler& handler, const Options& options)
    : timer(timer), handler(handler), options(options), tasks(*this), sweeping(nullptr) {
  tellDate();
  sweeping = sweep().eagerlyEvaluate([](kj::Exception&&) {});
}

kj::Promise<void> HttpServer::listen(kj::ConnectionReceiver& port, kj::Maybe<TlsIdentity&> tls) {
  return port.accept()
      .then(
          [this, tls](kj::Own<kj::AsyncIoStream> stream) mutable -> kj::Promise<void> {
            accept(kj::mv(stream), tls);
            return kj::READY_NOW;
          },
          // No descriptors left, as a rule: those that are open will end.
          [this](kj::Exception&&) -> kj::Promise<void> {
            refused++;
            return timer.afterDelay(limits::SWEEP_EVERY);
          })
      .then([this, &port, tls]() mutable { return listen(port, tls); });
}

void HttpServer::accept(kj::Own<kj::AsyncIoStream> stream, kj::Maybe<TlsIdentity&> tls) {
  auto peer = peerOf(*stream, tls != nullptr);
  auto known = addresses.find(peer.address);
  bool crowded = peer.address != "unix" && known != addresses.end() && known->second >= options.connectionsPerAddress;
  if (draining || crowded) {
    refused++;
    return;
  }
  if (open >= options.connections) {
    refused++;
    // Whoever has been idle longest makes room; where nobody is idle, the newcomer goes.
    if (idle.empty()) return;
    idle.front()->evict();
  }
  auto slot = kj::heap<Slot>(*this, peer.address);
  kj::Promise<kj::Own<kj::AsyncIoStream>> ready = nullptr;
  KJ_IF_MAYBE (identity, tls) {
    ready = timer.timeoutAfter(limits::HANDSHAKE_TIME, identity->wrap(kj::mv(stream)));
  } else {
    ready = kj::mv(stream);
  }
  tasks.add(ready
                .then([this, peer = std::move(peer)](kj::Own<kj::AsyncIoStream> wrapped) mutable {
                  auto connection = kj::heap<Connection>(*this, kj::mv(wrapped), std::move(peer));
                  auto running = connection->run();
                  return running.attach(kj::mv(connection));
                })
                .attach(kj::mv(slot)));
}

kj::Promise<void> HttpServer::sweep() {
  return timer.afterDelay(limits::SWEEP_EVERY).then([this]() {
    tellDate();
    auto now = timer.now();
    for (auto it = all.begin(); it != all.end();) {
      auto connection = *it++;
      connection->sweep(now);
    }
    return sweep();
  });
}

void HttpServer::tellDate() {
  char text[40];
  time_t now = time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  date.assign(text, strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
}

kj::Promise<void> HttpServer::drain() {
  draining = true;
  for (auto it = all.begin(); it != all.end();) {
    auto connection = *it++;
    connection->finish();
  }
  return empty().exclusiveJoin(timer.afterDelay(limits::DRAIN_TIME));
}

kj::Promise<void> HttpServer::empty() {
  if (open == 0) return kj::READY_NOW;
  return timer.afterDelay(10 * kj::MILLISECONDS).then([this]() { return empty(); });
}

// A handshake that failed, or took too long.
void HttpServer::taskFailed(kj::Exception&&) { refused++; }

}  // namespace waas::gateway
