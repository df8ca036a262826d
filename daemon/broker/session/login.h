#pragma once
// Login: people's way in. Given only to connections that the vault gave the login role.
#include <protocol/signer.capnp.h>

#include "../parts.h"
#include "../peer.h"

namespace waas::broker {

class LoginServer final : public protocol::Login::Server {
 public:
  LoginServer(Parts& parts, kj::Own<Peer> peer) : parts(parts), peer(kj::mv(peer)) {}

  kj::Promise<void> challenge(ChallengeContext context) override;
  kj::Promise<void> signUp(SignUpContext context) override;
  kj::Promise<void> signIn(SignInContext context) override;
  kj::Promise<void> resume(ResumeContext context) override;

 private:
  Parts& parts;
  kj::Own<Peer> peer;
};

}  // namespace waas::broker
