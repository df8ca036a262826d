#pragma once
// The policy in force: one, replaced as a whole while workers decide by it.
#include <memory>
#include <mutex>

#include "daemon/vault/config.h"
#include "daemon/vault/refused.h"
#include "policy/policy.h"

namespace waas::vault {

// A resource, safe to use from all workers. Holds one policy, and a second one for the moment of a replacement; both
// together are bounded by MAX_POLICY_BODY_BYTES, and a heap without room leaves the old one in force.
class PolicyState {
 public:
  explicit PolicyState(const Config& config) : key(config.policyKey), floor(config.policyFloor) {}
  PolicyState(const PolicyState&) = delete;

  // False: `policy none`.
  bool isRequired() const { return key.has_value(); }

  struct Current {
    std::shared_ptr<const policy::Policy> policy;  // null: none was loaded
    Hash hash{};                                   // SHA-256 of its bundle
  };
  Current current() const;

  // Takes a bundle in the place of the present policy: signed with the policy key, not expired, not below the floor,
  // and above the present one's number. Refusals: policyRefused, and the old one stays. The very bundle that is in
  // force is taken, and nothing happens: `fresh` is false then.
  Refusal load(Bytes bundle, uint64_t now, bool& fresh);

 private:
  Refusal check(Bytes bytes, uint64_t now, const Current& present, bool& fresh) const;

  const std::optional<PublicKey> key;
  const uint64_t floor;
  std::mutex loading;  // one at a time; held while a bundle is read
  mutable std::mutex mutex;
  Current active;
};

}  // namespace waas::vault
