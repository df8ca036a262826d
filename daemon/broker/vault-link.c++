#include "vault-link.h"

#include <kj/debug.h>

#include <algorithm>
#include <cstring>

#include "limits.h"
#include "log.h"

namespace waas::broker {
namespace {

using capnp::word;
using protocol::ErrorCode;

constexpr size_t RECORD_WORDS = limits::RECORD_BYTES / sizeof(word) - 1;  // less the segment table
constexpr size_t RECORD_OVERHEAD = 8;                                     // root, struct, list tag
constexpr size_t CONTROL_WORDS = 16;
constexpr uint32_t REPLAY_AT_ONCE = 256;

}  // namespace

VaultRequest::~VaultRequest() noexcept(false) {
  if (link != nullptr) link->unlink(*this);
}

// --- Requests by promise
// -----------------------------------------------------------------------------------------------

class VaultLink::Asking final : public VaultRequest {
 public:
  Asking(kj::PromiseFulfiller<VaultAnswer>& fulfiller, VaultLink& link, size_t words,
         kj::Function<void(inner::Request::Builder)> fill, int descriptor, bool whileGreeting)
      : VaultRequest(words, 0), fulfiller(fulfiller), fill(kj::mv(fill)) {
    passed = descriptor;
    greeting = whileGreeting;
    // While greeting, what is asked goes alone: the first record of a connection must hold `hello` only.
    alone = whileGreeting || descriptor >= 0;
    link.submit(*this);
  }

 private:
  void write(inner::Request::Builder request) override { fill(request); }
  void answered(VaultReply& reply, inner::Answer::Reader answer) override {
    fulfiller.fulfill(VaultAnswer{kj::addRef(reply), answer});
  }
  void failed(ErrorCode code, kj::StringPtr detail) override { fulfiller.reject(makeFault(code, detail)); }

  kj::PromiseFulfiller<VaultAnswer>& fulfiller;
  kj::Function<void(inner::Request::Builder)> fill;
};

kj::Promise<VaultAnswer> VaultLink::ask(size_t words, kj::Function<void(inner::Request::Builder)> write, int passed) {
  return kj::newAdaptedPromise<VaultAnswer, Asking>(*this, words, kj::mv(write), passed, false);
}

kj::Promise<VaultAnswer> VaultLink::askWhileGreeting(size_t words, kj::Function<void(inner::Request::Builder)> write,
                                                     int passed) {
  return kj::newAdaptedPromise<VaultAnswer, Asking>(*this, words, kj::mv(write), passed, true);
}

// --- Queue
// ---------------------------------------------------------------------------------------------------------------

VaultLink::VaultLink(kj::UnixEventPort& port, LoopTurn& turn, kj::String path)
    : port(port),
      turn(turn),
      socket(port, kj::mv(path)),
      backOff(limits::RECONNECT_FIRST),
      recordSpace(kj::heapArray<word>(RECORD_WORDS)) {
  memset(recordSpace.begin(), 0, recordSpace.asBytes().size());
}

VaultLink::~VaultLink() noexcept(false) {
  // Requests outlive the link only when their owners are torn down later; they must not reach for it.
  if (along != nullptr) along->link = nullptr;
  for (auto request = queue.front(); request != nullptr; request = VaultQueue::after(*request)) request->link = nullptr;
  slots.releaseAll([](VaultRequest& request) { request.link = nullptr; });
}

void VaultLink::submit(VaultRequest& request) {
  bool allowed = state == State::READY || (state == State::GREETING && request.greeting);
  if (!allowed) return request.failed(ErrorCode::VAULT_UNREACHABLE, "the vault is not connected"_kj);
  if (queue.size() >= limits::VAULT_QUEUE)
    return request.failed(ErrorCode::OVERLOADED, "too much waits for the vault"_kj);
  if (request.words + RECORD_OVERHEAD > RECORD_WORDS) {
    return request.failed(ErrorCode::TOO_LARGE, "the request does not fit into a record"_kj);
  }
  request.link = this;
  queue.pushBack(request);
  turn.atEnd(*this);
}

bool VaultLink::submitAlong(VaultRequest& request) {
  if (state != State::READY || along != nullptr) return false;
  request.link = this;
  along = &request;
  return true;
}

void VaultLink::flushAlong() {
  if (along == nullptr) return;
  VaultRequest& request = *along;
  unlink(request);
  submit(request);
}

// Takes a request out of the queue, or out of its slot: the vault's answer then finds nobody.
void VaultLink::unlink(VaultRequest& request) {
  request.link = nullptr;
  if (&request == along) {
    along = nullptr;
    return;
  }
  request.queued ? queue.remove(request) : slots.forget(request);
}

// --- Out
// -----------------------------------------------------------------------------------------------------------------

void VaultLink::endOfTurn() {
  while (!queue.empty() && state != State::AWAY && !writeBlocked &&
         recordsInFlight < vaultWorkers * limits::RECORDS_PER_WORKER) {
    if (!sendRecord()) break;
  }
}

// Chooses what goes into the next record: no more than a fair part of what waits, so that all free workers get some.
size_t VaultLink::chooseBatch(kj::ArrayPtr<VaultRequest*> batch, size_t& words) {
  uint32_t freeRecords = vaultWorkers * limits::RECORDS_PER_WORKER - recordsInFlight;
  uint64_t share = (queue.weight() + freeRecords - 1) / freeRecords;
  uint64_t target = std::clamp<uint64_t>(share, limits::SPLIT_SIGNATURES, limits::RECORD_SIGNATURES);
  size_t count = 0;
  uint64_t weight = 0;
  words = RECORD_OVERHEAD;
  if (along != nullptr) along->link = nullptr;
  for (auto request = queue.front(); request != nullptr && count < batch.size();
       request = VaultQueue::after(*request)) {
    if (count > 0 &&
        (request->alone || weight + VaultQueue::weightOf(*request) > target || words + request->words > RECORD_WORDS)) {
      break;
    }
    batch[count++] = request;
    weight += VaultQueue::weightOf(*request);
    words += request->words;
    if (request->alone) return count;
  }
  if (along != nullptr && count < batch.size() && words + along->words <= RECORD_WORDS) {
    words += along->words;
    batch[count++] = along;
  }
  return count;
}

// A request that can't be written any more (its connection has ended) must not take the others of its record with it:
// it fails, and in its place goes one that does nothing.
bool VaultLink::writeRequest(VaultRequest& request, inner::Request::Builder out) {
  KJ_IF_MAYBE (exception, kj::runCatchingExceptions([&]() { request.write(out); })) {
    out.setDropPeer(0);
    slots.forget(request);
    request.link = nullptr;
    Fault fault = faultOf(*exception);
    request.failed(fault.code, fault.detail);
    return false;
  }
  return true;
}

bool VaultLink::sendRecord() {
  VaultRequest* chosen[limits::RECORD_REQUESTS];
  uint64_t taken[limits::RECORD_REQUESTS];
  size_t words = 0;
  size_t count = chooseBatch(kj::arrayPtr(chosen, limits::RECORD_REQUESTS), words);
  auto batch = kj::arrayPtr(chosen, count);

  // The builder zeroes again what it used of the space.
  capnp::MallocMessageBuilder message(recordSpace, capnp::AllocationStrategy::FIXED_SIZE);
  auto requests = message.initRoot<inner::Record>().initRequests(static_cast<unsigned int>(count));
  for (unsigned int i = 0; i < count; i++) {
    unlink(*batch[i]);
    batch[i]->link = this;
    taken[i] = slots.take(*batch[i]);
    requests[i].setId(taken[i]);
    if (!writeRequest(*batch[i], requests[i])) batch[i] = nullptr;
  }
  auto segments = message.getSegmentsForOutput();
  if (segments.size() != 1) {
    logError("B2001", "a record outgrew its estimate", {{"words", static_cast<int64_t>(words)}});
    for (unsigned int i = 0; i < count; i++) slots.release(taken[i]);
    for (auto request : batch) {
      if (request == nullptr) continue;
      request->link = nullptr;
      request->failed(ErrorCode::UNKNOWN, nullptr);
    }
    return true;
  }
  int passed = batch[0] == nullptr ? -1 : batch[0]->passed;
  if (transmit(segments[0], passed)) {
    recordsInFlight++;
    return true;
  }
  // Not sent: back to the head of the queue, in their order.
  for (size_t i = count; i-- > 0;) {
    slots.release(taken[i]);
    if (batch[i] == nullptr) continue;
    queue.pushFront(*batch[i]);
  }
  return false;
}

// False when there is no room now or the link is broken.
bool VaultLink::transmit(kj::ArrayPtr<const word> segment, int passed) {
  switch (socket.send(segment, passed)) {
    case VaultSocket::Sent::WHOLE: return true;
    case VaultSocket::Sent::NO_ROOM:
      writeBlocked = true;
      writableWatch = watchWritable().eagerlyEvaluate([](kj::Exception&&) {});
      return false;
    case VaultSocket::Sent::BROKEN: break;
  }
  lose(socket.reason());
  return false;
}

kj::Promise<void> VaultLink::watchWritable() {
  return socket.whenWritable().then([this]() {
    writeBlocked = false;
    turn.atEnd(*this);
  });
}

// --- In
// --------------------------------------------------------------------------------------------------------------------

kj::Promise<void> VaultLink::watchReadable() {
  return socket.whenReadable().then([this]() {
    receiveAll();
    return watchReadable();
  });
}

void VaultLink::receiveAll() {
  while (state != State::AWAY) {
    kj::ArrayPtr<const kj::byte> datagram;
    auto received = socket.receive(datagram);
    if (received == VaultSocket::Received::NOTHING_YET) return;
    if (received == VaultSocket::Received::BROKEN) return lose(socket.reason());
    KJ_IF_MAYBE (exception, kj::runCatchingExceptions([&]() { receiveOne(datagram); })) {
      logFault("B2002", "a reply of the vault could not be handled", *exception);
      return lose("a reply could not be handled");
    }
  }
}

void VaultLink::receiveOne(kj::ArrayPtr<const kj::byte> datagram) {
  KJ_REQUIRE(datagram.size() % sizeof(word) == 0, "reply is not made of words");
  auto words = kj::heapArray<word>(datagram.size() / sizeof(word));
  memcpy(words.begin(), datagram.begin(), datagram.size());
  auto reply = kj::refcounted<VaultReply>(kj::mv(words));
  replies++;
  if (recordsInFlight > 0) recordsInFlight--;
  if (!queue.empty()) turn.atEnd(*this);

  if (reply->root().hasAudit()) {
    for (auto listener : listeners) listener->vaultWrote(reply->root());
  }
  for (auto answer : reply->root().getAnswers()) {
    KJ_REQUIRE(slots.holds(answer.getId()), "answer to nothing that was asked");
    VaultRequest* request = slots.release(answer.getId());
    if (request == nullptr) continue;  // nobody waits any more
    request->link = nullptr;
    request->answered(*reply, answer);
  }
}

// --- The link's life
// ---------------------------------------------------------------------------------------------------------

void VaultLink::start(kj::ArrayPtr<VaultListener* const> listenersParam) {
  listeners = listenersParam;
  running =
      run().eagerlyEvaluate([](kj::Exception&& exception) { logFault("B2003", "the vault link ended", exception); });
}

// Connect, greet, stay until the link is lost, wait, again.
kj::Promise<void> VaultLink::run() {
  kj::Promise<void> life = kj::READY_NOW;
  if (connectOnce()) {
    auto paf = kj::newPromiseAndFulfiller<void>();
    lost = kj::mv(paf.fulfiller);
    life = greet()
               .exclusiveJoin(watchReadable())
               .exclusiveJoin(watchProgress())
               .exclusiveJoin(kj::mv(paf.promise))
               .catch_([this](kj::Exception&& exception) {
                 logFault("B2004", "making the vault link failed", exception);
                 lose("greeting failed");
               });
  }
  return life
      .then([this]() {
        failAll();
        auto pause = backOff;
        backOff = kj::min(2 * backOff, limits::RECONNECT_MAX);
        return port.getTimer().afterDelay(pause);
      })
      .then([this]() { return run(); });
}

bool VaultLink::connectOnce() {
  if (!socket.connect()) return false;
  state = State::GREETING;
  connected = true;
  recordsInFlight = 0;
  writeBlocked = false;
  return true;
}

// Never resolves: a link that stands is left only when it is lost.
kj::Promise<void> VaultLink::greet() {
  return askWhileGreeting(CONTROL_WORDS, [](inner::Request::Builder request) { request.setHello(); })
      .then([this](VaultAnswer answer) {
        KJ_REQUIRE(answer.answer.isHello(), "hello was refused");
        auto hello = answer.answer.getHello();
        for (auto listener : listeners) listener->vaultGreeted(hello);
        return replay(hello.getFirstUnacknowledged(), hello.getNextSequence());
      })
      .then([this]() {
        return askWhileGreeting(CONTROL_WORDS, [](inner::Request::Builder request) { request.setHealth(); });
      })
      .then([this](VaultAnswer answer) {
        if (answer.answer.isHealth())
          vaultWorkers = std::clamp<uint32_t>(answer.answer.getHealth().getWorkers(), 1, 64);
        kj::Promise<void> all = kj::READY_NOW;
        for (auto listener : listeners) all = all.then([listener]() { return listener->vaultReturned(); });
        return all;
      })
      .then([this]() -> kj::Promise<void> {
        state = State::READY;
        connections++;
        backOff = limits::RECONNECT_FIRST;
        logInfo("B2006", "vault connected", {{"workers", vaultWorkers}});
        return kj::NEVER_DONE;
      });
}

// Takes over what the vault still holds from an earlier life of the broker; vaultWrote() gets the records.
kj::Promise<void> VaultLink::replay(uint64_t from, uint64_t until) {
  if (from >= until) return kj::READY_NOW;
  return askWhileGreeting(CONTROL_WORDS, [from](inner::Request::Builder request) { request.setReplayAudit(from); })
      .then([this, from, until](VaultAnswer answer) -> kj::Promise<void> {
        auto records = answer.reply->root().getAudit();
        if (records.size() == 0) return kj::READY_NOW;
        return replay(from + kj::min<uint64_t>(records.size(), REPLAY_AT_ONCE), until);
      });
}

// A vault that owes replies and gives none is as good as gone.
kj::Promise<void> VaultLink::watchProgress() {
  uint64_t seen = replies;
  bool owed = recordsInFlight > 0;
  return port.getTimer().afterDelay(limits::VAULT_DEADLINE).then([this, seen, owed]() -> kj::Promise<void> {
    if (owed && recordsInFlight > 0 && replies == seen) lose("no reply within the deadline");
    return watchProgress();
  });
}

void VaultLink::lose(const char* why) {
  if (state == State::AWAY) return;
  logWarning("B2007", kj::str("vault link lost: ", why).cStr());
  state = State::AWAY;
  KJ_IF_MAYBE (fulfiller, lost) (*fulfiller)->fulfill();
}

void VaultLink::failAll() {
  state = State::AWAY;
  writableWatch = kj::READY_NOW;
  socket.close();
  recordsInFlight = 0;
  if (along != nullptr) {
    VaultRequest& request = *along;
    unlink(request);
    request.failed(ErrorCode::VAULT_UNREACHABLE, nullptr);
  }
  while (!queue.empty()) {
    VaultRequest& request = *queue.front();
    unlink(request);
    request.failed(ErrorCode::VAULT_UNREACHABLE, "the link to the vault was lost"_kj);
  }
  slots.releaseAll([](VaultRequest& request) {
    request.link = nullptr;
    request.failed(ErrorCode::VAULT_UNREACHABLE, "the link to the vault was lost"_kj);
  });
  if (!connected) return;
  connected = false;
  for (auto listener : listeners) listener->vaultLost();
}

}  // namespace waas::broker
