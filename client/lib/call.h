#pragma once
// What every call of this library needs: a deadline, a clock, the vault's public keys, the audit heads.
#include <kj/async.h>
#include <kj/time.h>
#include <kj/timer.h>

#include "audit-heads.h"
#include "error.h"
#include "protocol/public-keys.h"

namespace waas::client {

// Owned by the Client, referred to by everything that it gave out.
struct CallContext {
  kj::Timer& timer;
  const kj::Clock& clock;  // of the calendar; proofs carry its time
  kj::Duration deadline;   // of one call
  VaultPublicKeys vault;
  AuditHeads heads;

  uint64_t now() const;  // Unix milliseconds

  // The promise, or `deadlineExceeded` when it takes longer than the deadline. The call itself is not undone.
  template <typename T>
  kj::Promise<T> within(kj::Promise<T> promise) {
    return promise.exclusiveJoin(expiry<T>());
  }

 private:
  template <typename T>
  kj::Promise<T> expiry() {
    return timer.afterDelay(deadline).then(
        []() -> kj::Promise<T> { return makeFailure(ErrorCode::DEADLINE_EXCEEDED); });
  }
};

// The value of a result; throws its refusal.
template <typename T>
auto okOf(T result) {
  if (result.isRefused()) kj::throwFatalException(makeFailure(failureOf(result.getRefused())));
  return result.getOk();
}

}  // namespace waas::client
