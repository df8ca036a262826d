#pragma once
// What a wallet is for: its owner has something signed.
#include "daemon/vault/service.h"
#include "protocol/proof.h"

namespace waas::vault {

// Signs item by item, each with its own outcome. An item is signed only when its wallet row is authentic, belongs to
// the caller and is the one that the caller named, and when its payload is what it is said to be (V2, V3, V4).
Refusal sign(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// What the proof covers.
void signFields(rpc::Request::Reader request, ProofBuilder& proof);

}  // namespace waas::vault
