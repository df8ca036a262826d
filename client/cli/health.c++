// waas health: the daemon's whole report; exit code 1 when anything is at risk.
#include "connection.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

using Report = protocol::Health::Reader;

const char* nameOf(protocol::Health::Vault::SecretMemory kind) {
  switch (kind) {
    case protocol::Health::Vault::SecretMemory::UNPROTECTED: return "unprotected";
    case protocol::Health::Vault::SecretMemory::LOCKED: return "locked";
    case protocol::Health::Vault::SecretMemory::SECRET: return "secret";
  }
  return "unknown";
}

Json storesJson(Report report) {
  Json stores = Json::array();
  for (auto store : report.getStores()) {
    stores.push_back({{"name", store.getName().cStr()},
                      {"reachable", store.getReachable()},
                      {"roundTripMicroseconds", store.getRoundTrip()},
                      {"reconnects", store.getReconnects()},
                      {"detail", store.getDetail().cStr()}});
  }
  return stores;
}

Json vaultJson(protocol::Health::Vault::Reader vault) {
  Json keys = Json::array();
  for (auto key : vault.getKeys()) {
    keys.push_back({{"purpose", key.getPurpose().cStr()}, {"version", key.getVersion()}, {"newest", key.getNewest()}});
  }
  return {{"reachable", vault.getReachable()},
          {"instance", hex(bytesOf(vault.getInstance()))},
          {"secretMemory", nameOf(vault.getSecretMemory())},
          {"guarded", vault.getGuarded()},
          {"workers", vault.getWorkers()},
          {"startedAt", vault.getStartedAt()},
          {"unacknowledged", vault.getUnacknowledged()},
          {"ringSize", vault.getRingSize()},
          {"signatures", vault.getSignatures()},
          {"denied", vault.getDenied()},
          {"failed", vault.getFailed()},
          {"policy", vault.getPolicy()},
          {"policyNotAfter", vault.getPolicyNotAfter()},
          {"keys", keys}};
}

Json brokerJson(protocol::Health::Broker::Reader broker) {
  return {{"version", broker.getVersion().cStr()},      {"connections", broker.getConnections()},
          {"callsInFlight", broker.getCallsInFlight()}, {"callsRefused", broker.getCallsRefused()},
          {"auditDurable", broker.getAuditDurable()},   {"sandboxed", broker.getSandboxed()}};
}

Json reportJson(Report report) {
  Json risks = Json::array();
  for (auto risk : report.getRisks()) risks.push_back(risk.cStr());
  return {{"healthy", risks.empty()},
          {"risks", risks},
          {"stores", storesJson(report)},
          {"vault", vaultJson(report.getVault())},
          {"broker", brokerJson(report.getBroker())}};
}

void printReport(std::ostream& out, Report report) {
  std::vector<std::vector<std::string>> rows;
  for (auto store : report.getStores()) {
    std::string trip = store.getRoundTrip() > 0 ? std::to_string(store.getRoundTrip()) + " us" : "";
    rows.push_back({textOf(store.getName()), store.getReachable() ? "up" : "DOWN", trip, textOf(store.getDetail())});
  }
  auto vault = report.getVault();
  rows.push_back({"vault", vault.getReachable() ? "up" : "DOWN", "",
                  std::string(nameOf(vault.getSecretMemory())) + " memory, " +
                      (vault.getGuarded() ? "guarded, " : "NOT GUARDED, ") + std::to_string(vault.getSignatures()) +
                      " signatures, since " + utc(vault.getStartedAt())});
  auto broker = report.getBroker();
  rows.push_back({"broker", "up", "",
                  textOf(broker.getVersion()) + ", " + (broker.getSandboxed() ? "sandboxed, " : "NOT SANDBOXED, ") +
                      std::to_string(broker.getConnections()) + " connections"});
  printTable(out, rows);
  for (auto risk : report.getRisks()) out << "at risk: " << risk.cStr() << "\n";
  out << (report.getRisks().size() == 0 ? "healthy\n" : "NOT healthy\n");
}

}  // namespace

void addHealth(CLI::App& app, Invocation& invocation) {
  addCommand(app, invocation, "health", "Report on stores, vault and broker; exit code 1 if anything is at risk",
             [&invocation](Output& output) {
               Connection connection(invocation.globals, output);
               auto response = connection.wait(connection.asOperator().health());
               auto report = response.getHealth();
               output.result(reportJson(report), [&](std::ostream& out) { printReport(out, report); });
               return report.getRisks().size() == 0 ? EXIT_DONE : EXIT_FAILED;
             });
}

}  // namespace waas::cli
