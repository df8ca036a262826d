#pragma once
// A wallet's beginning and end besides making one: import, export, deletion. Each is the owner's to ask, and the
// policy's to allow.
#include "daemon/vault/service.h"
#include "protocol/proof.h"

namespace waas::vault {

// Makes a wallet of the key in the box. Refusals: invalidRequest (name, box, no key pair), deniedByPolicy.
Refusal importWallet(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
void importWalletFields(rpc::Request::Reader request, ProofBuilder& proof);

// Seals the key to the client. Refusals as for a signature. The recovery envelope is not used for it.
Refusal exportWallet(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
void exportWalletFields(rpc::Request::Reader request, ProofBuilder& proof);

// Makes the tombstone that takes the row's place, and the floor that outlives it. The envelopes are not looked at: what
// can't be opened any more can still be deleted. That a wallet is deleted is noted here only once its tombstone or its
// floor was seen: what was asked for may have failed to be committed. A row that was put back is no bar.
Refusal deleteWallet(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
void deleteWalletFields(rpc::Request::Reader request, ProofBuilder& proof);

}  // namespace waas::vault
