#pragma once
// What owners do with wallets: make one, sign with them.
#include "daemon/vault/service.h"
#include "protocol/proof.h"

namespace waas::vault {

Refusal createWallet(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// Signs item by item, each with its own outcome. An item is signed only when its wallet row is authentic, belongs to
// the caller and is the one that the caller named, and when its payload is what it is said to be (V2, V3, V4).
Refusal sign(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// What their proofs cover.
void createWalletFields(rpc::Request::Reader request, ProofBuilder& proof);
void signFields(rpc::Request::Reader request, ProofBuilder& proof);

}  // namespace waas::vault
