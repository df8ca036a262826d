#pragma once
// A signing daemon for the tests of its client: one account, one wallet, real boxes and proofs, and faults on demand.
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <stdexcept>

#include "client/lib/client.h"
#include "fake-vault.h"

// KJ's interfaces have no virtual destructor: kj::Own knows the object's own type.
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

namespace waas::test {

constexpr const char* EMAIL = "alice@example.com";

struct FakeDaemon {
  FakeVault vault;

  // What it lies about.
  enum class Lie {
    NONE,
    CERTIFICATE_OF_OTHER_VAULT,
    CERTIFICATE_OF_OTHER_OWNER,
    FORGED_HEAD,
    FORKED_HEAD,
    OTHER_TRANSACTION,
    OTHER_MESSAGE,
    ANSWER_FOR_OTHER_CHALLENGE,
    ONE_OUTCOME_TOO_FEW,
  };
  Lie lie = Lie::NONE;
  uint32_t passes = 2;
  uint64_t memory = 64 << 20;
  bool silent = false;                                         // never answers
  protocol::ErrorCode refusal = protocol::ErrorCode::UNKNOWN;  // when set, calls of sessions are refused with it

  // What it has seen.
  std::vector<FakeVault::Opened> boxes;
  size_t provenCalls = 0, wrongProofs = 0;
  bool signedOut = false, everywhere = false;

  // Its state.
  Id user{1, 2, 3}, walletId{4, 5, 6}, tokenId{7, 8, 9}, instance{10, 11, 12};
  PublicKey walletKey{};
  std::array<uint8_t, 64> walletSecret{};
  std::array<uint8_t, 32> sessionKey{};
  uint64_t sequence = 0;

  FakeDaemon();

  OwnerId userOwner() const { return {OwnerId::Kind::USER, user}; }
  std::string token() const { return FakeVault::token(user, tokenId); }
  protocol::Signer::Client signer();

  void writeWallet(protocol::WalletInfo::Builder to, const OwnerId& owner);
  void writeHead(protocol::AuditHead::Builder to);
};

// A client that is connected to a FakeDaemon in this thread, with a clock and a timer that stand still.
class FakeConnection {
 public:
  explicit FakeConnection(FakeDaemon& daemon);

  kj::AsyncIoContext io;
  kj::TimerImpl timer;
  struct StandingClock : kj::Clock {
    kj::Date time = kj::UNIX_EPOCH + 1'700'000'000 * kj::SECONDS;
    kj::Date now() const override { return time; }
  } clock;
  kj::Own<client::Client> connected;

  template <typename T>
  T wait(kj::Promise<T> promise) {
    return promise.wait(io.waitScope);
  }

  // Signs in with a password and takes up the session.
  kj::Own<client::UserSession> signIn();

 private:
  kj::TwoWayPipe pipe;
  kj::Own<capnp::TwoPartyClient> server;  // the daemon's side
};

// The code with which a call fails; throws when it does not.
template <typename T>
protocol::ErrorCode failureCode(kj::Promise<T> promise, kj::WaitScope& waitScope) {
  try {
    promise.wait(waitScope);
  } catch (const kj::Exception& e) {
    return client::failureOf(e).code;
  }
  throw std::runtime_error("the call did not fail");
}

}  // namespace waas::test
