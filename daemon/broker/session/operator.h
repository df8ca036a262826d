#pragma once
// Operator: the local operator's view. Names no secret, uses no wallet's key. Given only to connections that the vault
// gave the operator role; the view lives in the broker, and the vault is asked for nothing in an operator's name.
#include <protocol/signer.capnp.h>

#include "../parts.h"
#include "../peer.h"

namespace waas::broker {

class OperatorServer final : public protocol::Operator::Server {
 public:
  OperatorServer(Parts& parts, kj::Own<Peer> peer) : parts(parts), peer(kj::mv(peer)) {}

  kj::Promise<void> health(HealthContext context) override;
  kj::Promise<void> shareStatus(ShareStatusContext context) override;
  kj::Promise<void> auditTail(AuditTailContext context) override;
  kj::Promise<void> auditInstances(AuditInstancesContext context) override;

  // In operator-policy.c++.
  kj::Promise<void> loadPolicy(LoadPolicyContext context) override;
  kj::Promise<void> policy(PolicyContext context) override;

  // In operator-shares.c++.
  kj::Promise<void> rotate(RotateContext context) override;
  kj::Promise<void> recover(RecoverContext context) override;

  // In operator-keys.c++.
  kj::Promise<void> keys(KeysContext context) override;
  kj::Promise<void> changeKeys(ChangeKeysContext context) override;
  kj::Promise<void> custody(CustodyContext context) override;

 private:
  void requireRole() const;
  kj::Promise<kj::Maybe<OwnerId>> ownerOf(protocol::Operator::Whose::Reader whose);

  Parts& parts;
  kj::Own<Peer> peer;
};

}  // namespace waas::broker
