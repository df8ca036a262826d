#pragma once
// Requests of the broker's own: the state of the link, peers, the audit ring, health.
#include "daemon/vault/service.h"

namespace waas::vault {

Refusal hello(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
Refusal presentPeer(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
Refusal dropPeer(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
Refusal acknowledgeAudit(Context& context, const Caller& caller, rpc::Request::Reader request,
                         rpc::Answer::Builder answer);
Refusal replayAudit(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);
Refusal health(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

}  // namespace waas::vault
