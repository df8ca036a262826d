#pragma once
// The two-party network of Cap'n Proto RPC over a BufferedStream: one vat, the client on the other side.
//
// Takes the place of capnp::TwoPartyVatNetwork, which makes a chain of promises and two or three system calls for each
// message; and counts what a peer makes the RPC system remember.
#include <capnp/rpc-twoparty.h>
#include <capnp/rpc.h>

#include "buffered-stream.h"

namespace waas::broker {

// A resource, which must outlive the RpcSystem that is made on it.
class PeerNetwork final : public capnp::TwoPartyVatNetworkBase, private capnp::TwoPartyVatNetworkBase::Connection {
 public:
  explicit PeerNetwork(BufferedStream& stream);
  KJ_DISALLOW_COPY(PeerNetwork);

  // Resolves when the RPC system has let go of the connection.
  kj::Promise<void> onDisconnect() { return disconnected.addBranch(); }

  // Calls and bootstraps that the peer has not finished.
  uint32_t unfinished() const { return answers; }

 private:
  class Outgoing;
  class Incoming;
  using Link = capnp::TwoPartyVatNetworkBase::Connection;

  kj::Maybe<kj::Own<Link>> connect(capnp::rpc::twoparty::VatId::Reader hostId) override;
  kj::Promise<kj::Own<Link>> accept() override;

  capnp::rpc::twoparty::VatId::Reader getPeerVatId() override;
  kj::Own<capnp::OutgoingRpcMessage> newOutgoingMessage(unsigned int firstSegmentWordSize) override;
  kj::Promise<kj::Maybe<kj::Own<capnp::IncomingRpcMessage>>> receiveIncomingMessage() override;
  kj::Promise<void> shutdown() override;

  kj::Own<Link> asLink();
  void countAnswer(const capnp::AnyPointer::Reader& body);

  // Tells when the last reference to the connection is gone, though the object itself stays.
  class LastReference final : public kj::Disposer {
   public:
    mutable kj::Own<kj::PromiseFulfiller<void>> fulfiller;
    mutable unsigned int references = 0;
    void disposeImpl(void* pointer) const override;
  };

  BufferedStream& stream;
  capnp::MallocMessageBuilder peerVatId;
  bool accepted = false;
  uint32_t answers = 0;
  kj::Own<kj::PromiseFulfiller<kj::Own<Link>>> neverAccepted;
  LastReference lastReference;
  kj::ForkedPromise<void> disconnected;
};

}  // namespace waas::broker
