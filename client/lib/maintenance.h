#pragma once
// What a timer or the gateway may set off, on nobody's behalf; and what a run of rotation or recovery did.
#include <capnp/capability.h>

#include "call.h"

namespace waas::client {

// What a run did.
struct Rotation {
  struct Failed {
    Id walletId{};
    Failure why;
  };

  uint64_t checked = 0;
  uint64_t rotated = 0;  // of these, `recovered` had lost a share
  uint64_t recovered = 0;
  uint64_t skipped = 0;  // not due, or in the hands of another run
  uint64_t failed = 0;
  uint64_t total = 0;          // wallets that the run will look at, as far as it is known
  kj::Array<Failed> failures;  // the first 100
};

// Whether shares are rotated that are not due, too.
enum class Force : uint8_t { NO = 0, YES = 1 };

// Reads it off the wire. Throws `unknown` when it is malformed.
Rotation readRotation(protocol::Rotation::Reader rotation);

// Given out by Client::enter to peers with the login or the operator's role; must not outlive the Client, nor must its
// promises.
class Maintenance {
 public:
  Maintenance(CallContext& context, protocol::Maintenance::Client remote) : context(context), remote(kj::mv(remote)) {}
  KJ_DISALLOW_COPY(Maintenance);

  // Rotates what is due, at most `limit` wallets (0: no bound). Has no deadline: a run takes as long as it takes. Drop
  // the promise to stop waiting; the run goes on.
  kj::Promise<Rotation> rotateDue(uint32_t limit);

  // Done when vault, PostgreSQL and both Redis are reached. Fails with vaultUnreachable, postgresUnreachable,
  // redisUnreachable.
  kj::Promise<void> ready();

 private:
  CallContext& context;
  protocol::Maintenance::Client remote;
};

}  // namespace waas::client
