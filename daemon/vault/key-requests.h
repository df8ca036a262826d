#pragma once
// What operators do with keys: versions, and the custodians' recovery key. A Record that holds such a request has the
// keyring for itself (key-lock.h).
#include "daemon/vault/service.h"

namespace waas::vault {

// Lists versions, adds, activates, installs, retires one. After a change the answer has the whole keyring, wrapped
// under the root credential. Refusals: notAllowed, invalidRequest (with what stands in the way), keyInUse,
// keyVersionUnknown.
Refusal keys(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// Takes custodians' parts; forgets the key, or (after a splitting) the vault's own half of it for good: the answer has
// the keyring without it then; splits it among custodians that the configuration names. Refusals: notAllowed,
// invalidRequest, recoveryKeyAbsent (nothing to split),
// recordRefused (the parts do not give the key).
Refusal custody(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// Whether this request needs the keyring for itself.
bool changesKeys(rpc::Request::Reader request);

// Writes the versions of a keyring, as `keys` and `health` show them.
void writeKeyVersions(const Keyring& keyring, capnp::List<rpc::Health::KeyVersion>::Builder list);

}  // namespace waas::vault
