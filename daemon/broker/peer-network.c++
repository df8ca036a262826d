#include "peer-network.h"

#include <capnp/rpc.capnp.h>
#include <kj/debug.h>

#include "limits.h"

namespace waas::broker {
namespace {

capnp::ReaderOptions receiveOptions() {
  capnp::ReaderOptions options;
  // A message may be walked a few times over: by the RPC system, by us, and into a record to the vault.
  options.traversalLimitInWords = 8 * limits::MESSAGE_BYTES / sizeof(capnp::word);
  options.nestingLimit = limits::MESSAGE_NESTING;
  return options;
}

kj::ForkedPromise<void> forkOf(kj::Own<kj::PromiseFulfiller<void>>& fulfiller) {
  auto paf = kj::newPromiseAndFulfiller<void>();
  fulfiller = kj::mv(paf.fulfiller);
  return paf.promise.fork();
}

}  // namespace

class PeerNetwork::Outgoing final : public capnp::OutgoingRpcMessage {
 public:
  Outgoing(PeerNetwork& network, unsigned int firstSegmentWords)
      : network(network),
        message(firstSegmentWords == 0 ? DEFAULT_WORDS : firstSegmentWords,
                capnp::AllocationStrategy::GROW_HEURISTICALLY) {}

  capnp::AnyPointer::Builder getBody() override { return message.getRoot<capnp::AnyPointer>(); }
  void send() override { network.stream.send(message.getSegmentsForOutput()); }
  size_t sizeInWords() override { return message.sizeInWords(); }

 private:
  static constexpr unsigned int DEFAULT_WORDS = 64;
  PeerNetwork& network;
  capnp::MallocMessageBuilder message;
};

class PeerNetwork::Incoming final : public capnp::IncomingRpcMessage {
 public:
  explicit Incoming(kj::Array<capnp::word> wordsParam) : words(kj::mv(wordsParam)), message(words, receiveOptions()) {}

  capnp::AnyPointer::Reader getBody() override { return message.getRoot<capnp::AnyPointer>(); }
  size_t sizeInWords() override { return words.size(); }

 private:
  kj::Array<capnp::word> words;
  capnp::FlatArrayMessageReader message;
};

PeerNetwork::PeerNetwork(BufferedStream& stream)
    : stream(stream), peerVatId(4), disconnected(forkOf(lastReference.fulfiller)) {
  peerVatId.initRoot<capnp::rpc::twoparty::VatId>().setSide(capnp::rpc::twoparty::Side::CLIENT);
}

void PeerNetwork::LastReference::disposeImpl(void*) const {
  if (--references == 0) fulfiller->fulfill();
}

kj::Own<PeerNetwork::Link> PeerNetwork::asLink() {
  lastReference.references++;
  return kj::Own<Link>(this, lastReference);
}

kj::Maybe<kj::Own<PeerNetwork::Link>> PeerNetwork::connect(capnp::rpc::twoparty::VatId::Reader hostId) {
  if (hostId.getSide() == capnp::rpc::twoparty::Side::SERVER) return nullptr;
  return asLink();
}

kj::Promise<kj::Own<PeerNetwork::Link>> PeerNetwork::accept() {
  if (!accepted) {
    accepted = true;
    return asLink();
  }
  auto paf = kj::newPromiseAndFulfiller<kj::Own<Link>>();
  neverAccepted = kj::mv(paf.fulfiller);
  return kj::mv(paf.promise);
}

capnp::rpc::twoparty::VatId::Reader PeerNetwork::getPeerVatId() {
  return peerVatId.getRoot<capnp::rpc::twoparty::VatId>();
}

kj::Own<capnp::OutgoingRpcMessage> PeerNetwork::newOutgoingMessage(unsigned int firstSegmentWordSize) {
  return kj::heap<Outgoing>(*this, firstSegmentWordSize);
}

kj::Promise<kj::Maybe<kj::Own<capnp::IncomingRpcMessage>>> PeerNetwork::receiveIncomingMessage() {
  using Result = kj::Maybe<kj::Own<capnp::IncomingRpcMessage>>;
  return stream.receive().then([this](kj::Maybe<kj::Array<capnp::word>>&& message) -> Result {
    KJ_IF_MAYBE (words, message) {
      auto incoming = kj::heap<Incoming>(kj::mv(*words));
      countAnswer(incoming->getBody());
      return kj::Own<capnp::IncomingRpcMessage>(kj::mv(incoming));
    }
    return nullptr;
  });
}

// The RPC system keeps an entry for each question until the peer sends `finish`, which a hostile one never does.
void PeerNetwork::countAnswer(const capnp::AnyPointer::Reader& body) {
  switch (body.getAs<capnp::rpc::Message>().which()) {
    case capnp::rpc::Message::CALL:
    case capnp::rpc::Message::BOOTSTRAP:
      if (++answers > limits::UNFINISHED_ANSWERS) {
        kj::throwFatalException(kj::Exception(kj::Exception::Type::OVERLOADED, __FILE__, __LINE__,
                                              kj::str("too many calls without finish")));
      }
      break;
    case capnp::rpc::Message::FINISH:
      if (answers > 0) answers--;
      break;
    default: break;
  }
}

kj::Promise<void> PeerNetwork::shutdown() { return stream.finish(); }

}  // namespace waas::broker
