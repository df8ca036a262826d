#pragma once
// The client of the signing daemon's socket. Start here.
//
//   auto io = kj::setupAsyncIo();
//   auto client = Client::connect(io.provider->getNetwork(), io.provider->getTimer(), "/run/waas/signer.sock",
//                                 keysOfVaultPub).wait(io.waitScope);
//   auto roles = client->enter().wait(io.waitScope);
//   KJ_IF_MAYBE (service, roles.service) {
//     auto wallets = (*service)->list().wait(io.waitScope);
//   }
//
// Everything runs on the KJ event loop of one thread; nothing here is safe to be used by another. Promises break with
// the failures of error.h. What Client gives out refers to it and must be destroyed first.
#include <kj/async-io.h>

#include "audit-heads.h"
#include "call.h"
#include "login.h"
#include "maintenance.h"
#include "operator.h"
#include "wallets.h"

namespace waas::client {

class Client {
 public:
  struct Options {
    // How long one call may take. The daemon's own deadline is 5 s; a little more lets its answer arrive.
    kj::Duration deadline = 8 * kj::SECONDS;
    // Proofs carry its time, which must be within a minute of the vault's.
    const kj::Clock& clock = kj::systemPreciseCalendarClock();
  };

  // Connects to the daemon's socket. `vault` is what /etc/waas/vault.pub says, which root put there: never take it from
  // the socket. Fails with `signerUnreachable`. `timer` must outlive the Client.
  static kj::Promise<kj::Own<Client>> connect(kj::Network& network, kj::Timer& timer, kj::StringPtr socketPath,
                                              const VaultPublicKeys& vault, Options options);
  static kj::Promise<kj::Own<Client>> connect(kj::Network& network, kj::Timer& timer, kj::StringPtr socketPath,
                                              const VaultPublicKeys& vault);

  // Takes up a stream that is connected already.
  Client(kj::Own<kj::AsyncIoStream> stream, kj::Timer& timer, const VaultPublicKeys& vault, const Options& options);
  ~Client() noexcept(false);
  KJ_DISALLOW_COPY(Client);

  // What the daemon lets this process do, by the uid and groups that it has. A role that it has not is null.
  struct Roles {
    kj::Maybe<kj::Own<Login>> login;
    kj::Maybe<kj::Own<ServiceSession>> service;
    kj::Maybe<kj::Own<Operator>> asOperator;
    kj::Maybe<kj::Own<Maintenance>> maintenance;
    kj::String serviceName;    // empty without that role
    kj::String daemonVersion;  // for people to read
  };

  // Fails with notAllowed (no role at all), vaultUnreachable.
  kj::Promise<Roles> enter();

  // The audit heads seen on this connection, each verified. Keep them: see audit-heads.h.
  const AuditHeads& heads() const;

  // Heads of earlier connections, so that a fork is noticed at once.
  AuditHeads& heads();

 private:
  struct Connection;
  CallContext context;
  kj::Own<Connection> connection;
};

}  // namespace waas::client
