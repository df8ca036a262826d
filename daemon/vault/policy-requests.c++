#include "daemon/vault/policy-requests.h"

namespace waas::vault {

void writePolicy(rpc::Policy::Builder to, const PolicyState& policy) {
  to.setRequired(policy.isRequired());
  auto current = policy.current();
  if (current.policy == nullptr) return;
  to.setNumber(current.policy->number);
  to.setNotAfter(current.policy->notAfter);
  to.setHash(reader(current.hash));
}

Refusal loadPolicy(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  if (caller.peer.uid != NOBODY && !caller.peer.roles.isOperator) {
    return Refused{ErrorCode::NOT_ALLOWED, "only for operators"};
  }
  PolicyState& policy = context.service.policy;
  bool fresh = false;
  Bytes bundle = view(request.getLoadPolicy().getBundle());
  if (auto refused = policy.load(bundle, context.now, fresh)) return refused;
  writePolicy(answer.initPolicy(), policy);
  if (!fresh) return std::nullopt;
  AuditRecord& record = context.events.add(AuditEvent::POLICY_LOADED, OwnerId(), caller.peer.uid);
  record.policy = static_cast<uint32_t>(answer.getPolicy().getNumber());
  record.subject = sha256(bundle);
  return std::nullopt;
}

}  // namespace waas::vault
