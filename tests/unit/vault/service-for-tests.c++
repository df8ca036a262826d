#include "service-for-tests.h"

#include <stdexcept>

namespace waas::vault {

const Keyring& keyringForTests() {
  static Keyring* keyring = [] {
    if (sodium_init() < 0) throw std::runtime_error("sodium");
    static KernelRandom random;
    static Keyring made;
    if (!made.generate(random)) throw std::runtime_error("keyring");
    return &made;
  }();
  return *keyring;
}

Config configForTests() {
  Config config;
  if (config.parse(
          "broker uid 1\nsocket /run/waas/signer.sock\nallow uid 0 operator login service us\npolicy none\n")) {
    throw std::runtime_error("config");
  }
  return config;
}

ServiceForTests::ServiceForTests(size_t auditRing, size_t maxPeers, const Keyring& keyring)
    : config(configForTests()),
      service(config, keyring, random, clock, StartFacts{}, auditRing, maxPeers, 64),
      handler(service, *scratch, helloSaid) {}

void ServiceForTests::send(Bytes bytes) {
  words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  memcpy(words.begin(), bytes.data(), bytes.size());
  received.emplace(words);
}

bool ServiceForTests::handle(const std::vector<uint8_t>& bytes, int descriptor) {
  std::copy(bytes.begin(), bytes.end(), scratch->in.begin());
  received.reset();
  goesOn = handler.handle(bytes.size(), descriptor, *this) == RecordHandler::Verdict::GO_ON;
  return goesOn;
}

capnp::List<rpc::Answer>::Reader ServiceForTests::ask(const Fill& fill, int descriptor) {
  capnp::MallocMessageBuilder message(1 << 15);
  fill(message.initRoot<rpc::Record>());
  auto flat = capnp::messageToFlatArray(message);
  handle(std::vector<uint8_t>(flat.asBytes().begin(), flat.asBytes().end()), descriptor);
  if (!goesOn) return {};
  return reply().getAnswers();
}

rpc::Answer::Reader ServiceForTests::askOne(const std::function<void(rpc::Request::Builder)>& fill, int descriptor) {
  auto answers = ask([&](rpc::Record::Builder record) { fill(record.initRequests(1)[0]); }, descriptor);
  if (answers.size() != 1) throw std::runtime_error("the link ended");
  return answers[0];
}

uint64_t ServiceForTests::peerWith(bool login, bool isService) {
  Peer peer;
  peer.uid = 77;
  peer.roles.login = login;
  peer.roles.service = isService ? &us : nullptr;
  return service.peers.add(peer).value();
}

uint64_t ServiceForTests::operatorPeer() {
  Peer peer;
  peer.uid = 78;
  peer.roles.isOperator = true;
  return service.peers.add(peer).value();
}

}  // namespace waas::vault
