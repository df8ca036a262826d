#pragma once
// What the broker is told at start: signerd.toml, names of the environment, credentials.
//
// The file is strict: a key that is not known, a wrong type or a value out of range is an error that names the line.
// Secrets are not in it; a URL with a password in the file is refused. From the environment DATABASE_URL, REDIS_URL_1
// and REDIS_URL_2 win over the file. From the credentials folder come postgres_password, redis_1_password and
// redis_2_password, which win over a password in a URL.
//
//   [signerd]
//   socket = "/run/waas/signer.sock"     # the public socket, where the broker binds it (or --listen)
//   socket_group = "waas"                # who may connect; without it the group that the broker runs under
//   vault = "/run/waas/vault.sock"
//   verbose = false
//
//   [postgres]
//   url = "postgresql:///waas?host=/run/postgresql"
//   ca_file = "/etc/ssl/certs/db.pem"
//   named_statements = true              # keeps prepared statements; never behind a pooler, whatever this says
//
//   [redis_1]                            # likewise [redis_2]
//   url = "rediss://waas@redis-1.internal:6380/0"
//   ca_file = "/etc/ssl/certs/redis.pem"
//
//   [shares]
//   ttl_days = 30
//   rotate_before_days = 7
//   rotations_at_once = 8                # of one run; fewer while signatures are asked for
//   wait_replicas = 0                    # replicas of each Redis that must have a share before it counts
//
//   [limits]
//   connections = 10000
//   connections_per_uid = 4096
//   calls = 8192
//   deadline_ms = 5000
//   idle_seconds = 86400
#include <kj/string.h>
#include <kj/time.h>

#include "limits.h"

namespace waas::broker {

struct ServerSettings {
  kj::String url;
  kj::Maybe<kj::String> password;
  kj::Maybe<kj::String> caFile;
};

struct Settings {
  kj::String socket = kj::str("/run/waas/signer.sock");
  kj::Maybe<kj::String> socketGroup;
  kj::String vault = kj::str("/run/waas/vault.sock");
  bool verbose = false;

  ServerSettings postgres;
  bool namedStatements = true;
  ServerSettings redis1;
  ServerSettings redis2;

  uint32_t shareDays = 30;
  uint32_t rotateBeforeDays = 7;
  uint32_t rotationsAtOnce = limits::ROTATIONS_AT_ONCE;
  uint32_t waitReplicas = 0;

  uint32_t connections = limits::CONNECTIONS;
  uint32_t connectionsPerUid = limits::CONNECTIONS_PER_UID;
  uint32_t calls = limits::CALLS;
  kj::Duration deadline = limits::CALL_DEADLINE;
  kj::Duration idle = limits::IDLE_TIME;
};

// What was wrong, as a sentence for the operator: with file and line, without any value of the file.
struct SettingsError {
  kj::String message;
};

// Reads the file (null: defaults only), then environment and credentials (null: no folder). Throws SettingsError.
Settings readSettings(kj::Maybe<kj::StringPtr> file, kj::Maybe<kj::StringPtr> credentials);

}  // namespace waas::broker
