#pragma once
// The local operator's view: health, shares of anybody's wallets, the audit log.
#include <capnp/capability.h>
#include <kj/function.h>

#include "audit-chain.h"
#include "call.h"
#include "key-boxes.h"
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

  // Rotates wallets, those that are due or every one; rebuilds shares that are missing or damaged and does nothing
  // else. Neither has a deadline. `progress` is called now and then until the promise resolves. A run ends with the
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

  struct KeyUse {
    using State = protocol::Operator::KeyUse::State;

    kj::String purpose;
    uint32_t version = 0;
    State state = State::ACTIVE;
    bool newest = false;
    uint64_t protects = 0;  // records that name this version, as the database counts them: a hint
    bool counted = false;   // whether it could be asked
  };

  // Key versions, and what each still protects.
  kj::Promise<kj::Array<KeyUse>> keys();

  // Each changes the keyring and returns the whole of it, wrapped under the root credential: keep it in the place of
  // the old file, on every host, before the next step. A version that was added must be installed from where it is kept
  // before it can be activated. Fail with keyInUse, keyVersionUnknown, invalidRequest (with what stands in the way).
  kj::Promise<kj::Array<kj::byte>> addKey(kj::StringPtr purpose);
  kj::Promise<kj::Array<kj::byte>> activateKey(kj::StringPtr purpose, uint32_t version);
  kj::Promise<kj::Array<kj::byte>> installKeyring(kj::ArrayPtr<const kj::byte> wrapped);
  kj::Promise<kj::Array<kj::byte>> retireKey(kj::StringPtr purpose, uint32_t version);

  struct Custody {
    bool held = false;  // the recovery key's private half is there
    uint8_t threshold = 0, given = 0;
    kj::Array<kj::Array<kj::byte>> parts;  // after `splitRecoveryKey`: one for each custodian, sealed to him
    kj::Array<kj::byte> keyring;           // after `forgetRecoveryKey`, where the vault's own half went
  };

  // Splits the recovery key among custodians with these X25519 keys; any `threshold` of them will do. The vault keeps
  // its own half until `forgetRecoveryKey`.
  kj::Promise<Custody> splitRecoveryKey(uint8_t threshold, kj::ArrayPtr<const PublicKey> custodians);
  // Gives one custodian's part. Fails with invalidRequest, keyVersionUnknown, recordRefused (the parts are not right).
  kj::Promise<Custody> giveCustodyPart(const Secret<CUSTODY_PART_BYTES>& part);
  kj::Promise<Custody> forgetRecoveryKey();

 private:
  kj::Promise<kj::Array<kj::byte>> change(kj::Function<void(protocol::Operator::KeyChange::Builder)> fill);
  kj::Promise<Custody> custody(kj::Function<void(protocol::Operator::CustodyChange::Builder)> fill);

  CallContext& context;
  protocol::Operator::Client remote;
};

}  // namespace waas::client
