#pragma once
// What owners do with their wallets besides signing.
#include "daemon/vault/service.h"
#include "protocol/proof.h"

namespace waas::vault {

Refusal createWallet(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// What the proof covers.
void createWalletFields(rpc::Request::Reader request, ProofBuilder& proof);

}  // namespace waas::vault
