#pragma once
// A broker for tests: speaks the vault's protocol, without stores behind it.
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/function.h>
#include <protocol/vault.capnp.h>

#include <memory>
#include <string>

#include "vault-secrets.h"

namespace waas::security {

namespace rpc = protocol::vault;

// One reply, kept as long as the object lives.
class Reply {
 public:
  explicit Reply(kj::Array<capnp::word> words) : words(kj::mv(words)), reader(this->words) {}
  rpc::Reply::Reader get() { return reader.getRoot<rpc::Reply>(); }
  // The answer with this number; throws when it is a refusal, with the code's number.
  rpc::Answer::Reader answer(unsigned at = 0);

 private:
  kj::Array<capnp::word> words;
  capnp::FlatArrayMessageReader reader;
};

class VaultClient {
 public:
  using Fill = kj::Function<void(rpc::Request::Builder)>;

  // Connects to the vault's socket and says hello.
  explicit VaultClient(const std::string& socket);
  ~VaultClient();
  VaultClient(const VaultClient&) = delete;
  VaultClient& operator=(const VaultClient&) = delete;

  // One request, its reply.
  Reply ask(Fill fill);
  // A record without waiting; the next reply, whichever record it belongs to.
  void send(capnp::MessageBuilder& record, int descriptor = -1);
  Reply receive();

  // What clients seal to, by the vault's own word: good enough for a test.
  const Buffer& sealingKey() const { return sealing; }

  // Listens on `signerSocket`, connects to it, and presents that connection: a handle for our own uid.
  uint64_t presentOurselves(const std::string& signerSocket);

  // Appends a request that acknowledges all audit records so far; `at` is its place in the record.
  void acknowledge(rpc::Request::Builder request) const { request.setAcknowledgeAudit(auditSequence); }

 private:
  int link;
  Buffer sealing;
  uint64_t auditSequence = 0;
};

}  // namespace waas::security
