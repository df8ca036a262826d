#pragma once
// A plain client of the public socket, as any Cap'n Proto program would be one.
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <protocol/bytes.h>
#include <protocol/signer.capnp.h>

#include <string>

namespace waas::testing {

// Connects and asks for the bootstrap capability. A resource.
class BrokerClient {
 public:
  BrokerClient(kj::AsyncIoContext& io, const std::string& socket);

  protocol::Signer::Client& signer() { return bootstrap; }

  // The local service's session, by `enter`.
  protocol::Session::Client service();
  protocol::Operator::Client operatorView();

  // Drops the connection.
  void hangUp();

 private:
  kj::AsyncIoContext& io;
  kj::Own<kj::AsyncIoStream> stream;
  kj::Own<capnp::TwoPartyClient> rpc;
  protocol::Signer::Client bootstrap;
};

// Outcome of a call in short: "ok", or the code of the refusal ("shareMissing 3" with its share).
template <typename Result>
std::string outcome(Result result);
std::string describe(protocol::Refusal::Reader refusal);

template <typename Result>
std::string outcome(Result result) {
  return result.isOk() ? "ok" : describe(result.getRefused());
}

// Makes a wallet and returns its public key; the code of the refusal in `refused`, if there was one.
PublicKey createWallet(kj::AsyncIoContext& io, protocol::Session::Client session, const std::string& name,
                       std::string* refused = nullptr);

// Signs an off-chain message with the wallet of this name (empty: the first one). "ok" when the signature verifies.
std::string signMessage(kj::AsyncIoContext& io, protocol::Session::Client session, const std::string& wallet,
                        const PublicKey& key, const std::string& text = "hello");

}  // namespace waas::testing
