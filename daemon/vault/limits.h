#pragma once
// Every bound on what a peer of the vault can make grow, by name.
#include <cstddef>
#include <cstdint>

namespace waas::vault {

constexpr size_t MAX_RECORD_BYTES = 131072;      // a Record or a Reply (protocol/vault.capnp)
constexpr size_t MAX_REQUESTS = 64;              // in a Record
constexpr size_t MAX_SIGNATURES = 64;            // to make for a Record
constexpr size_t MAX_EVENTS = 2 * MAX_REQUESTS;  // audit records that a Record can make: sign-up makes two
constexpr size_t MAX_PROOF_FIELDS = 8;           // of an `authorize`
constexpr uint64_t TRAVERSAL_WORDS = 65536;      // four times a Record: each part of it is read a few times
constexpr int NESTING = 8;

constexpr size_t MAX_PEERS = 8192;
constexpr size_t MAX_GROUPS = 1024;  // of a peer
constexpr size_t MAX_GRANTS = 64;    // `allow` lines
constexpr unsigned MAX_WORKERS = 8;
constexpr size_t MAX_CONFIG_BYTES = 65536;

constexpr size_t AUDIT_RING = 4096;  // records that may wait for the broker's word
constexpr size_t MAX_REPLAY = 256;   // of them in one Reply

constexpr size_t MAX_FLOORS = 8;                  // shown with a row
constexpr size_t REMEMBERED_FLOORS = 65536;       // of wallets, limits and accounts together
constexpr uint64_t MAX_EPOCH_STEP = 1ull << 32;   // that `above` may be ahead of a row
constexpr uint64_t MAX_EPOCH = (1ull << 63) - 1;  // what a database's integer holds

constexpr size_t USED_CHALLENGES = 16384;  // accepted within one CHALLENGE_LIFE_MS
constexpr uint64_t CHALLENGE_LIFE_MS = 60'000;

constexpr size_t WATCHED_ACCOUNTS = 8192;   // accounts whose failed attempts are remembered
constexpr uint32_t FREE_ATTEMPTS = 5;       // failures before the first delay
constexpr uint64_t FIRST_DELAY_MS = 1'000;  // doubled with each further failure
constexpr uint64_t LONGEST_DELAY_MS = 15 * 60'000;
constexpr uint64_t FORGET_FAILURES_MS = 24 * 3600'000ull;

constexpr uint64_t MAX_POLICY_NUMBER = 0xffffffff;  // an audit record has 32 bits for it
constexpr size_t MAX_CHARGED_WALLETS = 16;          // limit rows that one call to sign makes; others come again
constexpr size_t MAX_LOOKUP_TABLES = 32;            // claims shown with one item

constexpr size_t MAX_REVOKED_SESSIONS = 16;  // in an account record; one more ends all sessions
constexpr uint64_t MAX_TOKEN_LIFE_S = 900;
constexpr uint64_t MAX_SESSION_LIFE_S = 365 * 24 * 3600ull;

}  // namespace waas::vault
