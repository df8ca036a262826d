#pragma once
// Runs of rotation and recovery on a caller's behalf: bounded in number, with progress, ended with the caller.
#include <protocol/signer.capnp.h>

#include "../lifecycle/rotation-run.h"
#include "../peer.h"

namespace waas::broker {

// An operator's name in the vault's log.
class PeerAsker final : public Asker {
 public:
  explicit PeerAsker(kj::Own<Peer> peer) : peer(kj::mv(peer)) {}
  size_t words() const override { return 4; }
  void write(inner::Advance::Builder out) const override { out.setPeer(peer->vaultHandle()); }

 private:
  kj::Own<Peer> peer;
};

// Carries out a run and writes its result. Ends early when the peer has left or does not want to hear of it any more.
// `asker` null: on nobody's behalf. Faults: overloaded (too many runs), those of the run.
kj::Promise<void> carryOut(Parts& parts, kj::Own<Peer> peer, RunOrder order, kj::Own<Asker> asker,
                           kj::Maybe<protocol::Progress::Client> progress,
                           kj::Function<protocol::Rotation::Builder()> result);

}  // namespace waas::broker
