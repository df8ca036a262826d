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

// Policy --------------------------------------------------------------------------------------------------------------

constexpr kj::Duration POLICY_POLL = 3 * kj::SECONDS;               // for newer bundles of other hosts
constexpr kj::Duration POLICY_POLL_FIRST = 100 * kj::MILLISECONDS;  // doubled as long as there is none
constexpr kj::Duration POLICY_RETRY = 50 * kj::MILLISECONDS;        // at start, when the database is not there yet
constexpr uint32_t POLICY_TRIES = 40;
constexpr size_t POLICIES_REFUSED = 64;  // remembered of a link
constexpr uint32_t CHARGE_ROUNDS = 24;   // of a call whose limits have to be charged
constexpr uint32_t ROLLBACK_ROUNDS = 3;  // in which what looks put back may have been read too early
constexpr uint32_t LOOKUP_TABLES = 32;   // claimed with one item

// Audit ---------------------------------------------------------------------------------------------------------------

constexpr size_t AUDIT_BATCH = 512;  // records in one INSERT
constexpr size_t AUDIT_GATHER = 48;  // records that are enough for a commit while the vault makes more
constexpr kj::Duration AUDIT_GATHER_TIME = 1 * kj::MILLISECONDS;
constexpr size_t AUDIT_WAITING = 65'536;  // records that wait to be durable; above: calls are refused
constexpr kj::Duration AUDIT_RETRY_FIRST = 50 * kj::MILLISECONDS;
constexpr kj::Duration AUDIT_RETRY_MAX = 2 * kj::SECONDS;

// The life of shares --------------------------------------------------------------------------------------------------

constexpr size_t KEY_BOX_BYTES = 1'024;  // of an imported key, or a custodian's part
constexpr size_t KEYRING_WORDS = 2'048;  // of a wrapped keyring from another host
constexpr uint32_t RUNS = 8;             // that callers have under way at once
constexpr uint32_t RUN_PAGE = 256;       // wallets that a run looks at together
constexpr uint32_t RUN_FAILURES = 100;   // told one by one
constexpr uint32_t RUN_ATTEMPTS = 6;     // of one wallet while a part is away
constexpr kj::Duration RUN_RETRY_FIRST = 100 * kj::MILLISECONDS;
constexpr kj::Duration RUN_RETRY_MAX = 5 * kj::SECONDS;
constexpr kj::Duration RUN_YIELD = 5 * kj::MILLISECONDS;  // a worker that finds signatures at work
constexpr kj::Duration LEASE = 60 * kj::SECONDS;
constexpr uint32_t ROTATIONS_AT_ONCE = 8;    // setting: of one run
constexpr uint32_t RECOVERIES_AT_ONCE = 16;  // that signatures wait for; others wait for their turn
constexpr uint32_t RECOVERIES_WAITING = 4'096;
constexpr uint32_t DUE_WAITING = 16'384;     // wallets that signatures found to be due
constexpr uint32_t DEGRADED_KNOWN = 16'384;  // wallets that were signed with while a Redis was away
constexpr kj::Duration EXTEND_AGAIN = 1 * kj::HOURS;
constexpr kj::Duration TOMBSTONE_LIFE = 3650 * kj::DAYS;  // of a deleted wallet's floor
constexpr kj::Duration WATCH_TICK = 5 * kj::SECONDS;
constexpr kj::Duration CLOCK_APART = 5 * kj::SECONDS;  // from the database's clock: beyond it is a risk

// End -----------------------------------------------------------------------------------------------------------------

constexpr kj::Duration DRAIN_TIME = 10 * kj::SECONDS;   // after SIGTERM, for calls in flight
constexpr kj::Duration GOODBYE_TIME = 1 * kj::SECONDS;  // and for clients to read their answers

}  // namespace waas::broker::limits
