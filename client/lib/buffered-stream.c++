#include "buffered-stream.h"

#include <cstring>
#include <utility>

namespace waas::client {

BufferedStream::BufferedStream(kj::Own<kj::AsyncIoStream> stream)
    : inner(kj::mv(stream)), readAhead(kj::heapArray<kj::byte>(READ_BYTES)) {}

kj::Promise<size_t> BufferedStream::tryRead(void* buffer, size_t minBytes, size_t maxBytes) {
  return readOn(static_cast<kj::byte*>(buffer), minBytes, maxBytes, 0);
}

kj::Promise<size_t> BufferedStream::readOn(kj::byte* buffer, size_t minBytes, size_t maxBytes, size_t got) {
  size_t n = kj::min(maxBytes - got, readEnd - readBegin);
  if (n > 0) memcpy(buffer + got, readAhead.begin() + readBegin, n);
  readBegin += n;
  got += n;
  if (got >= minBytes) return got;
  readBegin = readEnd = 0;
  if (maxBytes - got >= readAhead.size()) {
    return inner->tryRead(buffer + got, minBytes - got, maxBytes - got).then([got](size_t more) { return got + more; });
  }
  return inner->tryRead(readAhead.begin(), 1, readAhead.size())
      .then([this, buffer, minBytes, maxBytes, got](size_t more) -> kj::Promise<size_t> {
        if (more == 0) return got;
        readEnd = more;
        return readOn(buffer, minBytes, maxBytes, got);
      });
}

kj::Promise<void> BufferedStream::write(const void* buffer, size_t size) {
  auto bytes = kj::arrayPtr(static_cast<const kj::byte*>(buffer), size);
  unsent.addAll(bytes);
  return afterAppend();
}

kj::Promise<void> BufferedStream::write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) {
  for (auto& piece : pieces) unsent.addAll(piece);
  return afterAppend();
}

kj::Promise<void> BufferedStream::afterAppend() {
  KJ_IF_MAYBE (exception, broken) {
    unsent.clear();
    return kj::cp(*exception);
  }
  if (!sendingNow && unsent.size() > 0) {
    sendingNow = true;
    // evalLast: everything else that is ready in this turn gets to write first.
    auto promise = kj::evalLast([this]() { return sendAll(); }).catch_([this](kj::Exception&& e) {
      broken = kj::cp(e);
      unsent.clear();
      kj::throwFatalException(kj::mv(e));
    });
    sent = promise.fork();
    // The fork alone would not run without a waiter.
    keepSending = sent.addBranch().eagerlyEvaluate([](kj::Exception&&) {});
  }
  if (unsent.size() < MAX_UNSENT_BYTES) return kj::READY_NOW;
  return sent.addBranch();
}

kj::Promise<void> BufferedStream::sendAll() {
  if (unsent.size() == 0) {
    sendingNow = false;
    if (shutWhenSent) inner->shutdownWrite();
    return kj::READY_NOW;
  }
  sending.clear();
  std::swap(sending, unsent);
  return inner->write(sending.begin(), sending.size()).then([this]() { return sendAll(); });
}

void BufferedStream::shutdownWrite() {
  if (sendingNow) {
    shutWhenSent = true;
  } else {
    inner->shutdownWrite();
  }
}

}  // namespace waas::client
