#pragma once
// A wallet on its way from the request to the answer: made by the vault, or of a key that the caller brings.
#include <kj/async.h>

#include "owner.h"

namespace waas::broker {

// What is needed on the way. Owns copies: the work goes on when the call has been given up.
struct WalletBirth {
  WalletBirth(Owner& owner, capnp::Text::Reader name, protocol::Proof::Reader proof);

  kj::Own<Owner> owner;
  kj::String name;
  kj::Array<kj::byte> box;  // of an imported key; empty: the vault makes one
  capnp::MallocMessageBuilder proof{16};
  kj::Maybe<AccountRow> account;

  kj::Own<VaultReply> reply;  // of the vault that made the wallet
  inner::Wallet::Reader wallet;
  kj::Promise<void> durable = kj::READY_NOW;
};

// Throws invalidRequest for a name that is none.
kj::Own<WalletBirth> beginBirth(Owner& owner, capnp::Text::Reader name, protocol::Proof::Reader proof);

// Resolves when the wallet and its audit record are durable. Faults: nameTaken, walletExists, conflict, the vault's
// refusals, those of stores. Not to be dropped: finishAnyway.
kj::Promise<kj::Own<WalletBirth>> giveBirth(kj::Own<WalletBirth> birth);

void writeCreated(protocol::Created::Builder out, WalletBirth& made);

}  // namespace waas::broker
