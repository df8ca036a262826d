#pragma once
// A stream wrapper that makes few system calls out of many small reads and writes.
//
// Cap'n Proto's two-party network makes about two reads and one write per message. Here one large read feeds many
// messages, and what is written within one turn of the event loop leaves in one system call.
#include <kj/async-io.h>
#include <kj/vector.h>

namespace waas::client {

// KJ's interfaces have no virtual destructor: kj::Own knows the object's own type.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

// Wraps a connected stream and owns it.
//
// A write is copied and reported done at once, until MAX_UNSENT_BYTES wait: then it is done when all of that has left,
// so that a peer that doesn't read can't make the buffer grow. A failed write fails all later ones. What was written
// before `shutdownWrite` is sent before the stream is shut; what is unsent when the object ends is lost.
class BufferedStream final : public kj::AsyncIoStream {
 public:
  explicit BufferedStream(kj::Own<kj::AsyncIoStream> inner);

  kj::Promise<size_t> tryRead(void* buffer, size_t minBytes, size_t maxBytes) override;
  kj::Promise<void> write(const void* buffer, size_t size) override;
  kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override;
  kj::Promise<void> whenWriteDisconnected() override { return inner->whenWriteDisconnected(); }
  void shutdownWrite() override;
  void abortRead() override { inner->abortRead(); }

  static constexpr size_t READ_BYTES = 64 << 10;
  static constexpr size_t MAX_UNSENT_BYTES = 1 << 20;

 private:
  kj::Promise<size_t> readOn(kj::byte* buffer, size_t minBytes, size_t maxBytes, size_t got);
  kj::Promise<void> afterAppend();
  kj::Promise<void> sendAll();

  kj::Own<kj::AsyncIoStream> inner;
  kj::Array<kj::byte> readAhead;
  size_t readBegin = 0, readEnd = 0;
  kj::Vector<kj::byte> unsent, sending;
  bool sendingNow = false, shutWhenSent = false;
  kj::Maybe<kj::Exception> broken;
  // Last: they refer to all of the above, so they must be cancelled first.
  kj::ForkedPromise<void> sent = nullptr;
  kj::Promise<void> keepSending = nullptr;
};

#pragma GCC diagnostic pop

}  // namespace waas::client
