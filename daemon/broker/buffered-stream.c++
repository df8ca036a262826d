#include "buffered-stream.h"

#include <kj/debug.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "limits.h"

namespace waas::broker {
namespace {

using capnp::word;

constexpr size_t SCRATCH_WORDS = limits::READ_AT_ONCE / sizeof(word);

kj::Exception disconnected(kj::StringPtr reason) {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__, kj::heapString(reason));
}

uint32_t littleEndian(const kj::byte* at) {
  uint32_t value;
  memcpy(&value, at, sizeof(value));
  return le32toh(value);
}

// Words of a message's segment table with so many segments.
size_t tableWords(size_t segments) { return segments / 2 + 1; }

}  // namespace

BufferedStream::BufferedStream(kj::Own<SharedSocket> socketParam, StreamPool& pool)
    : pool(pool),
      socket(kj::mv(socketParam)),
      fd(socket->get()),
      observer(pool.port, fd, kj::UnixEventPort::FdObserver::OBSERVE_READ_WRITE),
      readableWatch(watchReadable().eagerlyEvaluate([this](kj::Exception&&) { fail("the stream broke"_kj); })) {
  if (pool.scratch == nullptr) pool.scratch = kj::heapArray<word>(SCRATCH_WORDS);
}

BufferedStream::~BufferedStream() noexcept(false) {
  ::shutdown(fd, SHUT_RDWR);  // the socket may be shared still
  setBuffered(pendingCounted, 0);
  setBuffered(outputCounted, 0);
}

kj::Promise<kj::Maybe<kj::Array<word>>> BufferedStream::receive() {
  using Result = kj::Maybe<kj::Array<word>>;
  bool paused = outputCounted > limits::OUTPUT_PAUSE_BYTES;
  while (!paused && ready.empty() && readable && !ended && broken == nullptr) readOnce();

  KJ_IF_MAYBE (exception, broken) return kj::cp(*exception);
  if (!paused && !ready.empty()) {
    Result message = kj::mv(ready.front());
    ready.pop_front();
    return kj::mv(message);
  }
  if (!paused && ended) {
    if (pendingUsed > 0) return disconnected("the stream ended inside a message"_kj);
    return Result(nullptr);
  }
  auto paf = kj::newPromiseAndFulfiller<void>();
  reading = kj::mv(paf.fulfiller);
  return paf.promise.then([this]() { return receive(); });
}

void BufferedStream::wakeReader() {
  KJ_IF_MAYBE (fulfiller, reading) {
    auto waiting = kj::mv(*fulfiller);
    reading = nullptr;
    waiting->fulfill();
  }
}

kj::Promise<void> BufferedStream::watchReadable() {
  return observer.whenBecomesReadable().then([this]() {
    readable = true;
    wakeReader();
    return watchReadable();
  });
}

void BufferedStream::readOnce() {
  auto space = pool.scratch.asBytes();
  ssize_t n = recv(fd, space.begin(), space.size(), MSG_DONTWAIT);
  if (n < 0) {
    if (errno == EINTR) return;
    readable = false;
    if (errno != EAGAIN && errno != EWOULDBLOCK) fail("the stream broke"_kj);
    return;
  }
  if (n == 0) {
    ended = true;
    return;
  }
  moves++;
  auto bytes = space.slice(0, static_cast<size_t>(n));
  readable = bytes.size() == space.size();  // a short read of a stream means that nothing is left
  if (pendingUsed == 0) return takeMessages(bytes);
  keep(bytes);
  if (broken != nullptr) return;
  auto all = kj::mv(pending);
  takeMessages(all.asBytes().slice(0, pendingUsed));
}

// Takes whole messages out of `bytes` and keeps the rest.
void BufferedStream::takeMessages(kj::ArrayPtr<const kj::byte> bytes) {
  while (broken == nullptr) {
    size_t size = messageBytes(bytes);
    if (broken != nullptr) return;
    if (size == 0 || size > bytes.size()) break;
    auto message = kj::heapArray<word>(size / sizeof(word));
    memcpy(message.begin(), bytes.begin(), size);
    ready.push_back(kj::mv(message));
    bytes = bytes.slice(size, bytes.size());
  }
  pendingUsed = 0;
  if (bytes.size() > 0) return keep(bytes);
  pending = nullptr;
  setBuffered(pendingCounted, 0);
}

// Size of the message that starts `bytes`, 0 when that can't be told yet. Everything is checked before it is believed:
// a segment count of 0xFFFFFFFF is one that overflows, not one of zero segments.
size_t BufferedStream::messageBytes(kj::ArrayPtr<const kj::byte> bytes) {
  if (bytes.size() < sizeof(word)) return 0;
  uint32_t last = littleEndian(bytes.begin());
  if (last >= limits::MESSAGE_SEGMENTS) {
    fail("a message has too many segments"_kj);
    return 0;
  }
  size_t segments = last + size_t{1};
  size_t table = tableWords(segments) * sizeof(word);
  if (bytes.size() < table) return 0;
  uint64_t words = 0;
  for (size_t i = 0; i < segments; i++) words += littleEndian(bytes.begin() + 4 * (i + 1));
  if (words > limits::MESSAGE_BYTES / sizeof(word)) {
    fail("a message is too large"_kj);
    return 0;
  }
  return table + static_cast<size_t>(words) * sizeof(word);
}

// Appends to the half message, in memory that grows with what has come, not with what was announced.
void BufferedStream::keep(kj::ArrayPtr<const kj::byte> bytes) {
  size_t need = pendingUsed + bytes.size();
  if (need > pending.size() * sizeof(word)) {
    size_t words = kj::max(need / sizeof(word) + 1, 2 * pending.size());
    setBuffered(pendingCounted, words * sizeof(word));
    if (pool.buffered > limits::BUFFERED_BYTES) return fail("too much is buffered for all connections"_kj);
    auto grown = kj::heapArray<word>(words);
    memcpy(grown.begin(), pending.begin(), pendingUsed);
    pending = kj::mv(grown);
  }
  memcpy(pending.asBytes().begin() + pendingUsed, bytes.begin(), bytes.size());
  pendingUsed = need;
}

void BufferedStream::send(kj::ArrayPtr<const kj::ArrayPtr<const word>> segments) {
  if (broken != nullptr) return;
  uint32_t table[2 * (limits::MESSAGE_SEGMENTS / 2 + 1)];
  if (segments.size() == 0 || segments.size() > limits::MESSAGE_SEGMENTS)
    return fail("an answer has too many segments"_kj);
  size_t entries = tableWords(segments.size()) * 2;
  memset(table, 0, entries * sizeof(uint32_t));
  table[0] = htole32(static_cast<uint32_t>(segments.size() - 1));
  for (size_t i = 0; i < segments.size(); i++) table[i + 1] = htole32(static_cast<uint32_t>(segments[i].size()));

  auto header = kj::ArrayPtr<const kj::byte>(reinterpret_cast<const kj::byte*>(table), entries * sizeof(uint32_t));
  output.addAll(header);
  for (auto& segment : segments) output.addAll(segment.asBytes());
  setBuffered(outputCounted, output.size() - written);
  if (output.size() - written > limits::OUTPUT_CUT_BYTES || pool.buffered > limits::BUFFERED_BYTES) {
    return fail("the peer does not read its answers"_kj);
  }
  if (!writeBlocked) pool.turn.atEnd(*this);
}

void BufferedStream::endOfTurn() {
  if (writeBlocked || broken != nullptr || writeOut()) return;
  writeBlocked = true;
  writableWatch = watchWritable().eagerlyEvaluate([this](kj::Exception&&) { fail("the stream broke"_kj); });
}

kj::Promise<void> BufferedStream::watchWritable() {
  return observer.whenBecomesWritable().then([this]() -> kj::Promise<void> {
    if (broken == nullptr && !writeOut()) return watchWritable();
    writeBlocked = false;
    return kj::READY_NOW;
  });
}

// Writes as much as the socket takes. False when it is full.
bool BufferedStream::writeOut() {
  while (written < output.size()) {
    ssize_t n = ::send(fd, output.begin() + written, output.size() - written, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      fail("the stream broke"_kj);
      return true;
    }
    moves++;
    written += static_cast<size_t>(n);
  }
  bool all = written == output.size();
  if (all) {
    // A buffer that a burst has blown up is given back.
    if (output.capacity() > limits::OUTPUT_PAUSE_BYTES / 16) output = kj::Vector<kj::byte>();
    output.clear();
    written = 0;
    KJ_IF_MAYBE (fulfiller, finishing) (*fulfiller)->fulfill();
  }
  bool wasPaused = outputCounted > limits::OUTPUT_PAUSE_BYTES;
  setBuffered(outputCounted, output.size() - written);
  if (wasPaused && outputCounted <= limits::OUTPUT_PAUSE_BYTES) wakeReader();
  return all;
}

kj::Promise<void> BufferedStream::finish() {
  kj::Promise<void> empty = kj::READY_NOW;
  if (written < output.size() && broken == nullptr) {
    auto paf = kj::newPromiseAndFulfiller<void>();
    finishing = kj::mv(paf.fulfiller);
    empty = kj::mv(paf.promise);
  }
  return empty.then([this]() { ::shutdown(fd, SHUT_WR); });
}

void BufferedStream::cut(kj::StringPtr reason) { fail(reason); }

void BufferedStream::fail(kj::StringPtr reason) {
  if (broken != nullptr) return;
  broken = disconnected(reason);
  ::shutdown(fd, SHUT_RDWR);
  ready.clear();
  pending = nullptr;
  pendingUsed = 0;
  setBuffered(pendingCounted, 0);
  output = kj::Vector<kj::byte>();
  written = 0;
  setBuffered(outputCounted, 0);
  wakeReader();
  KJ_IF_MAYBE (fulfiller, finishing) (*fulfiller)->fulfill();
}

// Keeps the count of all streams in step with this one's.
void BufferedStream::setBuffered(size_t& mine, size_t now) {
  pool.buffered = pool.buffered - mine + now;
  mine = now;
}

}  // namespace waas::broker
