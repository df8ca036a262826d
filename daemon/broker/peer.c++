#include "peer.h"

#include <kj/debug.h>

#include <cstring>

#include "log.h"
#include "public-error.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

constexpr size_t PRESENT_WORDS = 16;

Roles rolesOf(inner::Peer::Reader peer) {
  Roles roles;
  roles.login = peer.getLogin();
  roles.isOperator = peer.getOperator();
  OwnerId owner;
  owner.kind = OwnerId::Kind::SERVICE;
  if (peer.getService().size() == owner.id.size()) {
    memcpy(owner.id.data(), peer.getService().begin(), owner.id.size());
    roles.service = owner;
    roles.serviceName = kj::heapString(peer.getServiceName());
  }
  return roles;
}

}  // namespace

Peer::Peer(kj::Own<SharedSocket> socket, VaultLink& vault) : socket(kj::mv(socket)), vault(vault) {}

Peer::~Peer() noexcept(false) {}

kj::Promise<void> Peer::enter() {
  if (handle != 0) return kj::READY_NOW;
  KJ_IF_MAYBE (underWay, presenting) return underWay->addBranch();
  // Asking twice would give this socket two handles.
  auto fork = present(false).fork();
  auto mine = fork.addBranch();
  presenting = kj::mv(fork);
  return mine.then(
      [self = kj::addRef(*this)]() mutable -> kj::Promise<void> {
        self->presenting = nullptr;
        return kj::READY_NOW;
      },
      [self = kj::addRef(*this)](kj::Exception&& exception) mutable -> kj::Promise<void> {
        self->presenting = nullptr;
        return kj::mv(exception);
      });
}

kj::Promise<void> Peer::present(bool whileGreeting) {
  auto fill = [](inner::Request::Builder request) { request.setPresentPeer(); };
  auto asked = whileGreeting ? vault.askWhileGreeting(PRESENT_WORDS, fill, socket->get())
                             : vault.ask(PRESENT_WORDS, fill, socket->get());
  // The reference keeps the socket open until its datagram has left and the answer is there.
  return asked.then([self = kj::addRef(*this)](VaultAnswer answer) mutable {
    if (answer.answer.isRefused()) throwRefusal(answer.answer.getRefused());
    KJ_REQUIRE(answer.answer.isPeer(), "another answer than to presentPeer");
    auto peer = answer.answer.getPeer();
    if (self->left) return self->drop(peer.getHandle());
    self->handle = peer.getHandle();
    self->known = rolesOf(peer);
    self->entered = true;
  });
}

kj::Promise<void> Peer::presentAgain() {
  if (!entered || left) return kj::READY_NOW;
  return present(true).catch_([](kj::Exception&& exception) {
    if (faultOf(exception).code != ErrorCode::NOT_ALLOWED)
      logFault("B5001", "a peer could not be presented again", exception);
  });
}

void Peer::leave() {
  if (left) return;
  left = true;
  if (handle != 0) drop(handle);
  handle = 0;
}

void Peer::drop(uint64_t old) {
  if (!vault.isReady()) return;  // the handle is void anyway
  vault.ask(PRESENT_WORDS, [old](inner::Request::Builder request) { request.setDropPeer(old); })
      .ignoreResult()
      .detach([](kj::Exception&&) {});
}

uint64_t Peer::vaultHandle() const {
  if (handle == 0) kj::throwFatalException(makeFault(ErrorCode::VAULT_UNREACHABLE, "the vault is not connected"_kj));
  return handle;
}

}  // namespace waas::broker
