#pragma once
// What the stores say of wallets' shares, now.
#include <protocol/signer.capnp.h>

#include "parts.h"
#include "rows.h"

namespace waas::broker {

struct WalletStatus {
  WalletRow row;
  protocol::ShareStatus::ShareState states[3];
  uint64_t expiresAt = 0;  // when the first Redis share ends; 0 = none is there
  bool needsRotation = false;
};

// Asks both Redis about all of them at once. A server that does not answer makes shares `unreachable`, never `missing`.
kj::Promise<kj::Array<WalletStatus>> askShareStatus(Parts& parts, kj::Array<WalletRow> rows);

void writeShareStatus(protocol::ShareStatus::Builder out, const WalletStatus& status);

}  // namespace waas::broker
