#include "postgres-store.h"

#include <daemon/broker/postgres/audit-rows.h>
#include <daemon/broker/postgres/life-rows.h>
#include <daemon/broker/postgres/policy-rows.h>
#include <daemon/broker/postgres/wallet-rows.h>
#include <kj/debug.h>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

constexpr uint64_t MAX_BIGINT = INT64_MAX;

kj::Exception invalid(kj::StringPtr detail) { return makeFault(ErrorCode::INVALID_REQUEST, detail); }

class PostgresStore final : public WalletStore, private PolicyStore {
 public:
  PostgresStore(PostgresOptions given, kj::Network& network, kj::UnixEventPort& events, StoreObserver& observer)
      : options(kj::mv(given)),
        target(parsePostgresTarget(options)),
        reads("postgres reads", options, target, network, events, observer),
        commits("postgres commits", options, target, network, events, observer),
        life("postgres life", options, target, network, events, observer),
        byId(reads, walletById()),
        byIdWithRecovery(reads, walletWithRecoveryById()),
        byFirst(reads, firstWalletOf()),
        byName(reads, walletByName()),
        byPublicKey(reads, walletByPublicKey()),
        accounts(reads, accountById()) {}

  kj::Promise<kj::Maybe<WalletRow>> wallet(const Id& walletId) override {
    LookupKey key;
    if (!key.add(bytesOf(walletId))) KJ_UNREACHABLE;
    return byId.get(key);
  }

  kj::Promise<kj::Maybe<WalletRow>> walletWithRecovery(const Id& walletId) override {
    LookupKey key;
    if (!key.add(bytesOf(walletId))) KJ_UNREACHABLE;
    return byIdWithRecovery.get(key);
  }

  kj::Promise<kj::Maybe<AccountRow>> account(const Id& userId) override {
    LookupKey key;
    if (!key.add(bytesOf(userId))) KJ_UNREACHABLE;
    return accounts.get(key);
  }

  kj::Promise<kj::Maybe<WalletRow>> walletBy(const OwnerId& owner, WalletSelector selector) override {
    LookupKey key;
    if (!key.add(bytesOf(ownerBytes(owner)))) KJ_UNREACHABLE;
    KJ_SWITCH_ONEOF(selector.which) {
      KJ_CASE_ONEOF(first, WalletSelector::First) { return byFirst.get(key); }
      KJ_CASE_ONEOF(name, kj::String) {
        // A name that can't be one names nothing.
        if (!isWalletName({name.begin(), name.size()}) || !key.add(name.asBytes())) return kj::Maybe<WalletRow>();
        return byName.get(key);
      }
      KJ_CASE_ONEOF(publicKey, PublicKey) {
        if (!key.add(bytesOf(publicKey))) KJ_UNREACHABLE;
        return byPublicKey.get(key);
      }
    }
    KJ_UNREACHABLE;
  }

  kj::Promise<kj::Maybe<AccountRow>> accountByEmail(kj::StringPtr email) override {
    PostgresParameters parameters;
    parameters.text(email);
    return reads.query(ACCOUNT_BY_EMAIL, parameters, Statement::READ).then([](PostgresAnswer answer) {
      return readOneAccount(answer);
    });
  }

  kj::Promise<kj::Array<WalletRow>> walletsOf(const OwnerId& owner, kj::Maybe<Id> after, uint32_t limit) override {
    if (limit == 0 || limit > MAX_WALLETS_READ + 1) return invalid("a page has 1 to 1001 rows");
    PostgresParameters parameters;
    parameters.bytes(bytesOf(ownerBytes(owner)));
    parameters.integer(limit);
    kj::StringPtr sql = WALLETS_OF;
    KJ_IF_MAYBE (id, after) {
      parameters.bytes(bytesOf(*id));
      sql = WALLETS_OF_AFTER;
    }
    return reads.query(sql, parameters, Statement::READ).then([](PostgresAnswer answer) {
      return readWallets(answer);
    });
  }

  kj::Promise<kj::Array<WalletRow>> page(kj::Maybe<OwnerId> whose, kj::Maybe<Id> after, uint32_t limit) override {
    if (limit == 0 || limit > MAX_WALLETS_READ + 1) return invalid("a page has 1 to 1001 rows");
    PostgresParameters parameters;
    auto sql = addPage(parameters, whose, after, limit) ? WALLET_PAGE_OF : WALLET_PAGE;
    return reads.query(sql, parameters, Statement::READ).then([](PostgresAnswer answer) {
      return readWalletPage(answer);
    });
  }

  kj::Promise<Commit> insertAccountWithWallet(AccountRow account, WalletRow wallet) override {
    if (account.version > MAX_BIGINT || wallet.version.epoch > MAX_BIGINT) return invalid("a number is out of range");
    PostgresParameters parameters;
    addWallet(parameters, wallet);
    addAccount(parameters, account);
    return commit(INSERT_ACCOUNT_WALLET, parameters);
  }

  kj::Promise<Commit> insertWallet(WalletRow wallet) override {
    if (wallet.version.epoch > MAX_BIGINT) return invalid("a number is out of range");
    PostgresParameters parameters;
    addWallet(parameters, wallet);
    return commit(INSERT_WALLET, parameters);
  }

  kj::Promise<Commit> updateAccount(AccountRow next, uint64_t expectedVersion) override {
    if (next.version > MAX_BIGINT || next.version <= expectedVersion) return invalid("a version must grow");
    PostgresParameters parameters;
    addAccount(parameters, next);
    parameters.integer(static_cast<int64_t>(expectedVersion));
    return commit(UPDATE_ACCOUNT, parameters);
  }

  kj::Promise<void> appendAudit(kj::ArrayPtr<const AuditRow> rows) override {
    if (rows.size() == 0) return kj::READY_NOW;
    if (rows.size() > MAX_AUDIT_ROWS) return invalid("too many audit rows at once");
    for (auto& row : rows) {
      if (row.sequence == 0 || row.sequence > MAX_BIGINT) return invalid("a number is out of range");
    }
    PostgresParameters parameters;
    addAuditRows(parameters, rows);
    return commits.query(INSERT_AUDIT, parameters, Statement::WRITE)
        .then([this, rows = kj::heapArray(rows)](PostgresAnswer answer) mutable -> kj::Promise<void> {
          answer.requireSuccess();
          if (answer.affected() == rows.size()) return kj::READY_NOW;
          return compareAudit(kj::mv(rows));
        });
  }

  kj::Promise<kj::Array<AuditRow>> auditTail(kj::Maybe<Id> instance, uint64_t after, uint32_t limit) override {
    if (limit == 0 || limit > MAX_AUDIT_ROWS) return invalid("a page of the audit log has 1 to 1000 rows");
    if (after > MAX_BIGINT) return kj::Array<AuditRow>();
    PostgresParameters parameters;
    parameters.integer(static_cast<int64_t>(after));
    parameters.integer(limit);
    kj::StringPtr sql = AUDIT_LAST;
    KJ_IF_MAYBE (id, instance) {
      parameters.bytes(bytesOf(*id));
      sql = AUDIT_AFTER;
    }
    return reads.query(sql, parameters, Statement::READ).then([](PostgresAnswer answer) { return readAudit(answer); });
  }

  kj::Promise<kj::Array<AuditInstance>> auditInstances() override {
    PostgresParameters none;
    return reads.query(AUDIT_INSTANCES, none, Statement::READ).then([](PostgresAnswer answer) {
      return readAuditInstances(answer);
    });
  }

  kj::Promise<Commit> advanceWallet(WalletRow next, const WalletVersion& expected) override {
    if (next.version.epoch > MAX_BIGINT || next.version.epoch <= expected.epoch) return invalid("an epoch must grow");
    PostgresParameters parameters;
    addAdvance(parameters, next, expected);
    return life.query(ADVANCE_WALLET, parameters, Statement::WRITE).then([](PostgresAnswer answer) {
      return commitOf(answer);
    });
  }

  kj::Promise<Commit> deleteWallet(WalletRow tombstone, const WalletVersion& expected) override {
    if (tombstone.version.epoch > MAX_BIGINT || tombstone.version.epoch < expected.epoch) {
      return invalid("an epoch must not fall");
    }
    PostgresParameters parameters;
    addTombstone(parameters, tombstone, expected);
    return life.query(DELETE_WALLET, parameters, Statement::WRITE).then([](PostgresAnswer answer) {
      return commitOf(answer);
    });
  }

  kj::Promise<kj::Array<WalletBrief>> scan(kj::Maybe<OwnerId> whose, kj::Maybe<Id> after, uint32_t limit) override {
    if (limit == 0 || limit > MAX_WALLETS_READ) return invalid("a page has 1 to 1000 rows");
    PostgresParameters parameters;
    auto sql = addPage(parameters, whose, after, limit) ? SCAN_OF : SCAN;
    return life.query(sql, parameters, Statement::READ).then([](PostgresAnswer answer) { return readBriefs(answer); });
  }

  kj::Promise<uint64_t> countWallets(kj::Maybe<OwnerId> whose) override {
    PostgresParameters parameters;
    kj::StringPtr sql = COUNT;
    KJ_IF_MAYBE (owner, whose) {
      parameters.bytes(bytesOf(ownerBytes(*owner)));
      sql = COUNT_OF;
    }
    return life.query(sql, parameters, Statement::READ).then([](PostgresAnswer answer) { return readCount(answer); });
  }

  kj::Promise<kj::Array<WalletRow>> claim(const Id& holder, kj::ArrayPtr<const WalletBrief> wallets,
                                          kj::Duration length) override {
    if (wallets.size() == 0) return kj::Array<WalletRow>();
    if (wallets.size() > MAX_WALLETS_READ) return invalid("too many leases at once");
    PostgresParameters parameters;
    addClaim(parameters, holder, wallets, length);
    return life.query(CLAIM, parameters, Statement::WRITE).then([](PostgresAnswer answer) {
      return readWallets(answer);
    });
  }

  kj::Promise<void> release(const Id& holder, kj::ArrayPtr<const Id> wallets) override {
    if (wallets.size() == 0) return kj::READY_NOW;
    PostgresParameters parameters;
    parameters.bytes(bytesOf(holder));
    parameters.beginArray(PostgresParameters::Element::BYTES, wallets.size());
    for (auto& id : wallets) parameters.element(bytesOf(id));
    return life.query(RELEASE, parameters, Statement::WRITE).then([](PostgresAnswer answer) {
      answer.requireSuccess();
    });
  }

  kj::Promise<uint64_t> clock() override {
    PostgresParameters none;
    return life.query(CLOCK, none, Statement::READ).then([](PostgresAnswer answer) { return readClock(answer); });
  }

  kj::Promise<kj::Array<KeyCount>> countKeys(Envelope kind) override {
    PostgresParameters none;
    return life.query(countKeysOf(kind), none, Statement::READ).then([](PostgresAnswer answer) {
      return readKeyCounts(answer);
    });
  }

  PolicyStore& policies() override { return *this; }

  kj::Promise<kj::Array<PolicyRow>> bundlesAbove(uint64_t number) override {
    if (number > MAX_BIGINT) return kj::Array<PolicyRow>();
    PostgresParameters parameters;
    parameters.integer(static_cast<int64_t>(number));
    parameters.integer(MAX_BUNDLES_READ);
    return reads.query(BUNDLES_ABOVE, parameters, Statement::READ).then([](PostgresAnswer answer) {
      return readBundles(answer);
    });
  }

  kj::Promise<Commit> insertBundle(PolicyRow bundle) override {
    if (bundle.number == 0 || bundle.number > MAX_BIGINT) return invalid("a number is out of range");
    PostgresParameters parameters;
    parameters.integer(static_cast<int64_t>(bundle.number));
    parameters.bytes(bundle.bundle);
    return commit(INSERT_BUNDLE, parameters);
  }

  kj::Promise<Commit> replaceLimits(kj::ArrayPtr<const kj::byte> row, const LimitVersion& expected) override {
    PostgresParameters parameters;
    parameters.bytes(row);
    parameters.bytes(bytesOf(limitVersionBytes(expected)));
    return commit(REPLACE_LIMITS, parameters);
  }

  StoreHealth health() override;

 private:
  // Adds after, limit and, where one is named, the owner. True when one is.
  static bool addPage(PostgresParameters& parameters, const kj::Maybe<OwnerId>& whose, const kj::Maybe<Id>& after,
                      uint32_t limit) {
    KJ_IF_MAYBE (id, after) {
      parameters.bytes(bytesOf(*id));
    } else {
      parameters.bytes(nullptr);
    }
    parameters.integer(limit);
    KJ_IF_MAYBE (owner, whose) {
      parameters.bytes(bytesOf(ownerBytes(*owner)));
      return true;
    }
    return false;
  }

  kj::Promise<Commit> commit(kj::StringPtr sql, PostgresParameters& parameters) {
    return commits.query(sql, parameters, Statement::WRITE).then([](PostgresAnswer answer) {
      return commitOf(answer);
    });
  }

  // Some rows stood there already: after a repetition they are the same.
  kj::Promise<void> compareAudit(kj::Array<AuditRow> rows) {
    PostgresParameters parameters;
    addAuditPlaces(parameters, rows);
    return commits.query(AUDIT_ROWS_AT, parameters, Statement::READ).then([rows = kj::mv(rows)](PostgresAnswer answer) {
      if (allStored(rows, readAudit(answer))) return;
      kj::throwFatalException(
          makeFault(ErrorCode::RECORD_REFUSED, "another audit record stands in the place of one of ours"));
    });
  }

  // In this order: lookups use connections, connections use the target.
  PostgresOptions options;
  PostgresTarget target;
  PostgresConnection reads;
  PostgresConnection commits;
  PostgresConnection life;  // runs: what they ask and write never stands before a signature's audit record
  Lookup<WalletRow> byId, byIdWithRecovery, byFirst, byName, byPublicKey;
  Lookup<AccountRow> accounts;
};

StoreHealth PostgresStore::health() {
  StoreHealth health;
  auto& facts = commits.facts();
  health.reachable = reads.connected() && commits.connected() && life.connected();
  health.roundTrip = reads.roundTrip();
  health.reconnects = reads.reconnects() + commits.reconnects() + life.reconnects();
  health.version = kj::heapString(commits.serverVersion());
  health.detail = kj::str(!health.reachable ? "not connected" : facts.inRecovery ? "standby" : "primary");
  kj::Vector<kj::String> risks;
  if (health.reachable && !facts.commitsWait) {
    risks.add(kj::str("PostgreSQL answers commits before they are on disk (synchronous_commit or fsync is off)"));
  }
  if (health.reachable && !facts.hasSchema) risks.add(kj::str("PostgreSQL has no schema yet: run waas db migrate"));
  health.risks = risks.releaseAsArray();
  return health;
}

}  // namespace

kj::Own<WalletStore> newPostgresStore(PostgresOptions options, kj::Network& network, kj::UnixEventPort& events,
                                      StoreObserver& observer) {
  return kj::heap<PostgresStore>(kj::mv(options), network, events, observer);
}

}  // namespace waas::broker
