#pragma once
// A libpq connection string, taken apart into settings and the hosts to try one by one.
//
// Why not leave several hosts to libpq: it looks names up while the event loop stands still, and has no time limit per
// host when it does not block, so that a dead first host would hide a living second one.
#include <daemon/broker/postgres/postgres-store.h>
#include <kj/vector.h>

namespace waas::broker {

// One place to connect to, in libpq's words. `host` is what a certificate is checked against. A value.
struct PostgresEndpoint {
  kj::String host;         // name, address or socket folder; empty = libpq's default
  kj::String hostAddress;  // numeric; empty for socket folders
  kj::String port;         // empty = libpq's default
};

struct PostgresSetting {
  kj::String keyword, value;
};

// A parsed connection string. A value.
struct PostgresTarget {
  kj::Vector<PostgresSetting> settings;    // all but host, hostaddr and port; defaults of ours filled in
  kj::Vector<PostgresEndpoint> endpoints;  // in the order given; names are not looked up yet

  // The sslmode for an endpoint: what the string said, else verify-full for everything that could leave the machine.
  kj::StringPtr sslMode(const PostgresEndpoint& endpoint) const;
};

// Throws the fault invalidRequest when the string can't be read.
PostgresTarget parsePostgresTarget(const PostgresOptions& options);

// Looks the names up: one endpoint for each address. Endpoints whose name has no address are left out.
kj::Promise<kj::Vector<PostgresEndpoint>> resolve(const PostgresTarget& target, kj::Network& network);

}  // namespace waas::broker
