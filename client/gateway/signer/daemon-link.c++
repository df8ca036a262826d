#include "daemon-link.h"

#include "../limits.h"

namespace waas::gateway {

using client::ErrorCode;
using client::makeFailure;

DaemonConnection::DaemonConnection(kj::Own<client::Client> client, client::Client::Roles given)
    : client(kj::mv(client)), roles(kj::mv(given)), version(roles.daemonVersion.cStr()) {
  if (roles.login == nullptr) {
    kj::throwFatalException(makeFailure(ErrorCode::NOT_ALLOWED, "the gateway's user has no login role"));
  }
  // What the daemon may give this user besides is not for people's requests.
  roles.service = nullptr;
  roles.asOperator = nullptr;
}

kj::Maybe<client::Maintenance&> DaemonConnection::maintenance() {
  KJ_IF_MAYBE (it, roles.maintenance) return **it;
  return nullptr;
}

DaemonLink::DaemonLink(kj::Network& network, kj::Timer& timer, std::string socket, const VaultPublicKeys& vault,
                       uint32_t connections)
    : network(network), timer(timer), socket(std::move(socket)), vault(vault), places(connections) {}

kj::Promise<kj::Own<DaemonConnection>> DaemonLink::connection(size_t number) {
  Place& place = places[number % places.size()];
  KJ_IF_MAYBE (current, place.current) return kj::addRef(**current);
  if (place.connecting == nullptr) {
    if (timer.now() < place.notBefore) return makeFailure(ErrorCode::SIGNER_UNREACHABLE);
    place.connecting = connect(place).fork();
  }
  return KJ_ASSERT_NONNULL(place.connecting).addBranch().then([&place]() -> kj::Promise<kj::Own<DaemonConnection>> {
    KJ_IF_MAYBE (current, place.current) return kj::addRef(**current);
    return makeFailure(ErrorCode::SIGNER_UNREACHABLE);
  });
}

kj::Promise<void> DaemonLink::connect(Place& place) {
  return client::Client::connect(network, timer, kj::StringPtr(socket.c_str(), socket.size()), vault)
      .then([](kj::Own<client::Client> client) {
        auto& ref = *client;
        return ref.enter().then([client = kj::mv(client)](client::Client::Roles roles) mutable {
          return kj::refcounted<DaemonConnection>(kj::mv(client), kj::mv(roles));
        });
      })
      .then(
          [this, &place](kj::Own<DaemonConnection> connection) {
            place.current = kj::mv(connection);
            place.connecting = nullptr;
            made++;
          },
          [this, &place](kj::Exception&& exception) {
            place.connecting = nullptr;
            place.notBefore = timer.now() + limits::RECONNECT_AFTER;
            kj::throwFatalException(kj::mv(exception));
          });
}

void DaemonLink::lost(DaemonConnection& broken) {
  for (auto& place : places) {
    KJ_IF_MAYBE (current, place.current) {
      if (current->get() == &broken) place.current = nullptr;
    }
  }
}

}  // namespace waas::gateway
