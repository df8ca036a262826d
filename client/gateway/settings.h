#pragma once
// What the gateway is told at start: gateway.toml, names of the environment, credentials.
//
// The file is strict: an unknown key, a wrong type or a value out of range is an error that names the line. Secrets are
// not in it. From the environment WAAS_GATEWAY_DATABASE_URL and WAAS_SOCKET win over the file. From the credentials
// folder come postgres_password, cron_secret, and tls_certificate with tls_key (PEM; looked at again every few seconds
// and upon SIGHUP).
//
//   [gateway]
//   listen = "127.0.0.1:8080"            # address:port, or unix:/path. TLS when there is a certificate; plain only on
//                                        # loopback and Unix sockets
//   socket = "/run/waas/signer.sock"     # the daemon's
//   vault_pub = "/etc/waas/vault.pub"
//   origins = ["https://wallet.example"] # of our own page: cookies are taken from these, and other pages' calls are
//   not cors_origins = []                    # pages elsewhere that may call with a bearer token behind_proxy = false
//   # true: the last address of X-Forwarded-For is the client's metrics_for_all = false              # true: /metrics
//   answers others than local clients verbose = false
//
//   [postgres]
//   url = "postgresql:///waas?host=/run/postgresql&user=waas_gateway"
//
//   [limits]                             # see limits.h
//   connections = 8192
//   connections_per_address = 1024
//   calls = 2048
//   idle_seconds = 60
//   daemon_connections = 4
//   stretching = 1
//   stretch_queue = 64
//   sign_ins_per_address = 60
//   sign_ins_per_account = 20
//   sign_ups_per_address = 60
#include <kj/common.h>
#include <kj/string.h>
#include <kj/time.h>

#include <optional>
#include <string>
#include <vector>

#include "client/lib/secret-text.h"
#include "limits.h"
#include "protocol/public-keys.h"

namespace waas::gateway {

struct Settings {
  std::string listen = "127.0.0.1:8080";
  std::string socket = "/run/waas/signer.sock";
  std::string vaultPub = "/etc/waas/vault.pub";
  std::vector<std::string> origins, corsOrigins;
  bool behindProxy = false, metricsForAll = false, verbose = false;

  std::string databaseUrl, databasePassword;
  std::string credentials;  // the folder; empty: none
  client::SecretText cronSecret;
  VaultPublicKeys vault;

  uint32_t connections = limits::CONNECTIONS;
  uint32_t connectionsPerAddress = limits::CONNECTIONS_PER_ADDRESS;
  uint32_t calls = limits::CALLS;
  kj::Duration idle = limits::IDLE_TIME;
  uint32_t daemonConnections = limits::DAEMON_CONNECTIONS;
  uint32_t stretching = limits::STRETCHING;
  uint32_t stretchQueue = limits::STRETCH_QUEUE;
  uint32_t signInsPerAddress = limits::SIGN_INS_PER_ADDRESS;
  uint32_t signInsPerAccount = limits::SIGN_INS_PER_ACCOUNT;
  uint32_t signUpsPerAddress = limits::SIGN_UPS_PER_ADDRESS;
};

// What was wrong, as a sentence for the operator, without any value of file or credential.
struct SettingsError {
  std::string message;
};

// Reads it all (empty: no file, no folder). Throws SettingsError.
Settings readSettings(const std::string& file, const std::string& credentials);

// Whether an address of `listen` can be reached from this machine only.
bool isLocalAddress(const std::string& listen);

// Port of the database for the sandbox; nothing when it is reached by a Unix socket.
std::optional<uint16_t> databasePort(const std::string& url);

}  // namespace waas::gateway
