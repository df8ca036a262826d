#pragma once
// How each process of WaaS loses its powers, step by step. Each step either works or returns a sentence, upon which the
// process must end: a layer that is missing is never a warning.
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "seccomp/failure.h"
#include "seccomp/landlock.h"
#include "seccomp/profile.h"

namespace waas::seccomp {

// --- vault -----------------------------------------------------------------------------------------------------------

// The vault's descriptors, to which its table holds it. 0, 1 and 2 are inherited; nothing else is open.
constexpr int VAULT_LISTENER = 3;
constexpr int VAULT_LINK = 4;
constexpr int VAULT_FIRST_PASSED = 5;

// First step, before a secret is read: undumpable, no core, no_new_privs, at most 4096 descriptors, no inherited one
// but 0, 1, 2 and (when `listenerInherited`) 3. Must be repeated after a change of user (`becomePrivate()`).
struct VaultStart {
  bool listenerInherited = false;
};
Outcome beginVault(const VaultStart& start);

// Second step, after the last file was opened and the listener bound, before the first worker starts (Landlock binds
// only threads that are started later): no file system, no TCP, no signals to or abstract sockets of others.
Outcome leaveVaultFiles(LandlockReport& report);

// Last step, when every worker runs and waits: loads the vault's table into all threads. Everything that the workers do
// later must have been touched before (stacks, lazy initialisation): from here on no memory can be mapped.
struct VaultSandboxOptions {
  // The pages of the keyring: read-only, and writable for the moment of a change. No other page's protection can
  // change.
  std::span<const uint8_t> keys;
};
Outcome enterVaultSandbox(const VaultSandboxOptions& options = {});

// The vault's table; the first for a vault whose keys lie nowhere.
Profile vaultProfile();
Profile vaultProfileWith(const VaultSandboxOptions& options);

// --- broker ----------------------------------------------------------------------------------------------------------

// First step: undumpable, no core, no_new_privs, inherited descriptors from `firstUnknown` on closed.
struct BrokerStart {
  unsigned firstUnknown = 3;  // 3 + LISTEN_FDS
};
Outcome beginBroker(const BrokerStart& start);

// Last step, after the configuration, credentials and CA files were read, the listener bound and `setupAsyncIo()` done,
// while the process has one thread: Landlock, then the table. What is still reachable:
//   files    read only: what name resolution needs (/etc/hosts, resolv.conf, nsswitch.conf, …), CA files under
//            /etc/ssl, and `readablePaths` (absolute; files or folders; those that do not exist are skipped)
//   network  Unix sockets by path; TCP to `connectPorts` and 53 (where the kernel has Landlock ABI 4)
// A rule holds a file, not its name: one that is replaced (a new resolv.conf, a renewed CA file) can be read again only
// after a restart, unless its folder is named.
// `report` says what the kernel enforces.
struct BrokerSandboxOptions {
  std::vector<std::string> readablePaths;
  std::vector<uint16_t> connectPorts;  // of PostgreSQL and both Redis, where they are reached by TCP
};
Outcome enterBrokerSandbox(const BrokerSandboxOptions& options, LandlockReport& report);

// The broker's table.
Profile brokerProfile();

// --- gateway ---------------------------------------------------------------------------------------------------------

// First step: undumpable, no core, no_new_privs, inherited descriptors from `firstUnknown` on closed.
struct GatewayStart {
  unsigned firstUnknown = 3;  // 3 + LISTEN_FDS
};
Outcome beginGateway(const GatewayStart& start);

// Last step before the first thread: the configuration was read, the listener bound, `setupAsyncIo()` done. Landlock,
// then the table. What is still reachable: as for the broker; `readablePaths` has the folder of the credentials, where
// a new certificate is looked for.
struct GatewaySandboxOptions {
  std::vector<std::string> readablePaths;
  std::vector<uint16_t> connectPorts;  // of the gateway's database, where it is reached by TCP
};
Outcome enterGatewaySandbox(const GatewaySandboxOptions& options, LandlockReport& report);

// The gateway's table.
Profile gatewayProfile();

// --- guard -----------------------------------------------------------------------------------------------------------

// Only step, once `child` is seized: closes everything, undumpable, loads a table that lets the guard wait, continue
// its tracee, and send signals to `child` alone.
Outcome enterGuardSandbox(pid_t child);

// The guard's table.
Profile guardProfile(pid_t child);

}  // namespace waas::seccomp
