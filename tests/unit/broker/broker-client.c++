#include "broker-client.h"

#include <capnp/schema.h>
#include <protocol/certificate.h>
#include <sodium.h>

#include <cstring>
#include <stdexcept>

namespace waas::testing {
namespace {

kj::Own<kj::AsyncIoStream> connectTo(kj::AsyncIoContext& io, const std::string& socket) {
  auto address = io.provider->getNetwork().parseAddress(kj::str("unix:", socket.c_str())).wait(io.waitScope);
  return address->connect().wait(io.waitScope);
}

}  // namespace

BrokerClient::BrokerClient(kj::AsyncIoContext& io, const std::string& socket)
    : io(io),
      stream(connectTo(io, socket)),
      rpc(kj::heap<capnp::TwoPartyClient>(*stream)),
      bootstrap(rpc->bootstrap().castAs<protocol::Signer>()) {}

void BrokerClient::hangUp() {
  rpc = nullptr;
  stream = nullptr;
}

protocol::Session::Client BrokerClient::service() {
  auto response = bootstrap.enterRequest().send().wait(io.waitScope);
  auto roles = response.getRoles();
  if (!roles.isOk()) throw std::runtime_error("enter: " + describe(roles.getRefused()));
  return roles.getOk().getService();
}

protocol::Operator::Client BrokerClient::operatorView() {
  auto response = bootstrap.enterRequest().send().wait(io.waitScope);
  auto roles = response.getRoles();
  if (!roles.isOk()) throw std::runtime_error("enter: " + describe(roles.getRefused()));
  return roles.getOk().getOperator();
}

std::string describe(protocol::Refusal::Reader refusal) {
  auto codes = capnp::Schema::from<protocol::ErrorCode>().getEnumerants();
  auto code = static_cast<unsigned int>(refusal.getCode());
  std::string text = code < codes.size() ? codes[code].getProto().getName().cStr() : "?";
  if (refusal.getShare() != 0) text += " " + std::to_string(refusal.getShare());
  return text;
}

PublicKey createWallet(kj::AsyncIoContext& io, protocol::Session::Client session, const std::string& name,
                       std::string* refused) {
  auto request = session.createWalletRequest();
  request.setName(name.c_str());
  auto response = request.send().wait(io.waitScope);
  auto result = response.getWallet();
  if (!result.isOk()) {
    if (refused == nullptr) throw std::runtime_error("createWallet: " + describe(result.getRefused()));
    *refused = describe(result.getRefused());
    return {};
  }
  if (refused != nullptr) *refused = "ok";
  auto bytes = result.getOk().getWallet().getCertificate();
  Certificate certificate;
  if (!certificate.parse(Bytes(bytes.begin(), bytes.size()))) throw std::runtime_error("no certificate");
  return certificate.publicKey;
}

std::string signMessage(kj::AsyncIoContext& io, protocol::Session::Client session, const std::string& wallet,
                        const PublicKey& key, const std::string& text) {
  auto request = session.signRequest();
  auto item = request.initItems(1)[0];
  if (wallet.empty()) {
    item.initWallet().setFirst();
  } else {
    item.initWallet().setName(wallet.c_str());
  }
  item.setMessage(kj::StringPtr(text.c_str()).asBytes());
  auto response = request.send().wait(io.waitScope);
  auto result = response.getOutcomes();
  if (!result.isOk()) return describe(result.getRefused());
  auto signedItem = result.getOk().getOutcomes()[0];
  if (!signedItem.isSignature()) return describe(signedItem.getRefused());
  auto bytes = signedItem.getSignedBytes();
  bool valid =
      signedItem.getSignature().size() == sizeof(Signature) &&
      crypto_sign_verify_detached(signedItem.getSignature().begin(), bytes.begin(), bytes.size(), key.data()) == 0;
  return valid ? "ok" : "a wrong signature";
}

}  // namespace waas::testing
