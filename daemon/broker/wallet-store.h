#pragma once
// Wallets, accounts and the audit log, as the broker sees PostgreSQL.
//
// Every promise settles within the store's deadline, whatever the server does. Faults (fault.h) of every method:
//
//   postgresUnreachable  not connected, or the connection was lost: nothing was changed. At once when not connected.
//   outcomeUnknown       writes only: the connection was lost, or the deadline passed, after the statement had left
//   overloaded           too many statements wait; nothing was sent
//   recordRefused        reads: the stored row has not the form of a row (that row only; other requests are served)
//   conflict             serialization failure or deadlock; nothing was changed
//   unknown              the server refused the statement (a right or a table that is missing); nothing was changed
//
// Dropping a promise gives up the answer, never the statement: a write that has left may still be carried out.
#include <daemon/broker/policy-store.h>
#include <daemon/broker/rows.h>
#include <daemon/broker/store-health.h>
#include <kj/async.h>
#include <kj/one-of.h>

namespace waas::broker {

// What became of a write that was answered.
enum class Commit : uint8_t {
  UNKNOWN = 0,  // never returned
  DONE,         // durable, as far as the server promises it
  EMAIL_TAKEN,  // an account with this address exists; nothing was changed
  NAME_TAKEN,   // the owner has another wallet of this name; nothing was changed
  FIRST_TAKEN,  // the owner has a first wallet; nothing was changed
  KEY_TAKEN,    // the owner has a wallet with this public key; nothing was changed
  CONFLICT,     // another version stands there (or the id exists, or the owner does not); nothing was changed
};

// Names one wallet among an owner's. A value.
struct WalletSelector {
  struct First {};
  kj::OneOf<First, kj::String, PublicKey> which;  // String: the name
};

class WalletStore {
 public:
  virtual ~WalletStore() noexcept(false) = default;

  // Reads one wallet, one account, or one wallet of an owner; null = the server answered that there is none. Calls of
  // the same method (walletBy: of the same kind of selector) in one turn of the event loop travel as one statement.
  virtual kj::Promise<kj::Maybe<WalletRow>> wallet(const Id& walletId) = 0;
  virtual kj::Promise<kj::Maybe<AccountRow>> account(const Id& userId) = 0;
  virtual kj::Promise<kj::Maybe<WalletRow>> walletBy(const OwnerId& owner, WalletSelector selector) = 0;

  // The same as wallet(), with the recovery envelope.
  virtual kj::Promise<kj::Maybe<WalletRow>> walletWithRecovery(const Id& walletId) = 0;

  virtual kj::Promise<kj::Maybe<AccountRow>> accountByEmail(kj::StringPtr email) = 0;

  // Wallets of an owner, the first one first, the others by name (bytewise), without deleted ones: those that come
  // after the wallet `after`. `limit` is 1..MAX_WALLETS_READ + 1.
  virtual kj::Promise<kj::Array<WalletRow>> walletsOf(const OwnerId& owner, kj::Maybe<Id> after, uint32_t limit) = 0;

  // A page of wallets ordered by id, deleted ones too: those after `after`, of one owner or of all. Tells leases.
  // `limit` is 1..MAX_WALLETS_READ + 1.
  virtual kj::Promise<kj::Array<WalletRow>> page(kj::Maybe<OwnerId> whose, kj::Maybe<Id> after, uint32_t limit) = 0;

  // Writes. Each is one statement and one transaction of its own: whole or not at all.
  virtual kj::Promise<Commit> insertAccountWithWallet(AccountRow account, WalletRow wallet) = 0;
  virtual kj::Promise<Commit> insertWallet(WalletRow wallet) = 0;

  // Puts `next` in the place of a wallet's row that has version `expected`: the commit point of rotation, recovery and
  // re-wrapping. Ends its lease. CONFLICT when another version stands there, or a tombstone.
  virtual kj::Promise<Commit> advanceWallet(WalletRow next, const WalletVersion& expected) = 0;

  // Puts a tombstone in the place of a wallet's row that has version `expected`: no envelope remains.
  virtual kj::Promise<Commit> deleteWallet(WalletRow tombstone, const WalletVersion& expected) = 0;

  // For runs: wallets after `after` by id, of one owner or of all, tombstones too. `limit` is 1..MAX_WALLETS_READ.
  virtual kj::Promise<kj::Array<WalletBrief>> scan(kj::Maybe<OwnerId> whose, kj::Maybe<Id> after, uint32_t limit) = 0;

  // About how many wallets a scan will show; exact up to 100,000.
  virtual kj::Promise<uint64_t> countWallets(kj::Maybe<OwnerId> whose) = 0;

  // Takes leases: of those wallets that still have the version named, are not deleted and in nobody's hands. Gives the
  // rows that it got. `holder` is the run's own number.
  virtual kj::Promise<kj::Array<WalletRow>> claim(const Id& holder, kj::ArrayPtr<const WalletBrief> wallets,
                                                  kj::Duration length) = 0;

  // Gives leases back that this holder still has.
  virtual kj::Promise<void> release(const Id& holder, kj::ArrayPtr<const Id> wallets) = 0;

  // The database's clock, Unix ms.
  virtual kj::Promise<uint64_t> clock() = 0;

  // Which key versions the stored envelopes name in their heads: a look at every row, and an untrusted database's word.
  enum class Envelope : uint8_t { SHARE, RECOVERY, ACCOUNT };
  virtual kj::Promise<kj::Array<KeyCount>> countKeys(Envelope kind) = 0;

  // Puts `next` in the place of the row that has `next.userId` and `expectedVersion`; CONFLICT when there is none such.
  // The address can't be changed: `next.email` must be the stored one, else CONFLICT.
  virtual kj::Promise<Commit> updateAccount(AccountRow next, uint64_t expectedVersion) = 0;

  // Makes audit rows durable. The rows are copied before this returns; at most MAX_AUDIT_ROWS. Idempotent:
  // a row that stands there with equal bytes is fine (its head signature stays as it is); one with other bytes stays,
  // too, and the fault is recordRefused, while the new rows of the call are written. After outcomeUnknown just call
  // again.
  virtual kj::Promise<void> appendAudit(kj::ArrayPtr<const AuditRow> rows) = 0;

  // Rows of one instance after a sequence, ascending; without an instance the last `limit` rows of the one that wrote
  // last (`after` still holds). `limit` is 1..MAX_AUDIT_ROWS.
  virtual kj::Promise<kj::Array<AuditRow>> auditTail(kj::Maybe<Id> instance, uint64_t after, uint32_t limit) = 0;

  // The vault lives in the log, the latest first; at most 1000.
  virtual kj::Promise<kj::Array<AuditInstance>> auditInstances() = 0;

  // Policy bundles and limit rows of the same database. Lives as long as this store.
  virtual PolicyStore& policies() = 0;

  // Never waits.
  virtual StoreHealth health() = 0;

  static constexpr uint32_t MAX_WALLETS_READ = 1000;
  static constexpr uint32_t MAX_AUDIT_ROWS = 1000;
};

}  // namespace waas::broker
