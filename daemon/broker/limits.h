#pragma once
// Every limit of the broker on what a peer, a store or the vault can make grow. Those marked "setting" are defaults of
// signerd.toml's [limits].
#include <kj/time.h>

namespace waas::broker::limits {

// Connections ---------------------------------------------------------------------------------------------------------

constexpr uint32_t CONNECTIONS = 10'000;         // setting; less where RLIMIT_NOFILE is lower
constexpr uint32_t CONNECTIONS_PER_UID = 4'096;  // setting
constexpr uint32_t SPARE_DESCRIPTORS = 64;       // kept free for stores, vault, event loop
constexpr int LISTEN_BACKLOG = 512;
constexpr uint32_t ACCEPTS_PER_TURN = 64;

// A peer that has not entered, that leaves a message half sent, or that does not read its answers is cut after this.
constexpr kj::Duration STALL_TIME = 15 * kj::SECONDS;
constexpr kj::Duration IDLE_TIME = 24 * kj::HOURS;  // setting: an entered connection without any traffic

// Messages ------------------------------------------------------------------------------------------------------------

constexpr size_t MESSAGE_BYTES = 1u << 20;  // of one RPC message
constexpr uint32_t MESSAGE_SEGMENTS = 64;
constexpr int MESSAGE_NESTING = 16;
constexpr size_t READ_AT_ONCE = 256u << 10;          // bytes taken from one connection in a turn
constexpr size_t CALL_WORDS_IN_FLIGHT = 512u << 10;  // RpcSystem::setFlowLimit
constexpr uint32_t UNFINISHED_ANSWERS = 4'096;   // calls without `finish`: what the peer makes the RPC system remember
constexpr size_t OUTPUT_PAUSE_BYTES = 1u << 20;  // unread answers above this: no further calls are read
constexpr size_t OUTPUT_CUT_BYTES = 16u << 20;   // unread answers above this: the connection is cut
constexpr size_t BUFFERED_BYTES = 256u << 20;    // half messages and unread answers of all connections together

// Calls ---------------------------------------------------------------------------------------------------------------

constexpr uint32_t CALLS_PER_CONNECTION = 256;
constexpr uint32_t CALLS = 8'192;  // setting
constexpr uint32_t SESSIONS_PER_CONNECTION = 16'384;
constexpr kj::Duration CALL_DEADLINE = 5 * kj::SECONDS;  // setting
constexpr kj::Duration DEADLINE_TICK = 50 * kj::MILLISECONDS;

constexpr uint32_t SIGN_ITEMS = 64;
constexpr size_t SIGN_BYTES = 65'536;  // of all items of a call together
constexpr size_t TRANSACTION_BYTES = 4'096;
constexpr size_t OFFCHAIN_MESSAGE_BYTES = 65'515;
constexpr uint32_t WALLETS_PER_ANSWER = 1'000;
constexpr uint32_t PAGE_ROWS = 1'000;
constexpr uint32_t PAGE_ROWS_DEFAULT = 100;
constexpr size_t SELECTORS_PER_SESSION = 64;  // cached selector -> wallet id

// Vault ---------------------------------------------------------------------------------------------------------------

constexpr size_t RECORD_BYTES = 131'072;
constexpr uint32_t RECORD_REQUESTS = 64;
constexpr uint32_t RECORD_SIGNATURES = 64;
constexpr uint32_t SIGNATURES_PER_REQUEST = 8;  // a service's long call is split, so that several workers share it
constexpr uint32_t SPLIT_SIGNATURES = 4;        // a record is not split further than this
constexpr uint32_t RECORDS_PER_WORKER = 2;      // in flight
constexpr uint32_t VAULT_QUEUE = 8'192;         // requests that wait for a record
constexpr kj::Duration VAULT_DEADLINE = 5 * kj::SECONDS;  // a reply that takes longer: the link is cut
constexpr kj::Duration RECONNECT_FIRST = 50 * kj::MILLISECONDS;
constexpr kj::Duration RECONNECT_MAX = 2 * kj::SECONDS;

// Audit ---------------------------------------------------------------------------------------------------------------

constexpr size_t AUDIT_BATCH = 512;       // records in one INSERT
constexpr size_t AUDIT_WAITING = 65'536;  // records that wait to be durable; above: calls are refused
constexpr kj::Duration AUDIT_RETRY_FIRST = 50 * kj::MILLISECONDS;
constexpr kj::Duration AUDIT_RETRY_MAX = 2 * kj::SECONDS;

// End -----------------------------------------------------------------------------------------------------------------

constexpr kj::Duration DRAIN_TIME = 10 * kj::SECONDS;   // after SIGTERM, for calls in flight
constexpr kj::Duration GOODBYE_TIME = 1 * kj::SECONDS;  // and for clients to read their answers

}  // namespace waas::broker::limits
