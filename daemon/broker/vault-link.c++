#include "vault-link.h"

#include <kj/debug.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
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

uint64_t weightOf(uint32_t signatures) { return std::max<uint32_t>(1, signatures); }

capnp::ReaderOptions replyOptions() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 64 * limits::RECORD_BYTES / sizeof(word);
  options.nestingLimit = 16;
  return options;
}

}  // namespace

VaultReply::VaultReply(kj::Array<word> wordsParam)
    : words(kj::mv(wordsParam)), message(words, replyOptions()), reply(message.getRoot<inner::Reply>()) {}

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
      path(kj::mv(path)),
      backOff(limits::RECONNECT_FIRST),
      recordSpace(kj::heapArray<word>(RECORD_WORDS)),
      replySpace(kj::heapArray<word>(limits::RECORD_BYTES / sizeof(word) + 1)) {
  memset(recordSpace.begin(), 0, recordSpace.asBytes().size());
}

VaultLink::~VaultLink() noexcept(false) {
  // Requests outlive the link only when their owners are torn down later; they must not reach for it.
  if (along != nullptr) along->link = nullptr;
  for (VaultRequest* request = first; request != nullptr; request = request->next) request->link = nullptr;
  for (auto& slot : slots) {
    if (slot.request != nullptr) slot.request->link = nullptr;
  }
}

void VaultLink::submit(VaultRequest& request) {
  bool allowed = state == State::READY || (state == State::GREETING && request.greeting);
  if (!allowed) return request.failed(ErrorCode::VAULT_UNREACHABLE, "the vault is not connected"_kj);
  if (queueLength >= limits::VAULT_QUEUE)
    return request.failed(ErrorCode::OVERLOADED, "too much waits for the vault"_kj);
  if (request.words + RECORD_OVERHEAD > RECORD_WORDS) {
    return request.failed(ErrorCode::TOO_LARGE, "the request does not fit into a record"_kj);
  }
  enqueue(request);
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

void VaultLink::enqueue(VaultRequest& request) {
  request.link = this;
  request.queued = true;
  request.previous = last;
  request.next = nullptr;
  (last != nullptr ? last->next : first) = &request;
  last = &request;
  queueLength++;
  queueWeight += weightOf(request.signatures);
}

// Takes a request out of the queue, or out of its slot: the vault's answer then finds nobody.
void VaultLink::unlink(VaultRequest& request) {
  request.link = nullptr;
  if (&request == along) {
    along = nullptr;
    return;
  }
  if (!request.queued) {
    slots[request.slot].request = nullptr;
    return;
  }
  request.queued = false;
  (request.previous != nullptr ? request.previous->next : first) = request.next;
  (request.next != nullptr ? request.next->previous : last) = request.previous;
  queueLength--;
  queueWeight -= weightOf(request.signatures);
}

uint32_t VaultLink::takeSlot(VaultRequest& request) {
  if (freeSlots.empty()) {
    freeSlots.push_back(static_cast<uint32_t>(slots.size()));
    slots.emplace_back();
  }
  uint32_t index = freeSlots.back();
  freeSlots.pop_back();
  slots[index].request = &request;
  slots[index].inFlight = true;
  slots[index].generation++;
  request.slot = index;
  request.link = this;
  return index;
}

void VaultLink::releaseSlot(uint32_t index) {
  slots[index].request = nullptr;
  slots[index].inFlight = false;
  freeSlots.push_back(index);
}

// --- Out
// -----------------------------------------------------------------------------------------------------------------

void VaultLink::endOfTurn() {
  while (first != nullptr && state != State::AWAY && !writeBlocked &&
         recordsInFlight < vaultWorkers * limits::RECORDS_PER_WORKER) {
    if (!sendRecord()) break;
  }
}

// Chooses what goes into the next record: no more than a fair part of what waits, so that all free workers get some.
size_t VaultLink::chooseBatch(kj::ArrayPtr<VaultRequest*> batch, size_t& words) {
  uint32_t freeRecords = vaultWorkers * limits::RECORDS_PER_WORKER - recordsInFlight;
  uint64_t share = (queueWeight + freeRecords - 1) / freeRecords;
  uint64_t target = std::clamp<uint64_t>(share, limits::SPLIT_SIGNATURES, limits::RECORD_SIGNATURES);
  size_t count = 0;
  uint64_t weight = 0;
  words = RECORD_OVERHEAD;
  if (along != nullptr) along->link = nullptr;
  for (VaultRequest* request = first; request != nullptr && count < batch.size(); request = request->next) {
    if (count > 0 &&
        (request->alone || weight + weightOf(request->signatures) > target || words + request->words > RECORD_WORDS)) {
      break;
    }
    batch[count++] = request;
    weight += weightOf(request->signatures);
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
    slots[request.slot].request = nullptr;
    request.link = nullptr;
    Fault fault = faultOf(*exception);
    request.failed(fault.code, fault.detail);
    return false;
  }
  return true;
}

bool VaultLink::sendRecord() {
  VaultRequest* chosen[limits::RECORD_REQUESTS];
  uint32_t taken[limits::RECORD_REQUESTS];
  size_t words = 0;
  size_t count = chooseBatch(kj::arrayPtr(chosen, limits::RECORD_REQUESTS), words);
  auto batch = kj::arrayPtr(chosen, count);

  // The builder zeroes again what it used of the space.
  capnp::MallocMessageBuilder message(recordSpace, capnp::AllocationStrategy::FIXED_SIZE);
  auto requests = message.initRoot<inner::Record>().initRequests(static_cast<unsigned int>(count));
  for (unsigned int i = 0; i < count; i++) {
    unlink(*batch[i]);
    uint32_t slot = taken[i] = takeSlot(*batch[i]);
    requests[i].setId(static_cast<uint64_t>(slots[slot].generation) << 32 | slot);
    if (!writeRequest(*batch[i], requests[i])) batch[i] = nullptr;
  }
  auto segments = message.getSegmentsForOutput();
  if (segments.size() != 1) {
    logError("B2001", "a record outgrew its estimate", {{"words", static_cast<int64_t>(words)}});
    for (unsigned int i = 0; i < count; i++) releaseSlot(taken[i]);
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
    releaseSlot(taken[i]);
    if (batch[i] == nullptr) continue;
    VaultRequest& request = *batch[i];
    request.queued = true;
    request.previous = nullptr;
    request.next = first;
    (first != nullptr ? first->previous : last) = &request;
    first = &request;
    queueLength++;
    queueWeight += weightOf(request.signatures);
  }
  return false;
}

// One datagram, whole or not at all. False when there is no room now or the link is broken.
bool VaultLink::transmit(kj::ArrayPtr<const word> segment, int passed) {
  uint32_t table[2] = {0, htole32(static_cast<uint32_t>(segment.size()))};
  iovec parts[2] = {{table, sizeof(table)}, {const_cast<word*>(segment.begin()), segment.asBytes().size()}};
  msghdr header{};
  header.msg_iov = parts;
  header.msg_iovlen = 2;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (passed >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &passed, sizeof(int));
  }
  for (;;) {
    if (sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
      writeBlocked = true;
      writableWatch = watchWritable().eagerlyEvaluate([](kj::Exception&&) {});
    } else {
      lose("sending failed");
    }
    return false;
  }
}

kj::Promise<void> VaultLink::watchWritable() {
  return KJ_ASSERT_NONNULL(observer)->whenBecomesWritable().then([this]() {
    writeBlocked = false;
    turn.atEnd(*this);
  });
}

// --- In
// --------------------------------------------------------------------------------------------------------------------

kj::Promise<void> VaultLink::watchReadable() {
  return KJ_ASSERT_NONNULL(observer)->whenBecomesReadable().then([this]() {
    receiveAll();
    return watchReadable();
  });
}

void VaultLink::receiveAll() {
  auto space = replySpace.asBytes();
  while (state != State::AWAY) {
    ssize_t n = recv(fd, space.begin(), space.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n <= 0) return lose(n == 0 ? "the vault closed the link" : "receiving failed");
    if (static_cast<size_t>(n) > limits::RECORD_BYTES) return lose("a reply is too large");
    KJ_IF_MAYBE (exception, kj::runCatchingExceptions([&]() { receiveOne(space.slice(0, static_cast<size_t>(n))); })) {
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
  if (first != nullptr) turn.atEnd(*this);

  if (reply->root().hasAudit()) {
    for (auto listener : listeners) listener->vaultWrote(reply->root());
  }
  for (auto answer : reply->root().getAnswers()) {
    uint32_t index = static_cast<uint32_t>(answer.getId());
    KJ_REQUIRE(index < slots.size() && slots[index].inFlight && slots[index].generation == answer.getId() >> 32,
               "answer to nothing that was asked");
    VaultRequest* request = slots[index].request;
    releaseSlot(index);
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
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  memcpy(address.sun_path, path.begin(), path.size());
  int made = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return false;
  kj::AutoCloseFd mine(made);
  // Room for all records that may be in flight; less only means waiting.
  int room = static_cast<int>(limits::RECORD_BYTES) * 4;
  setsockopt(mine, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
  if (::connect(mine, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    logDebug("B2005", "the vault can't be reached", {{"errno", errno}});
    return false;
  }
  fd = kj::mv(mine);
  observer = kj::heap<kj::UnixEventPort::FdObserver>(port, fd, kj::UnixEventPort::FdObserver::OBSERVE_READ_WRITE);
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
  observer = nullptr;
  fd = nullptr;
  recordsInFlight = 0;
  if (along != nullptr) {
    VaultRequest& request = *along;
    unlink(request);
    request.failed(ErrorCode::VAULT_UNREACHABLE, nullptr);
  }
  while (first != nullptr) {
    VaultRequest& request = *first;
    unlink(request);
    request.failed(ErrorCode::VAULT_UNREACHABLE, "the link to the vault was lost"_kj);
  }
  for (uint32_t index = 0; index < slots.size(); index++) {
    if (!slots[index].inFlight) continue;
    VaultRequest* request = slots[index].request;
    releaseSlot(index);
    if (request == nullptr) continue;
    request->link = nullptr;
    request->failed(ErrorCode::VAULT_UNREACHABLE, "the link to the vault was lost"_kj);
  }
  if (!connected) return;
  connected = false;
  for (auto listener : listeners) listener->vaultLost();
}

}  // namespace waas::broker
