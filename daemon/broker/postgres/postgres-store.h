#pragma once
// WalletStore on PostgreSQL (14 or newer, schema of sql/), through libpq in pipeline mode.
//
// Three connections: one for reads, one for commits, so that a signature's lookup never waits behind a flush to disk,
// and one for the life of shares, so that neither waits behind a rotation. All reconnect for ever with exponential
// back-off and jitter. No session state but prepared statements, and those only where no pooler is in between, so that
// PgBouncer in transaction mode works.
#include <daemon/broker/wallet-store.h>
#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <kj/timer.h>

namespace waas::broker {

struct PostgresOptions {
  // Connection string of libpq: key/value or postgres:// URL, several hosts allowed. Where it does not say, sslmode is
  // verify-full for hosts that are not socket folders or loopback addresses, and target_session_attrs is read-write.
  kj::String conninfo;
  kj::Maybe<kj::String> password;  // from a credential; wins over one in `conninfo`
  kj::Maybe<kj::String> caFile;    // sslrootcert, where `conninfo` does not say; default: the system's bundle

  // Keeps prepared statements by name on each connection that leads straight to the server (a pooler gives itself away
  // by the process number that it made up). Saves planning, which is most of what a small read costs.
  bool namedStatements = true;

  kj::Duration connectTimeout = 5 * kj::SECONDS;
  kj::Duration deadline = 4 * kj::SECONDS;  // of each statement; when it passes, the connection is closed
  kj::Duration minBackoff = 50 * kj::MILLISECONDS;
  kj::Duration maxBackoff = 5 * kj::SECONDS;
  kj::Duration probeEvery = 5 * kj::SECONDS;  // how often the server is asked about itself
  uint32_t jitterSeed = 1;                    // from the program's randomness, so that hosts do not reconnect in step
};

// Checks the connection string now and throws (invalidRequest) when it can't be read; then connects in the background.
// The references must outlive the store. Name resolution happens in a thread that KJ starts.
kj::Own<WalletStore> newPostgresStore(PostgresOptions options, kj::Network& network, kj::UnixEventPort& events,
                                      StoreObserver& observer);

}  // namespace waas::broker
