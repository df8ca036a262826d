#pragma once
// The local operator's view: health, shares of anybody's wallets, the audit log.
#include <capnp/capability.h>
#include <kj/function.h>

#include "audit-chain.h"
#include "call.h"
#include "maintenance.h"
#include "wallet.h"

namespace waas::client {

// Whose wallets an operator asks about.
struct Whose {
  enum class Kind { ALL, USER, EMAIL, SERVICE };
  Kind kind = Kind::ALL;
  Id userId{};      // USER
  kj::String text;  // EMAIL (canonical), SERVICE (its name)
};

// One life of a vault, as the log has it.
struct AuditInstance {
  Id instance{};
  uint64_t first = 0, last = 0;  // sequences of its records
};

// Given out by Client::enter to operators; must not outlive the Client. Its promises must not outlive it.
class Operator {
 public:
  Operator(CallContext& context, protocol::Operator::Client remote) : context(context), remote(kj::mv(remote)) {}
  KJ_DISALLOW_COPY(Operator);

  using HealthResponse = capnp::Response<protocol::Operator::HealthResults>;

  // The whole report, as the schema has it. Answers also while parts are away.
  kj::Promise<HealthResponse> health();

  struct StatusPage {
    kj::Array<ShareStatus> rows;
    bool more = false;
  };

  // Shares of wallets after this wallet id (null: from the first), ordered by id. `limit` is at most 1000; 0 means 100.
  kj::Promise<StatusPage> shareStatus(const Whose& whose, kj::Maybe<const Id&> after, uint32_t limit);

  // At most `limit` (1000) records of an instance after a sequence, oldest first. Without an instance: the last records
  // of the newest one. They are as the daemon shows them; AuditChain checks them.
  kj::Promise<kj::Array<AuditRow>> auditTail(kj::Maybe<const Id&> instance, uint64_t after, uint32_t limit);

  kj::Promise<kj::Array<AuditInstance>> auditInstances();

  // Rotates wallets, those that are due or every one; rebuilds shares that are missing or damaged and does nothing else.
  // Neither has a deadline. `progress` is called now and then until the promise resolves. A run ends with the
  // connection; another one goes on where it was.
  kj::Promise<Rotation> rotate(const Whose& whose, Force force, kj::Function<void(const Rotation&)> progress);
  kj::Promise<Rotation> recover(const Whose& whose, kj::Function<void(const Rotation&)> progress);

  struct Policy {
    uint64_t number = 0;  // 0: none is loaded, and everything is denied
    uint64_t notAfter = 0;
    kj::Array<kj::byte> bundle;
  };

  // Has the daemon take a signed bundle (protocol/policy-bundle.h), keep it, and decide by it from now on. Fails with
  // policyRefused, and the old one stays. Loading the bundle that is in force again changes nothing.
  kj::Promise<Policy> loadPolicy(kj::ArrayPtr<const kj::byte> bundle);

  // The policy in force, with its bundle.
  kj::Promise<Policy> policy();

 private:
  CallContext& context;
  protocol::Operator::Client remote;
};

}  // namespace waas::client
