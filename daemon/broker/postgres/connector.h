#pragma once
// Makes one libpq connection without ever blocking the event loop.
#include <daemon/broker/postgres/endpoints.h>
#include <daemon/broker/postgres/libpq-handle.h>
#include <kj/async-unix.h>

namespace waas::broker {

// Connects and authenticates. Rejected with a text for the log; has no time limit of its own. The references must
// outlive the promise. Dropping it closes the socket.
kj::Promise<LibpqConnection> connectPostgres(const PostgresTarget& target, const PostgresEndpoint& endpoint,
                                             kj::UnixEventPort& events);

}  // namespace waas::broker
