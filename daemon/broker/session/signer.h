#pragma once
// Signer: the bootstrap of one connection. Roles are interfaces: who has not the role gets no capability for it.
#include <protocol/signer.capnp.h>

#include "../parts.h"
#include "../peer.h"

namespace waas::broker {

class SignerServer final : public protocol::Signer::Server {
 public:
  SignerServer(Parts& parts, kj::Own<Peer> peer) : parts(parts), peer(kj::mv(peer)) {}

  kj::Promise<void> enter(EnterContext context) override;

 private:
  void writeRoles(protocol::Signer::Roles::Builder out);

  Parts& parts;
  kj::Own<Peer> peer;

  // Made once: asking again gives the same capabilities, and costs the RPC system no further entry.
  kj::Maybe<protocol::Login::Client> login;
  kj::Maybe<protocol::Session::Client> service;
  kj::Maybe<protocol::Operator::Client> operatorView;
  kj::Maybe<protocol::Maintenance::Client> maintenance;
};

}  // namespace waas::broker
