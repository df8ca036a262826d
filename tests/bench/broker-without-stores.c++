// The broker with stores in its own memory: what is left is the door, RPC, the vault link, audit in the vault, the
// vault. For the comparison with signing agents that keep their keys in memory. The sandbox is the broker's own; only
// the three stores are stood in for, so nothing that it makes outlives it.
//
//   broker-without-stores --config signerd.toml [--credentials DIR]
#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <kj/map.h>
#include <kj/vector.h>
#include <seccomp/sandbox.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <map>
#include <string>

#include "daemon/broker/door.h"
#include "daemon/broker/health.h"
#include "daemon/broker/lifecycle/share-keeper.h"
#include "daemon/broker/limit-turns.h"
#include "daemon/broker/log.h"
#include "daemon/broker/policy-keeper.h"
#include "daemon/broker/share-store.h"
#include "daemon/broker/wallet-store.h"

namespace waas::broker {
namespace {

kj::Exception notHere() { return makeFault(protocol::ErrorCode::UNKNOWN, "this broker has no such store"_kj); }

// No policy rests here, and no limit: the vault is started to decide by none.
class NoPolicies final : public PolicyStore {
 public:
  kj::Promise<kj::Array<PolicyRow>> bundlesAbove(uint64_t) override { return kj::Array<PolicyRow>(); }
  kj::Promise<Commit> insertBundle(PolicyRow) override { return notHere(); }
  kj::Promise<Commit> replaceLimits(kj::ArrayPtr<const kj::byte>, const LimitVersion&) override { return notHere(); }
};

class MemoryWallets final : public WalletStore {
 public:
  PolicyStore& policies() override { return noPolicies; }
  kj::Promise<kj::Maybe<WalletRow>> wallet(const Id& walletId) override {
    auto found = rows.find(walletId);
    if (found == rows.end()) return kj::Maybe<WalletRow>(nullptr);
    return kj::Maybe<WalletRow>(found->second.clone());
  }
  kj::Promise<kj::Maybe<WalletRow>> walletBy(const OwnerId& owner, WalletSelector selector) override {
    for (auto& [id, row] : rows) {
      Certificate certificate;
      if (row.readCertificate(certificate) && certificate.owner == owner && isSelected(selector, certificate)) {
        return kj::Maybe<WalletRow>(row.clone());
      }
    }
    return kj::Maybe<WalletRow>(nullptr);
  }
  kj::Promise<kj::Array<WalletRow>> walletsOf(const OwnerId& owner, kj::Maybe<Id>, uint32_t limit) override {
    kj::Vector<WalletRow> found;
    for (auto& [id, row] : rows) {
      Certificate certificate;
      if (row.readCertificate(certificate) && certificate.owner == owner && found.size() < limit) {
        found.add(row.clone());
      }
    }
    return found.releaseAsArray();
  }
  kj::Promise<Commit> insertWallet(WalletRow wallet) override {
    Certificate made, there;
    if (!wallet.readCertificate(made)) return Commit::CONFLICT;
    for (auto& [id, row] : rows) {
      if (!row.readCertificate(there) || there.owner != made.owner) continue;
      if (there.name == made.name) return Commit::NAME_TAKEN;
      if (there.first && made.first) return Commit::FIRST_TAKEN;
    }
    Id id = wallet.walletId;
    rows.emplace(id, kj::mv(wallet));
    return Commit::DONE;
  }
  kj::Promise<void> appendAudit(kj::ArrayPtr<const AuditRow>) override { return kj::READY_NOW; }

  kj::Promise<kj::Maybe<WalletRow>> walletWithRecovery(const Id&) override { return notHere(); }
  kj::Promise<Commit> advanceWallet(WalletRow, const WalletVersion&) override { return notHere(); }
  kj::Promise<Commit> deleteWallet(WalletRow, const WalletVersion&) override { return notHere(); }
  kj::Promise<kj::Array<WalletBrief>> scan(kj::Maybe<OwnerId>, kj::Maybe<Id>, uint32_t) override { return notHere(); }
  kj::Promise<uint64_t> countWallets(kj::Maybe<OwnerId>) override { return notHere(); }
  kj::Promise<kj::Array<WalletRow>> claim(const Id&, kj::ArrayPtr<const WalletBrief>, kj::Duration) override {
    return notHere();
  }
  kj::Promise<void> release(const Id&, kj::ArrayPtr<const Id>) override { return notHere(); }
  kj::Promise<uint64_t> clock() override { return notHere(); }
  kj::Promise<kj::Array<KeyCount>> countKeys(Envelope) override { return notHere(); }
  kj::Promise<kj::Maybe<AccountRow>> account(const Id&) override { return notHere(); }
  kj::Promise<kj::Maybe<AccountRow>> accountByEmail(kj::StringPtr) override { return notHere(); }
  kj::Promise<kj::Array<WalletRow>> page(kj::Maybe<OwnerId>, kj::Maybe<Id>, uint32_t) override { return notHere(); }
  kj::Promise<Commit> insertAccountWithWallet(AccountRow, WalletRow) override { return notHere(); }
  kj::Promise<Commit> updateAccount(AccountRow, uint64_t) override { return notHere(); }
  kj::Promise<kj::Array<AuditRow>> auditTail(kj::Maybe<Id>, uint64_t, uint32_t) override { return notHere(); }
  kj::Promise<kj::Array<AuditInstance>> auditInstances() override { return notHere(); }
  StoreHealth health() override { return {}; }

 private:
  static bool isSelected(const WalletSelector& selector, const Certificate& certificate) {
    if (selector.which.is<PublicKey>()) return selector.which.get<PublicKey>() == certificate.publicKey;
    if (selector.which.is<kj::String>()) return certificate.name == selector.which.get<kj::String>().cStr();
    return certificate.first;
  }

  NoPolicies noPolicies;
  std::map<Id, WalletRow> rows;
};

class MemoryShares final : public ShareStore {
 public:
  kj::Promise<ShareHash> shares(const Id& walletId) override {
    ShareHash found;
    auto at = fields.find(walletId);
    if (at != fields.end()) found.fields = kj::arr(ShareField(at->second));
    return found;
  }
  kj::Promise<State> state(const Id& walletId, const WalletVersion& version) override {
    auto at = fields.find(walletId);
    return State{at != fields.end() && at->second.version == version, 30 * kj::DAYS};
  }
  kj::Promise<void> putFloor(const Id&, kj::ArrayPtr<const kj::byte>, kj::Duration) override { return kj::READY_NOW; }
  kj::Promise<void> putLimitFloor(const Id&, kj::ArrayPtr<const kj::byte>) override { return kj::READY_NOW; }
  kj::Promise<void> extend(const Id&, kj::Duration) override { return kj::READY_NOW; }
  kj::Promise<void> erase(const Id& walletId) override {
    fields.erase(walletId);
    return kj::READY_NOW;
  }
  kj::Promise<void> put(const Id& walletId, const WalletVersion& version, kj::ArrayPtr<const kj::byte> envelope,
                        kj::Duration) override {
    ShareField& field = fields[walletId];
    field.version = version;
    std::copy(envelope.begin(), envelope.end(), field.envelope.begin());
    return kj::READY_NOW;
  }
  kj::Promise<void> remove(const Id& walletId, const WalletVersion&) override {
    fields.erase(walletId);
    return kj::READY_NOW;
  }
  kj::Promise<kj::Maybe<kj::Duration>> expiry(const Id&) override { return kj::Maybe<kj::Duration>(30 * kj::DAYS); }
  StoreHealth health() override { return {}; }

 private:
  std::map<Id, ShareField> fields;
};

class Tasks final : public kj::TaskSet::ErrorHandler {
 public:
  void taskFailed(kj::Exception&& exception) override { logFault("B6002", "a background task failed", exception); }
};

int serve(const std::string& config, const std::string& credentials) {
  signal(SIGPIPE, SIG_IGN);
  kj::UnixEventPort::captureSignal(SIGTERM);
  auto settings = readSettings(kj::StringPtr(config.c_str()), kj::StringPtr(credentials.c_str()));
  startLog(false);
  auto listener = bindListener(settings.socket, nullptr);
  auto io = kj::setupAsyncIo();
  auto& port = io.unixEventPort;
  auto& timer = port.getTimer();

  MemoryWallets wallets;
  MemoryShares shares2, shares3;
  LoopTurn turn;
  Tasks logged;
  uint32_t connections = 0;
  Admission admission(settings.calls, limits::CALLS_PER_CONNECTION);
  DeadlineQueue deadlines(timer, settings.deadline, limits::DEADLINE_TICK);
  VaultLink vault(port, turn, kj::heapString(settings.vault));
  AuditWriter audit(wallets, vault, turn, timer);
  HealthReport health(connections);
  kj::TaskSet background(logged);
  ShareKeeper keeper(timer, kj::systemPreciseCalendarClock());
  LimitTurns limitTurns;
  PolicyKeeper policies(wallets.policies(), vault, timer);
  Parts parts{settings,   timer,     kj::systemPreciseCalendarClock(),
              admission,  deadlines, wallets,
              shares2,    shares3,   vault,
              audit,      health,    keeper,
              limitTurns, policies,  {{&shares2, &shares3}},
              background};
  StreamPool pool{port, turn};
  Door door(kj::mv(listener), pool, parts, connections);

  seccomp::LandlockReport report;
  if (auto failure = seccomp::enterBrokerSandbox({}, report)) {
    fprintf(stderr, "%s\n", failure->sentence);
    return 1;
  }
  VaultListener* const listeners[] = {&audit, &door};
  vault.start(listeners);
  door.open();
  port.onSignal(SIGTERM).wait(io.waitScope);
  door.drain().wait(io.waitScope);
  return 0;
}

}  // namespace
}  // namespace waas::broker

int main(int count, char** values) {
  CLI::App app{"the broker with stores in its own memory"};
  std::string config, credentials;
  app.add_option("--config", config)->required();
  app.add_option("--credentials", credentials)->required();
  CLI11_PARSE(app, count, values);
  if (auto failure = waas::seccomp::beginBroker({3})) {
    fprintf(stderr, "%s\n", failure->sentence);
    return 1;
  }
  return waas::broker::serve(config, credentials);
}
