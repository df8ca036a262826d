#pragma once
// The gateway's own tables (sql/gateway), reached by a few threads of their own.
#include <kj/async.h>

#include <array>
#include <string>
#include <vector>

#include "../worker-pool.h"
#include "client/lib/error.h"
#include "connection.h"
#include "protocol/bytes.h"

namespace waas::gateway {

// An answer as it was kept.
struct KeptAnswer {
  unsigned status = 0;
  std::string contentType, body;
};

// One request with an idempotency key.
struct KeyedRequest {
  Id user{};
  std::string route;  // the operation's id
  std::string key;
  Hash fingerprint{};  // over the whole request
  Id attempt{};        // random: whose turn it is
};

// What became of taking a key.
struct KeyTaken {
  enum class Outcome : uint8_t { UNKNOWN, MINE, IN_FLIGHT, MISMATCH, ANSWERED };
  Outcome outcome = Outcome::UNKNOWN;
  KeptAnswer answer;  // ANSWERED
};

// A bounded number of attempts that refills over time, kept under a hash.
struct Allowance {
  Hash subject{};
  uint32_t atOnce = 0;
  uint32_t refillMs = 0;  // time for one more
};

class Database {
 public:
  Database(std::string conninfo, std::string password);
  ~Database() noexcept(false) = default;
  KJ_DISALLOW_COPY(Database);

  // Takes a key, or says what stands there. Once MINE, call `answered` or `release`; if neither comes, the key can be
  // taken again after limits::IDEMPOTENCY_HELD_SECONDS.
  kj::Promise<KeyTaken> take(KeyedRequest request);
  kj::Promise<void> answered(KeyedRequest request, KeptAnswer answer);
  kj::Promise<void> release(KeyedRequest request);

  // Takes one attempt from each of the allowances, as long as all before it had one. 0: granted; else milliseconds to
  // wait.
  kj::Promise<uint32_t> charge(std::vector<Allowance> allowances);
  // Gives one back, after a success.
  kj::Promise<void> giveBack(std::vector<Hash> subjects);

  // Whether this hash (of an account and an address) was noted within 90 days.
  kj::Promise<bool> isFamiliar(Hash subject);
  kj::Promise<void> noteFamiliar(Hash subject);

  // Done when the tables can be reached.
  kj::Promise<void> ping();
  // Throws out what is over.
  kj::Promise<void> clean();

 private:
  template <typename T>
  kj::Promise<T> run(kj::Function<T(PostgresConnection&)> job);
  kj::Promise<void> runVoid(kj::Function<void(PostgresConnection&)> job);

  std::vector<std::unique_ptr<PostgresConnection>> connections;  // one a thread
  WorkerPool pool;                                               // last: its threads use the connections
};

}  // namespace waas::gateway
