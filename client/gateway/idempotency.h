#pragma once
// `Idempotency-Key`: a request that is sent again is carried out once.
//
// The key is the client's, scoped to user and operation. The first request with it is remembered, durably, before
// anything is done; its fingerprint covers method, path, query and body. A repetition gets the first answer; while
// there is none yet, 409; with another request under the same key, 422. An answer that says "try again" is not
// remembered. An attempt that never ended (this process died) can be made again after limits::IDEMPOTENCY_HELD_SECONDS:
// what it had done is then found by what it made (a wallet's name, a signature).
#include "route-table.h"

namespace waas::gateway {

class Idempotency {
 public:
  explicit Idempotency(Database& database) : database(database) {}
  KJ_DISALLOW_COPY(Idempotency);

  // Runs the call's handler, or answers what it answered before.
  kj::Promise<Response> once(Call& call);

 private:
  kj::Promise<Response> first(Call& call, KeyedRequest request);

  Database& database;
};

// 1 to 64 characters of letters, digits and "-_.:~".
bool isIdempotencyKey(std::string_view key);

// What makes two requests the same.
Hash fingerprint(const Request& request);

}  // namespace waas::gateway
