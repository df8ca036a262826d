#include "health.h"

#include "lifecycle/share-keeper.h"
#include "version.h"

namespace waas::broker {
namespace {

constexpr kj::Duration VAULT_PATIENCE = 1 * kj::SECONDS;
constexpr size_t HEALTH_WORDS = 16;
constexpr uint64_t POLICY_ENDS_SOON_MS = 7 * 86'400'000ull;

void addPolicyRisk(inner::Policy::Reader policy, uint64_t now, kj::Vector<kj::String>& risks) {
  if (!policy.getRequired()) {
    risks.add(kj::str("The vault decides by no policy: whoever owns a wallet may do everything with it."));
  } else if (policy.getNumber() == 0) {
    risks.add(kj::str("No policy is loaded, so nothing is signed."));
  } else if (policy.getNotAfter() < now) {
    risks.add(kj::str("The policy has expired, so nothing is signed."));
  } else if (policy.getNotAfter() - now < POLICY_ENDS_SOON_MS) {
    risks.add(kj::str("The policy expires within 7 days; then nothing is signed."));
  }
}

}  // namespace

kj::Promise<void> HealthReport::ask(Parts& parts) {
  auto late = parts.timer.afterDelay(VAULT_PATIENCE).then([]() -> VaultAnswer {
    kj::throwFatalException(makeFault(protocol::ErrorCode::VAULT_UNREACHABLE));
  });
  return parts.vault.ask(HEALTH_WORDS, [](inner::Request::Builder request) { request.setHealth(); })
      .exclusiveJoin(kj::mv(late))
      .then([this](VaultAnswer answer) { vault = kj::mv(answer); }, [this](kj::Exception&&) { vault = nullptr; });
}

bool HealthReport::isSameServer(const StoreHealth& a, const StoreHealth& b) {
  if (a.runId.size() > 0 && a.runId == b.runId) return true;
  return a.replicationId.size() > 0 && a.replicationId == b.replicationId;
}

void HealthReport::write(Parts& parts, protocol::Health::Builder out) {
  kj::Vector<kj::String> risks;
  auto postgres = parts.wallets.health();
  auto redis1 = parts.redis1.health();
  auto redis2 = parts.redis2.health();
  auto stores = out.initStores(3);
  writeStore("postgres", postgres, stores[0], risks);
  writeStore("redis1", redis1, stores[1], risks);
  writeStore("redis2", redis2, stores[2], risks);
  KJ_IF_MAYBE (answer, vault) {
    bool kept = answer->answer.isHealth() && !answer->answer.getHealth().getRecoveryKey();
    if (kept && (!redis1.durableAtOnce || !redis2.durableAtOnce)) {
      risks.add(
          kj::str("Custodians keep the recovery key, so both Redis must have `appendonly yes` and "
                  "`appendfsync always`: a share that is lost in a crash can't be recovered without them."));
    }
  }
  if (isSameServer(redis1, redis2)) {
    risks.add(kj::str("Both Redis settings name the same server, so two of three shares lie in one place."));
  }
  writeVault(parts, out.initVault(), risks);

  auto broker = out.initBroker();
  broker.setConnections(connections);
  broker.setCallsInFlight(parts.admission.callsInFlight());
  broker.setCallsRefused(parts.admission.callsRefused());
  broker.setAuditDurable(parts.audit.durableSequence());
  broker.setSandboxed(sandboxed);
  broker.setVersion(VERSION);
  if (!sandboxed) risks.add(kj::str("The broker runs without its sandbox."));
  parts.keeper.addRisks(risks);
  if (parts.audit.isFailing()) risks.add(kj::str("The audit log can't be written, so nothing is signed."));

  auto list = out.initRisks(static_cast<unsigned int>(risks.size()));
  for (unsigned int i = 0; i < risks.size(); i++) list.set(i, risks[i]);
}

void HealthReport::writeStore(kj::StringPtr name, const StoreHealth& store, protocol::Health::Store::Builder out,
                              kj::Vector<kj::String>& risks) {
  out.setName(name);
  out.setReachable(store.reachable);
  out.setRoundTrip(static_cast<uint32_t>(store.roundTrip / kj::MICROSECONDS));
  out.setReconnects(store.reconnects);
  out.setDetail(store.version.size() > 0 && store.detail.size() > 0 ? kj::str(store.version, ", ", store.detail)
                                                                    : kj::str(store.version, store.detail));
  if (!store.reachable) risks.add(kj::str("The store ", name, " does not answer."));
  for (auto& risk : store.risks) risks.add(kj::str(name, ": ", risk));
}

void HealthReport::writeVault(Parts& parts, protocol::Health::Vault::Builder out, kj::Vector<kj::String>& risks) {
  KJ_IF_MAYBE (answer, vault) {
    if (answer->answer.isHealth()) {
      auto health = answer->answer.getHealth();
      out.setReachable(parts.vault.isReady());
      out.setSecretMemory(static_cast<protocol::Health::Vault::SecretMemory>(health.getSecretMemory()));
      out.setGuarded(health.getGuarded());
      out.setWorkers(health.getWorkers());
      out.setStartedAt(health.getStartedAt());
      out.setUnacknowledged(health.getUnacknowledged());
      out.setRingSize(health.getRingSize());
      out.setSignatures(health.getSignatures());
      out.setDenied(health.getDenied());
      out.setFailed(health.getFailed());
      out.setInstance(kj::arrayPtr(parts.audit.vaultInstance().data(), sizeof(Id)));
      auto keys = out.initKeys(health.getKeys().size());
      for (unsigned int i = 0; i < keys.size(); i++) {
        keys[i].setPurpose(health.getKeys()[i].getPurpose());
        keys[i].setVersion(health.getKeys()[i].getVersion());
        keys[i].setNewest(health.getKeys()[i].getNewest());
      }
      if (health.getSecretMemory() == inner::Health::SecretMemory::UNPROTECTED) {
        risks.add(kj::str("The vault's memory is neither secret nor locked."));
      }
      out.setPolicy(health.getPolicy().getNumber());
      out.setPolicyNotAfter(health.getPolicy().getNotAfter());
      addPolicyRisk(health.getPolicy(), parts.now(), risks);
      if (!health.getGuarded()) risks.add(kj::str("The vault runs without its guard, so root can read its registers."));
      if (health.getUnacknowledged() * 2 > health.getRingSize()) {
        risks.add(kj::str("More than half of the vault's audit ring waits to be stored."));
      }
      return;
    }
  }
  risks.add(kj::str("The vault does not answer."));
}

}  // namespace waas::broker
