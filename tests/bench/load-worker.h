#pragma once
// One connection of a run, with a fixed number of calls in flight.
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include "client/lib/buffered-stream.h"
#include "load-tally.h"
#include "load-wallets.h"

namespace waas::load {

// Speaks the public schema itself rather than through client/lib, so that what is measured is the daemon and not the
// checks of a client; the signatures are verified by the tally's sample.
class Worker {
 public:
  // Takes a connected stream. `seed` makes its messages differ from those of other workers.
  Worker(kj::Own<kj::AsyncIoStream> stream, kj::Timer& timer, std::vector<LoadWallet>& wallets, Tally& tally,
         uint32_t many, uint64_t seed);
  KJ_DISALLOW_COPY(Worker);

  // Gets the service's session. Must be done before `run`.
  kj::Promise<void> enter();

  // Keeps `depth` calls in flight until the tally ends.
  kj::Promise<void> run(uint32_t depth);

 private:
  using Response = capnp::Response<protocol::Session::SignResults>;
  struct Item {
    size_t wallet;
    std::array<uint8_t, TRANSACTION_SIZE> transaction;
  };

  kj::Promise<void> loop();
  kj::Promise<void> once();
  Item fill(protocol::SignItem::Builder to);
  // Counts what came back; whether anything was signed.
  bool take(Response& response, const std::vector<Item>& items, Clock::time_point sent);
  void check(const Item& item, protocol::Signed::Outcome::Reader outcome);
  uint64_t random();

  kj::Timer& timer;
  std::vector<LoadWallet>& wallets;
  Tally& tally;
  uint32_t many;
  uint64_t state;
  // Destroyed from the last to the first.
  client::BufferedStream stream;
  capnp::TwoPartyClient rpc;
  kj::Maybe<protocol::Session::Client> session;
};

}  // namespace waas::load
