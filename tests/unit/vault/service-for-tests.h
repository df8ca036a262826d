#pragma once
// A vault's service in a test: keys made on the spot, a clock that is set by hand, requests without a socket.
#include <capnp/message.h>
#include <capnp/serialize.h>

#include <functional>
#include <memory>
#include <vector>

#include "daemon/vault/record-handler.h"

namespace waas::vault {

class ClockForTests final : public Clock {
 public:
  uint64_t now() const override { return time; }
  uint64_t time = 1'750'000'000'000;
};

// One process-wide keyring: making one takes a while, and tests only read it.
const Keyring& keyringForTests();

Config configForTests();

class ServiceForTests final : private ReplySink {
 public:
  explicit ServiceForTests(size_t auditRing = 256, size_t maxPeers = 8, const Keyring& keyring = keyringForTests());

  using Fill = std::function<void(rpc::Record::Builder)>;
  // Handles a record; the reply stays until the next one. Nothing (a null list) when the link is to end.
  capnp::List<rpc::Answer>::Reader ask(const Fill& fill, int descriptor = -1);
  rpc::Answer::Reader askOne(const std::function<void(rpc::Request::Builder)>& fill, int descriptor = -1);
  // Handles raw bytes; whether the link may go on.
  bool handle(const std::vector<uint8_t>& bytes, int descriptor = -1);
  rpc::Reply::Reader reply() { return received->getRoot<rpc::Reply>(); }
  size_t replySize() const { return words.size() * sizeof(capnp::word); }
  // A peer with these roles, as if it had been presented.
  uint64_t peerWith(bool login, bool service);
  uint64_t operatorPeer();

  Config config;
  ClockForTests clock;
  KernelRandom random;
  LocalService us{"us", {OwnerId::Kind::SERVICE, {7}}};
  Service service;
  std::unique_ptr<WorkerScratch> scratch = std::make_unique<WorkerScratch>();
  std::atomic<bool> helloSaid{true};
  RecordHandler handler;
  bool goesOn = true;

 private:
  void send(Bytes bytes) override;

  kj::Array<capnp::word> words;
  std::optional<capnp::FlatArrayMessageReader> received;
};

}  // namespace waas::vault
