#pragma once
// Every limit of the gateway on what a client, the daemon or the database can make grow or last. Those marked "setting"
// are defaults of gateway.toml's [limits].
#include <kj/time.h>

#include <cstddef>
#include <cstdint>

namespace waas::gateway::limits {

// Connections ---------------------------------------------------------------------------------------------------------

constexpr uint32_t CONNECTIONS = 8'192;              // setting; fewer where RLIMIT_NOFILE is lower
constexpr uint32_t CONNECTIONS_PER_ADDRESS = 1'024;  // setting; not for peers on a Unix socket
constexpr uint32_t SPARE_DESCRIPTORS = 64;
constexpr int LISTEN_BACKLOG = 1'024;

constexpr kj::Duration HANDSHAKE_TIME = 10 * kj::SECONDS;
constexpr kj::Duration IDLE_TIME = 60 * kj::SECONDS;   // setting: between requests
constexpr kj::Duration HEAD_TIME = 10 * kj::SECONDS;   // from a request's first byte to the end of its head
constexpr kj::Duration BODY_TIME = 20 * kj::SECONDS;   // for the whole body
constexpr kj::Duration SERVE_TIME = 60 * kj::SECONDS;  // for an answer to be found
constexpr kj::Duration RUN_TIME = 3600 * kj::SECONDS;  // the same for a rotation run
constexpr kj::Duration WRITE_TIME = 20 * kj::SECONDS;  // for an answer to be taken
constexpr kj::Duration LINGER_TIME = 1 * kj::SECONDS;  // for a refused client to read why
constexpr size_t LINGER_BYTES = 256u << 10;
constexpr kj::Duration SWEEP_EVERY = 200 * kj::MILLISECONDS;
constexpr kj::Duration DRAIN_TIME = 10 * kj::SECONDS;  // after SIGTERM, for requests under way

// Requests ------------------------------------------------------------------------------------------------------------

constexpr size_t READ_BYTES = 2'048;  // a connection's buffer to begin with
constexpr size_t HEAD_BYTES = 16'384;
constexpr size_t HEADERS = 64;
constexpr size_t PATH_BYTES = 512;
constexpr size_t QUERY_BYTES = 2'048;
constexpr size_t SMALL_BODY_BYTES = 8'192;
constexpr size_t BODY_BYTES = 131'072;
constexpr size_t BODIES_BYTES = 64u << 20;  // all bodies that are held at once
constexpr uint32_t CALLS = 2'048;           // setting: requests that are being served
constexpr int JSON_DEPTH = 8;
constexpr size_t JSON_VALUES = 1'024;
constexpr size_t TOKEN_BYTES = 2'048;

// Sign-in -------------------------------------------------------------------------------------------------------------

constexpr uint32_t STRETCHING = 1;             // setting: threads, each with the memory of one Argon2id run (64 MiB)
constexpr uint32_t STRETCH_QUEUE = 64;         // setting: sign-ins that wait for one
constexpr uint32_t SIGN_INS_PER_ADDRESS = 60;  // setting: failures in a row, one more each 10 s
constexpr uint32_t SIGN_INS_PER_ACCOUNT = 20;  // setting: the same for an account, from addresses that are new to it
constexpr uint32_t SIGN_UPS_PER_ADDRESS = 60;  // setting: in a row, one more each 30 s

// Daemon --------------------------------------------------------------------------------------------------------------

constexpr uint32_t DAEMON_CONNECTIONS = 4;  // setting; each carries 256 calls
constexpr size_t SESSIONS = 8'192;          // kept ready
constexpr uint32_t SIGN_ITEMS = 64;         // in one call
constexpr size_t SIGN_BYTES = 65'536;
constexpr size_t TRANSACTION_BYTES = 4'096;
constexpr size_t MESSAGE_BYTES = 65'515;
constexpr kj::Duration RECONNECT_AFTER = 250 * kj::MILLISECONDS;
constexpr kj::Duration READY_FOR = 500 * kj::MILLISECONDS;  // how long an answer about readiness is kept

// Database ------------------------------------------------------------------------------------------------------------

constexpr uint32_t DATABASE_THREADS = 2;
constexpr uint32_t DATABASE_QUEUE = 256;
constexpr int DATABASE_TIME_MS = 3'000;  // a connect, or a statement
constexpr uint32_t IDEMPOTENCY_KEY_BYTES = 64;
constexpr uint32_t IDEMPOTENCY_HOURS = 48;         // how long an answer is kept
constexpr uint32_t IDEMPOTENCY_HELD_SECONDS = 90;  // after that an attempt that never ended may be made again
constexpr kj::Duration CLEAN_EVERY = 600 * kj::SECONDS;

}  // namespace waas::gateway::limits
