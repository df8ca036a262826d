#include "door.h"

#include <kj/debug.h>
#include <sys/socket.h>

#include <cerrno>

#include "log.h"
#include "peer-network.h"
#include "session/signer.h"

namespace waas::broker {
namespace {

constexpr kj::Duration SWEEP = 1 * kj::SECONDS;
constexpr kj::Duration ACCEPT_PAUSE = 100 * kj::MILLISECONDS;
constexpr kj::Duration IDLE_LOOK = 10 * kj::MILLISECONDS;

}  // namespace

// Members in the order of their dependence: what uses a thing ends before it.
struct Door::Connection {
  Connection(Door& door, kj::Own<SharedSocket> socket, uint32_t uid)
      : door(door),
        uid(uid),
        stream(kj::addRef(*socket), door.pool),
        peer(kj::refcounted<Peer>(kj::mv(socket), door.parts.vault)),
        network(stream),
        rpc(capnp::makeRpcServer(network,
                                 protocol::Signer::Client(kj::heap<SignerServer>(door.parts, kj::addRef(*peer))))),
        since(door.parts.timer.now()) {
    rpc.setFlowLimit(limits::CALL_WORDS_IN_FLIGHT);
    next = door.first;
    previous = &door.first;
    if (next != nullptr) next->previous = &next;
    door.first = this;
    door.count++;
    door.perUid.upsert(uid, 1u, [](uint32_t& known, uint32_t&&) { known++; });
  }

  ~Connection() noexcept(false) {
    peer->leave();
    *previous = next;
    if (next != nullptr) next->previous = previous;
    door.count--;
    KJ_IF_MAYBE (mine, door.perUid.find(uid)) {
      if (--*mine == 0) door.perUid.erase(uid);
    }
  }

  // Cuts a peer that owes something for too long, and one that has gone silent.
  void look(kj::TimePoint now) {
    if (stream.progress() != seen) {
      seen = stream.progress();
      since = now;
      if (!stream.isStalled() && peer->hasEntered()) return;
    }
    bool owes = stream.isStalled() || !peer->hasEntered();
    if (!owes) stalledSince = nullptr;
    if (owes && stalledSince == nullptr) stalledSince = now;
    KJ_IF_MAYBE (start, stalledSince) {
      if (now - *start > limits::STALL_TIME) return stream.cut("the peer stalled"_kj);
    }
    if (now - since > door.parts.settings.idle && peer->share.inFlight == 0) stream.cut("the peer was idle"_kj);
  }

  Door& door;
  const uint32_t uid;
  BufferedStream stream;
  kj::Own<Peer> peer;
  PeerNetwork network;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc;
  uint64_t seen = 0;
  kj::TimePoint since;
  kj::Maybe<kj::TimePoint> stalledSince;
  Connection** previous = nullptr;
  Connection* next = nullptr;
};

Door::Door(kj::AutoCloseFd listenerParam, StreamPool& pool, Parts& parts, uint32_t& count)
    : pool(pool), parts(parts), count(count), listener(kj::mv(listenerParam)), connections(*this), goodbyes(*this) {}

Door::~Door() noexcept(false) {}

void Door::taskFailed(kj::Exception&& exception) { logFault("B1001", "a connection ended badly", exception); }

// --- Accepting
// -------------------------------------------------------------------------------------------------------------

void Door::open() {
  observer = kj::heap<kj::UnixEventPort::FdObserver>(pool.port, listener, kj::UnixEventPort::FdObserver::OBSERVE_READ);
  accepting = watchListener().eagerlyEvaluate([](kj::Exception&& e) { logFault("B1002", "accepting ended", e); });
  sweeping =
      sweep().eagerlyEvaluate([](kj::Exception&& e) { logFault("B1003", "looking after connections ended", e); });
}

// Accepts until there is nobody, a bounded number in one turn so that those who are in are served, too.
kj::Promise<void> Door::watchListener() {
  for (uint32_t i = 0; i < limits::ACCEPTS_PER_TURN; i++) {
    if (acceptOne()) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return KJ_ASSERT_NONNULL(observer)->whenBecomesReadable().then([this]() { return watchListener(); });
    }
    // Out of descriptors or memory: those who wait in the backlog can wait a little longer.
    logWarning("B1004", "a client could not be accepted", {{"errno", errno}});
    return parts.timer.afterDelay(ACCEPT_PAUSE).then([this]() { return watchListener(); });
  }
  return kj::evalLater([this]() { return watchListener(); });
}

// False with errno when there was nobody to accept.
bool Door::acceptOne() {
  int made = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (made < 0) return errno == EINTR || errno == ECONNABORTED;
  kj::AutoCloseFd fd(made);
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return true;
  uint32_t uid = static_cast<uint32_t>(credentials.uid);
  uint32_t ofUid = perUid.find(uid).orDefault(0);
  if (count >= parts.settings.connections || ofUid >= parts.settings.connectionsPerUid) {
    logWarning("B1005", "a connection over the limit was closed", {{"connections", count}, {"ofItsUser", ofUid}});
    return true;
  }
  KJ_IF_MAYBE (exception, kj::runCatchingExceptions([&]() { welcome(kj::mv(fd), uid); })) {
    logFault("B1006", "a connection could not be set up", *exception);
  }
  return true;
}

void Door::welcome(kj::AutoCloseFd fd, uint32_t uid) {
  auto connection = kj::heap<Connection>(*this, kj::refcounted<SharedSocket>(kj::mv(fd)), uid);
  auto end = connection->network.onDisconnect();
  connections.add(end.attach(kj::mv(connection)));
}

// --- Looking after them
// ------------------------------------------------------------------------------------------------------

kj::Promise<void> Door::sweep() {
  return parts.timer.afterDelay(SWEEP).then([this]() {
    auto now = parts.timer.now();
    for (Connection* connection = first; connection != nullptr; connection = connection->next) connection->look(now);
    return sweep();
  });
}

kj::Promise<void> Door::vaultReturned() {
  kj::Vector<kj::Promise<void>> presented;
  for (Connection* connection = first; connection != nullptr; connection = connection->next) {
    if (connection->peer->hasEntered()) presented.add(connection->peer->presentAgain());
  }
  return kj::joinPromises(presented.releaseAsArray());
}

void Door::vaultLost() {
  for (Connection* connection = first; connection != nullptr; connection = connection->next)
    connection->peer->vaultLost();
}

// --- The end
// -----------------------------------------------------------------------------------------------------------------

kj::Promise<void> Door::drain() {
  accepting = kj::READY_NOW;
  observer = nullptr;
  listener = nullptr;
  parts.admission.drain();
  return waitUntilIdle(parts.timer.now() + limits::DRAIN_TIME);
}

kj::Promise<void> Door::waitUntilIdle(kj::TimePoint end) {
  bool idle = parts.admission.callsInFlight() == 0 && parts.audit.waitingRecords() == 0;
  if (idle || parts.timer.now() >= end) {
    return parts.timer.afterDelay(IDLE_LOOK).then([this]() { return sayGoodbye(); });  // answers leave
  }
  return parts.timer.afterDelay(IDLE_LOOK).then([this, end]() { return waitUntilIdle(end); });
}

// Ends our direction of every stream. Closing at once would throw away answers that a client has not read yet, because
// it would find its own next write refused first.
kj::Promise<void> Door::sayGoodbye() {
  for (Connection* connection = first; connection != nullptr; connection = connection->next) {
    goodbyes.add(connection->stream.finish().catch_([](kj::Exception&&) {}));
  }
  return waitUntilAlone(parts.timer.now() + limits::GOODBYE_TIME);
}

kj::Promise<void> Door::waitUntilAlone(kj::TimePoint end) {
  if (count == 0 || parts.timer.now() >= end) return kj::READY_NOW;
  return parts.timer.afterDelay(IDLE_LOOK).then([this, end]() { return waitUntilAlone(end); });
}

}  // namespace waas::broker
