#pragma once
// The health report: what the stores and the vault say of themselves, and what of it is a risk, in sentences.
#include <protocol/signer.capnp.h>

#include "parts.h"

namespace waas::broker {

class HealthReport {
 public:
  // `connections` is asked for the number of clients; must outlive this.
  explicit HealthReport(const uint32_t& connections) : connections(connections) {}
  KJ_DISALLOW_COPY(HealthReport);

  // Asks the vault, for a moment only; the stores tell what they know without being asked. Never fails.
  kj::Promise<void> ask(Parts& parts);

  // Writes what is known now.
  void write(Parts& parts, protocol::Health::Builder out);

  // Whether both Redis are known to be one and the same server, by what they say of themselves and not by address: then
  // two shares would lie in one place.
  static bool isSameServer(const StoreHealth& a, const StoreHealth& b);

  bool sandboxed = false;

 private:
  void writeVault(Parts& parts, protocol::Health::Vault::Builder out, kj::Vector<kj::String>& risks);
  void writeStore(kj::StringPtr name, const StoreHealth& store, protocol::Health::Store::Builder out,
                  kj::Vector<kj::String>& risks);

  const uint32_t& connections;
  kj::Maybe<VaultAnswer> vault;  // the last answer to `health`, null while the vault is away
};

}  // namespace waas::broker
