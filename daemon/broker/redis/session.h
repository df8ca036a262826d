#pragma once
// One established stream to a Redis server, from the moment it is open until it is lost. Commands of one turn of the
// event loop leave in one write; replies are matched to them in order.
#include <daemon/broker/redis/reply.h>
#include <kj/async-io.h>
#include <kj/timer.h>

#include <deque>
#include <initializer_list>

namespace waas::broker {

// Takes the reply to a group of commands. Exactly one of the two is called, once.
class RedisReplyHandler {
 public:
  virtual ~RedisReplyHandler() noexcept(false) = default;
  // The last reply of the group. Must not keep it and must not throw.
  virtual void reply(const RedisReply& reply) = 0;
  virtual void failed(kj::Exception&& reason) = 0;
};

class RedisSession {
 public:
  // Beyond these a command is refused (overloaded) instead of queued.
  static constexpr size_t MAX_GROUPS = 8192;
  static constexpr size_t MAX_UNSENT_BYTES = 4u << 20;

  // The timer must outlive the session.
  RedisSession(kj::Own<kj::AsyncIoStream> stream, kj::Timer& timer, kj::Duration deadline);
  // Fails what waits with redisUnreachable.
  ~RedisSession() noexcept(false);
  KJ_DISALLOW_COPY(RedisSession);

  // Reads replies and keeps deadlines. Never resolves; is rejected when the connection is lost, with a text for the
  // log. The session can only be destroyed then.
  kj::Promise<void> run();

  using Command = std::initializer_list<kj::ArrayPtr<const char>>;

  // Sends a group of commands at the end of this turn. All but the last are for their effect only (MULTI and what it
  // queues): their replies are dropped.
  void send(std::initializer_list<Command> group, kj::Own<RedisReplyHandler> handler);

  // Declares the connection unusable, for a reason that only the caller sees.
  void abandon(kj::StringPtr reason);

  kj::Duration roundTrip() const { return lastRoundTrip; }

 private:
  struct Waiting {
    kj::Own<RedisReplyHandler> handler;
    size_t replies;
    kj::TimePoint deadline;
  };

  void flush();
  void write();
  kj::Promise<void> readLoop();
  void take(size_t size);
  kj::Promise<void> watch();

  kj::Own<kj::AsyncIoStream> stream;
  kj::Timer& timer;
  kj::Duration deadline;
  RedisReplyReader replies;
  std::deque<Waiting> waiting;
  kj::Vector<char> unsent, leaving;
  bool flushScheduled = false, writing = false, abandoned = false;
  kj::Duration lastRoundTrip = 0 * kj::NANOSECONDS;
  kj::PromiseFulfillerPair<void> broken = kj::newPromiseAndFulfiller<void>();
  kj::Promise<void> flushTask = nullptr;
  kj::Promise<void> writeTask = nullptr;
  kj::byte input[32768];
};

}  // namespace waas::broker
