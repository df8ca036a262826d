#pragma once
// The gateway's connections to the signing daemon's socket.
#include <kj/async-io.h>
#include <kj/debug.h>
#include <kj/refcount.h>

#include <string>
#include <vector>

#include "client/lib/client.h"

namespace waas::gateway {

// One connection, and the capabilities that the daemon gave for it: whoever uses one of them holds the connection.
class DaemonConnection : public kj::Refcounted {
 public:
  // Throws `notAllowed` when this process may sign nobody in.
  DaemonConnection(kj::Own<client::Client> client, client::Client::Roles roles);

  client::Login& login() { return *KJ_ASSERT_NONNULL(roles.login); }
  kj::Maybe<client::Maintenance&> maintenance();
  const std::string& daemonVersion() const { return version; }

 private:
  kj::Own<client::Client> client;  // first: the roles refer to it
  client::Client::Roles roles;
  std::string version;
};

// A few connections, made when they are needed and made anew when they broke. The daemon takes a bounded number of
// calls on each.
class DaemonLink {
 public:
  DaemonLink(kj::Network& network, kj::Timer& timer, std::string socket, const VaultPublicKeys& vault,
             uint32_t connections);
  KJ_DISALLOW_COPY(DaemonLink);

  // The connection with this number (any number). Fails with `signerUnreachable`, and for a while at once after that.
  kj::Promise<kj::Own<DaemonConnection>> connection(size_t number);

  // Says that a call on this connection failed as calls do when it is broken. Safe to be said twice.
  void lost(DaemonConnection& broken);

  uint64_t connects() const { return made; }

 private:
  struct Place {
    kj::Maybe<kj::Own<DaemonConnection>> current;
    kj::Maybe<kj::ForkedPromise<void>> connecting;
    kj::TimePoint notBefore = kj::origin<kj::TimePoint>();
  };

  kj::Promise<void> connect(Place& place);

  kj::Network& network;
  kj::Timer& timer;
  std::string socket;
  VaultPublicKeys vault;
  uint64_t made = 0;
  std::vector<Place> places;
};

}  // namespace waas::gateway
