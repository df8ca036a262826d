#pragma once
// UserSession: a person's session, taken up by a token. Whether the token still holds is decided by the vault, call by
// call; this object only carries it.
#include <protocol/proof.h>

#include "session.h"

namespace waas::broker {

class UserSessionServer final : public SessionServer, public protocol::UserSession::Server {
 public:
  explicit UserSessionServer(kj::Own<Owner> owner) : SessionServer(kj::mv(owner)) {}

  // Has the vault check token and proof, before anybody is given this session.
  kj::Promise<void> resume(protocol::Proof::Reader proof) { return authorize(Call::RESUME, proof); }

  kj::Promise<void> refresh(RefreshContext context) override;
  kj::Promise<void> signOut(SignOutContext context) override;
};

}  // namespace waas::broker
