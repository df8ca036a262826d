#pragma once
// One client's connection as its sessions see it: the vault's handle for it, its roles, and how much it may do at once.
#include <kj/refcount.h>
#include <protocol/bytes.h>
#include <protocol/vault.capnp.h>

#include "admission.h"
#include "buffered-stream.h"
#include "vault-link.h"

namespace waas::broker {

// What the vault said of a peer. Only the vault decides it.
struct Roles {
  bool login = false;
  bool isOperator = false;
  kj::Maybe<OwnerId> service;
  kj::String serviceName;
};

// Shared by the connection and by calls that outlive it.
class Peer final : public kj::Refcounted {
 public:
  Peer(kj::Own<SharedSocket> socket, VaultLink& vault);
  ~Peer() noexcept(false);

  // Presents the socket to the vault unless that was done, and learns the roles. Faults: notAllowed, vaultUnreachable.
  kj::Promise<void> enter();

  // The vault was started anew: presents the socket again, where it had been before. Never fails.
  kj::Promise<void> presentAgain();

  // Handles of the former life are void.
  void vaultLost() { handle = 0; }

  // The connection has ended: the vault may forget it.
  void leave();

  // The vault's handle. Throws vaultUnreachable while there is none.
  uint64_t vaultHandle() const;

  bool hasEntered() const { return entered; }
  bool hasLeft() const { return left; }
  const Roles& roles() const { return known; }

  Admission::Share share;

 private:
  kj::Promise<void> present(bool whileGreeting);
  void drop(uint64_t handle);

  kj::Own<SharedSocket> socket;
  VaultLink& vault;
  uint64_t handle = 0;
  bool entered = false;
  bool left = false;
  Roles known;
  kj::Maybe<kj::ForkedPromise<void>> presenting;
};

}  // namespace waas::broker
