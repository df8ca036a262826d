#pragma once
// The policy, as it comes in.
#include "daemon/vault/service.h"

namespace waas::vault {

// Takes a bundle from the broker's store (peer 0), or from an operator; nobody else may. That it is loaded is audited,
// once.
Refusal loadPolicy(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// Fills in which policy is in force.
void writePolicy(rpc::Policy::Builder to, const PolicyState& policy);

}  // namespace waas::vault
