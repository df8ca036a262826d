#pragma once
// One client's stream: Cap'n Proto messages in and out, in as few system calls as there are turns of the event loop.
//
// One read feeds as many messages as it holds; all messages that are sent in one turn leave in one write. Idle
// connections own no buffer: reading goes through one scratch buffer of the process, and only a message that is half
// there is kept. What a peer can make us keep is bounded per connection and for all of them together (limits.h).
#include <capnp/serialize.h>
#include <kj/async-unix.h>
#include <kj/io.h>
#include <kj/refcount.h>
#include <kj/vector.h>

#include <deque>

#include "loop-turn.h"

namespace waas::broker {

// A socket that may be passed to the vault while its stream ends: the descriptor must not be closed, and its number not
// be given to another client, before the datagram that carries it has left.
class SharedSocket final : public kj::Refcounted {
 public:
  explicit SharedSocket(kj::AutoCloseFd fd) : fd(kj::mv(fd)) {}
  int get() const { return fd.get(); }

 private:
  kj::AutoCloseFd fd;
};

// What all streams of a process share.
struct StreamPool {
  kj::UnixEventPort& port;
  LoopTurn& turn;
  size_t buffered = 0;                       // bytes of half messages and unread answers, over all streams
  kj::Array<capnp::word> scratch = nullptr;  // for reading; made by the first stream
};

// A resource. Reading ends with null at the peer's end of stream, with a DISCONNECTED exception when the stream broke
// or the peer broke a rule; the texts of these exceptions are literals of ours.
class BufferedStream final : private LoopTurn::Task {
 public:
  // Takes a connected, non-blocking stream socket.
  BufferedStream(kj::Own<SharedSocket> socket, StreamPool& pool);
  ~BufferedStream() noexcept(false);
  KJ_DISALLOW_COPY(BufferedStream);

  // The next message, in stream framing: checked for its size and its number of segments, not for more. Only one read
  // may wait at a time.
  kj::Promise<kj::Maybe<kj::Array<capnp::word>>> receive();

  // Copies a message into the output, which leaves at the end of the turn. Never waits: a peer that does not read is
  // not read from (OUTPUT_PAUSE_BYTES), and is cut when it has still more coming (OUTPUT_CUT_BYTES).
  void send(kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments);

  // Writes what is there, then ends our direction.
  kj::Promise<void> finish();

  // Breaks the stream in both directions; a waiting read fails.
  void cut(kj::StringPtr reason);

  // True while the peer owes us something: the rest of a message, or reading its answers.
  bool isStalled() const { return pendingUsed > 0 || writeBlocked; }

  // Counts reads and writes that moved something: unchanged since the last look = no traffic.
  uint64_t progress() const { return moves; }

 private:
  void endOfTurn() override;
  void readOnce();
  void takeMessages(kj::ArrayPtr<const kj::byte> bytes);
  void keep(kj::ArrayPtr<const kj::byte> bytes);
  size_t messageBytes(kj::ArrayPtr<const kj::byte> bytes);
  void wakeReader();
  bool writeOut();
  void setBuffered(size_t& mine, size_t now);
  kj::Promise<void> watchReadable();
  kj::Promise<void> watchWritable();
  void fail(kj::StringPtr reason);

  StreamPool& pool;
  kj::Own<SharedSocket> socket;
  int fd;
  kj::UnixEventPort::FdObserver observer;  // after the socket: must end before the descriptor is closed

  std::deque<kj::Array<capnp::word>> ready;
  kj::Array<capnp::word> pending;  // start of a message that is not whole yet
  size_t pendingUsed = 0;          // bytes of it
  size_t pendingCounted = 0;       // of pool.buffered
  bool readable = true;            // the socket may hold something
  bool ended = false;
  kj::Maybe<kj::Exception> broken;
  kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> reading;  // the reader that waits

  kj::Vector<kj::byte> output;
  size_t written = 0;  // of output
  size_t outputCounted = 0;
  bool writeBlocked = false;
  kj::Maybe<kj::Own<kj::PromiseFulfiller<void>>> finishing;
  uint64_t moves = 0;

  // Last: end first. The one that watches for input is always armed, because KJ's observer is edge-triggered and an
  // edge that nobody waits for is lost.
  kj::Promise<void> writableWatch = kj::READY_NOW;
  kj::Promise<void> readableWatch;
};

}  // namespace waas::broker
