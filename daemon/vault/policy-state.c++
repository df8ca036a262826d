#include "daemon/vault/policy-state.h"

#include "daemon/vault/service.h"
#include "protocol/policy-bundle.h"

namespace waas::vault {
namespace {

Refusal refuse(const char* detail) { return Refused{ErrorCode::POLICY_REFUSED, detail}; }

}  // namespace

PolicyState::Current PolicyState::current() const {
  std::lock_guard lock(mutex);
  return active;
}

Refusal PolicyState::check(Bytes bytes, uint64_t now, const Current& present, bool& fresh) const {
  auto bundle = PolicyBundle::parse(bytes);
  if (!bundle) return refuse("not a policy bundle");
  if (!bundle->isSignedBy(*key)) return refuse("not signed with the policy key");
  if (bundle->number > MAX_POLICY_NUMBER) return refuse("its number is too high");
  if (bundle->notAfter < now) return refuse("it has expired");
  if (bundle->number < floor) return refuse("its number is below the floor");
  if (present.policy == nullptr || bundle->number > present.policy->number) return std::nullopt;
  if (bundle->number < present.policy->number) return refuse("a newer one is in force");
  if (sha256(bytes) != present.hash) return refuse("another one with this number is in force");
  fresh = false;
  return std::nullopt;
}

Refusal PolicyState::load(Bytes bytes, uint64_t now, bool& fresh) {
  fresh = true;
  if (!isRequired()) return refuse("this vault decides by no policy");
  std::lock_guard one(loading);
  if (auto refused = check(bytes, now, current(), fresh)) return refused;
  if (!fresh) return std::nullopt;

  auto bundle = PolicyBundle::parse(bytes);
  auto next = std::make_shared<policy::Policy>();
  if (const char* wrong = policy::readPolicy(bundle->body, *next)) return refuse(wrong);
  next->number = bundle->number;
  next->notAfter = bundle->notAfter;
  Current taken{std::move(next), sha256(bytes)};
  std::lock_guard lock(mutex);
  std::swap(active, taken);  // the old one ends with the last worker that decides by it
  return std::nullopt;
}

}  // namespace waas::vault
