#include "client.h"

#include <capnp/rpc-twoparty.h>
#include <capnp/rpc.h>
#include <sodium.h>

#include "buffered-stream.h"

namespace waas::client {
namespace {

// The daemon sends at most 1 MiB a message; more is a fault or an attack on this process.
capnp::ReaderOptions readerOptions() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = (4 << 20) / sizeof(capnp::word);
  options.nestingLimit = 16;
  return options;
}

}  // namespace

// In this order: the RPC system dies before the network, the network before the stream.
struct Client::Connection {
  BufferedStream stream;
  capnp::TwoPartyVatNetwork network;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc;
  protocol::Signer::Client signer;

  explicit Connection(kj::Own<kj::AsyncIoStream> inner)
      : stream(kj::mv(inner)),
        network(stream, capnp::rpc::twoparty::Side::CLIENT, readerOptions()),
        rpc(capnp::makeRpcClient(network)),
        signer(bootstrap()) {}

  protocol::Signer::Client bootstrap() {
    capnp::MallocMessageBuilder message(8);
    auto vatId = message.initRoot<capnp::rpc::twoparty::VatId>();
    vatId.setSide(capnp::rpc::twoparty::Side::SERVER);
    return rpc.bootstrap(vatId).castAs<protocol::Signer>();
  }
};

Client::Client(kj::Own<kj::AsyncIoStream> stream, kj::Timer& timer, const VaultPublicKeys& vault,
               const Options& options)
    : context{timer, options.clock, options.deadline, vault, AuditHeads(vault.audit)},
      connection(kj::heap<Connection>(kj::mv(stream))) {
  // Idempotent, and too early everywhere else.
  if (sodium_init() < 0) kj::throwFatalException(makeFailure(ErrorCode::UNKNOWN, "no randomness"));
}

Client::~Client() noexcept(false) = default;

kj::Promise<kj::Own<Client>> Client::connect(kj::Network& network, kj::Timer& timer, kj::StringPtr socketPath,
                                             const VaultPublicKeys& vault) {
  return connect(network, timer, socketPath, vault, Options{});
}

kj::Promise<kj::Own<Client>> Client::connect(kj::Network& network, kj::Timer& timer, kj::StringPtr socketPath,
                                             const VaultPublicKeys& vault, Options options) {
  return network.parseAddress(kj::str("unix:", socketPath))
      .then([](kj::Own<kj::NetworkAddress> address) {
        auto connecting = address->connect();
        return connecting.attach(kj::mv(address));
      })
      .catch_([](kj::Exception&&) -> kj::Promise<kj::Own<kj::AsyncIoStream>> {
        // Its text names paths and system errors; the code says what a caller can act on.
        return makeFailure(ErrorCode::SIGNER_UNREACHABLE);
      })
      .exclusiveJoin(timer.afterDelay(options.deadline).then([]() -> kj::Promise<kj::Own<kj::AsyncIoStream>> {
        return makeFailure(ErrorCode::SIGNER_UNREACHABLE, "no answer within the deadline");
      }))
      .then([&timer, vault, options](kj::Own<kj::AsyncIoStream> stream) {
        return kj::heap<Client>(kj::mv(stream), timer, vault, options);
      });
}

kj::Promise<Client::Roles> Client::enter() {
  return context.within<Roles>(connection->signer.enterRequest().send().then([this](auto response) {
    auto ok = okOf(response.getRoles());
    Roles roles;
    roles.serviceName = kj::str(ok.getServiceName());
    roles.daemonVersion = kj::str(ok.getVersion());
    if (ok.hasLogin()) roles.login = kj::heap<Login>(context, ok.getLogin());
    if (ok.hasService()) roles.service = kj::heap<ServiceSession>(context, ok.getService(), roles.serviceName);
    if (ok.hasOperator()) roles.asOperator = kj::heap<Operator>(context, ok.getOperator());
    if (ok.hasMaintenance()) roles.maintenance = kj::heap<Maintenance>(context, ok.getMaintenance());
    return roles;
  }));
}

const AuditHeads& Client::heads() const { return context.heads; }
AuditHeads& Client::heads() { return context.heads; }

}  // namespace waas::client
