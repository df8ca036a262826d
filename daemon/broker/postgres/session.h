#pragma once
// One established connection to PostgreSQL in pipeline mode, from the moment it is ready until it is lost.
//
// Each statement has a Sync of its own, so that one failure does not touch its neighbours, and so that an answer means
// "committed". Answers are matched to statements in order.
#include <daemon/broker/postgres/answer.h>
#include <daemon/broker/postgres/parameters.h>
#include <kj/async-unix.h>
#include <kj/map.h>
#include <kj/timer.h>

#include <deque>

namespace waas::broker {

// What a lost connection means for a statement that had left.
enum class Statement : uint8_t { READ, WRITE };

class PostgresSession {
 public:
  // What the server says about itself. A value.
  struct Facts {
    bool inRecovery = false;
    bool commitsWait = false;  // a commit returns after it is on disk (settings synchronous_commit and fsync)
    bool hasSchema = false;    // the tables are there
    bool isDirect = false;     // no pooler in between: the server process is the one that we were told at connect
  };

  struct Limits {
    kj::Duration deadline;
    kj::Duration probeEvery;
    bool namedStatements;  // once probe() has found the connection to be direct
  };

  // Takes a connection that libpq calls established.
  PostgresSession(LibpqConnection connection, kj::UnixEventPort& events, Limits limits);
  // Rejects what waits: reads with postgresUnreachable, writes with outcomeUnknown.
  ~PostgresSession() noexcept(false);
  KJ_DISALLOW_COPY(PostgresSession);

  // Reads answers, keeps deadlines, pings. Never resolves; is rejected when the connection is lost, with a text for the
  // log. The session can only be destroyed then. `this` must outlive the promise.
  kj::Promise<void> run();

  // Asks the server about itself; `facts` has the answer. To be called while run() runs.
  kj::Promise<void> probe();
  const Facts& facts() const { return known; }

  // Sends one statement. `sql` must be a literal: named statements are remembered by its address.
  kj::Promise<PostgresAnswer> query(kj::StringPtr sql, PostgresParameters& parameters, Statement kind);

  // Declares the connection unusable, for a reason that only the caller sees.
  void abandon(kj::StringPtr reason);

  kj::Duration roundTrip() const { return lastRoundTrip; }
  kj::String serverVersion() const;

  static constexpr size_t MAX_IN_FLIGHT = 512;
  // About this many bytes without one complete answer end the connection.
  static constexpr size_t MAX_ANSWER_BYTES = 16u << 20;

 private:
  struct Waiting {
    kj::Own<kj::PromiseFulfiller<PostgresAnswer>> fulfiller;
    Statement kind;
    kj::TimePoint deadline;
    PostgresAnswer answer;
    const void* prepared;  // the statement that was prepared along, if any
  };

  void send(kj::StringPtr sql, PostgresParameters& parameters, const void*& prepared);
  void flush();
  void noticeClosedSocket();
  kj::Promise<void> readLoop();
  kj::Promise<void> watch();
  void drain();
  void takeAnswers();
  void finishFront();
  void planOnce();
  void ping();

  // In this order: the observer must die before the socket, promises before what they use.
  LibpqConnection connection;
  kj::UnixEventPort& events;
  Limits limits;
  kj::Own<kj::UnixEventPort::FdObserver> observer;  // null once libpq has closed the socket
  std::deque<Waiting> waiting;
  kj::HashMap<const void*, kj::String> names;
  uint64_t nameCount = 0;
  size_t unanswered = 0;  // bytes since the last complete answer
  kj::Duration lastRoundTrip = 0 * kj::NANOSECONDS;
  kj::TimePoint lastProbe;
  Facts known;
  bool abandoned = false;
  kj::PromiseFulfillerPair<void> broken = kj::newPromiseAndFulfiller<void>();
  kj::Promise<void> flushing = nullptr;
  bool flushWaits = false;
  bool plansOnce = false;
  kj::Promise<void> planning = nullptr;
  kj::Promise<void> pinging = nullptr;
};

}  // namespace waas::broker
