#pragma once
// Maintenance: what a timer or the gateway may set off, on nobody's behalf.
#include <protocol/signer.capnp.h>

#include "../parts.h"
#include "../peer.h"

namespace waas::broker {

class MaintenanceServer final : public protocol::Maintenance::Server {
 public:
  MaintenanceServer(Parts& parts, kj::Own<Peer> peer) : parts(parts), peer(kj::mv(peer)) {}

  kj::Promise<void> rotateDue(RotateDueContext context) override;
  kj::Promise<void> ready(ReadyContext context) override;

 private:
  Parts& parts;
  kj::Own<Peer> peer;
};

}  // namespace waas::broker
