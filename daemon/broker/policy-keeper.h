#pragma once
// Keeps the vault supplied with the policy: bundles rest in PostgreSQL, and the newest that the vault takes is in
// force.
//
// The broker decides nothing here. It shows what is stored, at the start of each link, and when another host has stored
// something newer; the vault checks signature, number and date, and keeps what it has when it does not like what it is
// shown. A bundle that was refused is not shown again on the same link.
#include <kj/vector.h>

#include "policy-store.h"
#include "vault-link.h"

namespace waas::broker {

class PolicyKeeper final : public VaultListener {
 public:
  PolicyKeeper(PolicyStore& store, VaultLink& link, kj::Timer& timer) : store(store), link(link), timer(timer) {}
  KJ_DISALLOW_COPY(PolicyKeeper);

  // Looks for newer bundles from now on, every POLICY_POLL; sooner as long as there is none.
  void start();

  // The bundle in force, as far as the broker knows; null: none.
  kj::Maybe<const PolicyRow&> current() const;

  // Has the vault take a bundle in the name of an operator's connection, and keeps it. Resolves with the vault's answer
  // when the bundle is stored; its audit record may not be durable yet. Throws what the vault refuses, and the faults
  // of the store; the bundle may be in force all the same then, and loading it again is harmless.
  kj::Promise<VaultAnswer> load(uint64_t peer, kj::Array<kj::byte> bundle);

  void vaultGreeted(inner::Hello::Reader) override {}
  void vaultWrote(inner::Reply::Reader) override {}
  kj::Promise<void> vaultReturned() override;
  void vaultLost() override {}

 private:
  struct Refused {
    uint64_t number;
    kj::Array<kj::byte> bundle;
  };
  enum class When : uint8_t { GREETING, READY };

  kj::Promise<void> poll();
  kj::Promise<void> look(When when);
  kj::Promise<void> lookPatiently(uint32_t tries);
  kj::Promise<void> showFrom(kj::Array<PolicyRow> rows, size_t at, When when);
  kj::Promise<bool> show(PolicyRow row, When when);
  kj::Promise<VaultAnswer> ask(uint64_t peer, kj::ArrayPtr<const kj::byte> bundle, When when);
  bool wasRefused(const PolicyRow& row) const;

  PolicyStore& store;
  VaultLink& link;
  kj::Timer& timer;
  kj::Maybe<PolicyRow> inForce;
  kj::Vector<Refused> refused;  // on this link
  kj::Duration pause;
  kj::Promise<void> polling = kj::READY_NOW;  // last: ends first
};

}  // namespace waas::broker
