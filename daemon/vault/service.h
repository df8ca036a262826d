#pragma once
// What the handlers of all requests share, and what each of them is given.
#include <protocol/vault.capnp.h>

#include <algorithm>
#include <atomic>

#include "daemon/vault/account-record.h"
#include "daemon/vault/attempt-limiter.h"
#include "daemon/vault/audit-ring.h"
#include "daemon/vault/challenge.h"
#include "daemon/vault/clock.h"
#include "daemon/vault/config.h"
#include "daemon/vault/custody.h"
#include "daemon/vault/floor-book.h"
#include "daemon/vault/key-lock.h"
#include "daemon/vault/peer-table.h"
#include "daemon/vault/policy-state.h"
#include "daemon/vault/refused.h"
#include "daemon/vault/session-token.h"
#include "daemon/vault/wallet-keys.h"

namespace waas::vault {

namespace rpc = protocol::vault;

// Counted since the vault started; shown by `health`.
struct Counters {
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> refused{0};  // not well formed, not now, or beyond a limit
  std::atomic<uint64_t> denied{0};   // well formed, but not for this caller
  std::atomic<uint64_t> failed{0};   // should have worked: a record, a key or the audit log is not as it must be
  std::atomic<uint64_t> signatures{0};

  void count(ErrorCode code);
};

// What start-up found out, for `health`.
struct StartFacts {
  bool guarded = false;
  unsigned workers = 0;
  uint64_t startedAt = 0;
};

// All that outlives a request. A resource; its parts are safe to use from all workers.
struct Service {
  Service(const Config& config, const Keyring& keyring, Random& random, const Clock& clock, const StartFacts& facts,
          size_t auditRing = AUDIT_RING, size_t maxPeers = MAX_PEERS, size_t usedChallenges = USED_CHALLENGES,
          size_t rememberedFloors = REMEMBERED_FLOORS);
  Service(const Service&) = delete;

  const Config& config;
  const Keyring& keyring;
  // The same keyring for who may change it, under `keyLock`; null where nobody may. All others read under it.
  Keyring* changeable = nullptr;
  mutable KeyLock keyLock;
  Custody custody;
  Random& random;
  const Clock& clock;
  const StartFacts facts;
  const Id instance;  // this life of this vault
  PeerTable peers;
  AuditRing audit;
  ChallengeBook challenges;
  AttemptLimiter attempts;
  FloorBook floors;
  PolicyState policy;
  Counters counters;
  // Stands in for the record of an account that isn't there, so that a sign-in for it does the same work.
  AccountRow nobody;

 private:
  std::array<uint8_t, ACCOUNT_RECORD_BYTES> nobodyRecord{};
};

// The uid in the audit record of what nobody asked for: the broker's housekeeping.
constexpr uid_t NOBODY = UINT32_MAX;

// Who a request was made by, as the vault itself found out (V5, V6). Holds a session key: lives on a secret stack.
struct Caller {
  Peer peer{NOBODY, {}};
  bool isPerson = false;
  OwnerId owner;          // of whose wallets it may use; only with `mayOwn`
  bool mayOwn = false;    // a person, or a local service
  SessionToken token;     // of a person
  AccountRow row;         // of a person; authentic
  AccountRecord account;  // of a person
  Secret<32> sessionKey;  // of a person
};

// The audit records that a Record makes, in order. Room for them was reserved before.
class EventList {
 public:
  AuditRecord& add(AuditEvent event, const OwnerId& caller, uid_t uid);
  size_t size() const { return count; }
  std::span<AuditRecord> all() { return std::span(events).first(count); }

 private:
  std::array<AuditRecord, MAX_EVENTS> events;
  size_t count = 0;
};

struct DecisionScratch;

// What a handler gets besides the request.
struct Context {
  Service& service;
  WalletScratch& wallet;      // of this worker
  DecisionScratch& decision;  // of this worker
  EventList& events;
  uint64_t now;             // Unix ms, one for the whole Record
  size_t replyRoom = 0;     // bytes of the Reply that nothing was admitted for
  int descriptor = -1;      // that came with the Record
  bool helloSaid = false;   // set by `hello`
  uint64_t replayFrom = 0;  // set by `replayAudit`
};

// Views and copies between Cap'n Proto and our bytes.
inline Bytes view(capnp::Data::Reader data) { return {data.begin(), data.size()}; }
inline std::string_view view(capnp::Text::Reader text) { return {text.begin(), text.size()}; }
inline capnp::Data::Reader reader(Bytes bytes) { return {bytes.data(), bytes.size()}; }
inline capnp::Data::Reader reader(std::string_view s) { return reader(asBytes(s.data(), s.size())); }
template <size_t N>
[[nodiscard]] bool fill(capnp::Data::Reader from, std::array<uint8_t, N>& to) {
  if (from.size() != N) return false;
  std::copy_n(from.begin(), N, to.begin());
  return true;
}

// Reads a row's fields. False when one of them can't be what it claims, whatever the record says.
[[nodiscard]] bool readAccount(rpc::Account::Reader from, AccountRow& to);
void writeAccount(rpc::Account::Builder to, const Id& userId, std::string_view email, uint64_t version, Bytes record);
void writeWallet(rpc::Wallet::Builder to, const NewWallet& wallet);
void writeRefusal(rpc::Refusal::Builder to, const Refused& refused);

Hash sha256(Bytes bytes);

}  // namespace waas::vault
