#pragma once
// What a person does with a session as such: prove it, refresh it, end it.
#include "daemon/vault/service.h"
#include "protocol/proof.h"

namespace waas::vault {

Refusal refresh(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
Refusal authorize(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
Refusal signOut(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// What their proofs cover.
void authorizeFields(rpc::Request::Reader request, ProofBuilder& proof);
void signOutFields(rpc::Request::Reader request, ProofBuilder& proof);

// Whether `call` is one that uses no key, and so one that `authorize` may vouch for.
bool isHarmless(uint8_t call);

}  // namespace waas::vault
