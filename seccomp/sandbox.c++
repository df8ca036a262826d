#include "seccomp/sandbox.h"

#include "seccomp/install.h"
#include "seccomp/process-limits.h"

namespace waas::seccomp {

namespace {

constexpr uint16_t DNS = 53;

// What getaddrinfo() reads, and where CA files live. Targets of symbolic links must be named themselves.
void addResolverPaths(LandlockRules& rules) {
  for (const char* path :
       {"/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services",
        "/etc/protocols", "/etc/ssl/certs", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
        "/run/systemd/resolve", "/etc/localtime", "/usr/share/zoneinfo", "/etc/waas"}) {
    rules.paths.push_back({path});
  }
}

}  // namespace

Outcome beginVault(const VaultStart& start) {
  if (Outcome refused = becomePrivate()) return refused;
  // Listener, link, and for each of 8 workers the 253 descriptors that one datagram can carry: what the limit keeps out
  // the kernel closes itself, in the worker, and a socket that lingers could hold it there.
  if (Outcome refused = limitResources({{RLIMIT_NOFILE, 4096}})) return refused;
  return closeDescriptorsFrom(start.listenerInherited ? VAULT_LISTENER + 1 : VAULT_LISTENER);
}

Outcome leaveVaultFiles(LandlockReport& report) { return restrictSelf(LandlockRules{}, report); }

Outcome enterVaultSandbox(const VaultSandboxOptions& options) { return install(vaultProfileWith(options)); }

Outcome beginBroker(const BrokerStart& start) {
  if (Outcome refused = becomePrivate()) return refused;
  return closeDescriptorsFrom(start.firstUnknown);
}

Outcome enterBrokerSandbox(const BrokerSandboxOptions& options, LandlockReport& report) {
  LandlockRules rules;
  addResolverPaths(rules);
  for (const std::string& path : options.readablePaths) rules.paths.push_back({path});
  rules.connectPorts = options.connectPorts;
  rules.connectPorts.push_back(DNS);
  if (Outcome refused = restrictSelf(rules, report)) return refused;
  return install(brokerProfile());
}

Outcome beginGateway(const GatewayStart& start) {
  if (Outcome refused = becomePrivate()) return refused;
  return closeDescriptorsFrom(start.firstUnknown);
}

Outcome enterGatewaySandbox(const GatewaySandboxOptions& options, LandlockReport& report) {
  LandlockRules rules;
  addResolverPaths(rules);
  for (const std::string& path : options.readablePaths) rules.paths.push_back({path});
  rules.connectPorts = options.connectPorts;
  rules.connectPorts.push_back(DNS);
  if (Outcome refused = restrictSelf(rules, report)) return refused;
  return install(gatewayProfile());
}

Outcome enterGuardSandbox(pid_t child) {
  if (Outcome refused = becomePrivate()) return refused;
  if (Outcome refused = closeDescriptorsFrom(0)) return refused;
  return install(guardProfile(child));
}

}  // namespace waas::seccomp
