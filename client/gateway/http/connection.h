#pragma once
// One client's connection: reads a request, has it answered, writes the answer, and again.
#include <kj/async-io.h>
#include <kj/timer.h>

#include <list>

#include "handler.h"

namespace waas::gateway {

class HttpServer;

// Every step has a time limit, which the server looks after with `sweep` (a timer for each step of each request would
// cost more than the request). A resource; lives in the server's task set.
class Connection {
 public:
  Connection(HttpServer& server, kj::Own<kj::AsyncIoStream> stream, Peer peer);
  ~Connection() noexcept(false);
  KJ_DISALLOW_COPY(Connection);

  // Done when the connection has ended, however.
  kj::Promise<void> run();

  // Ends the step that has taken too long, if one has.
  void sweep(kj::TimePoint now);

  // Ends the connection now if it is between requests, else after the answer that is under way.
  void finish();

  // Ends an idle connection, whose place somebody else needs.
  void evict();

 private:
  enum class Step : uint8_t { IDLE, HEAD, BODY, SERVING, WRITING, LINGERING };

  void enter(Step next, kj::Duration time);
  void cut();
  kj::Promise<void> loop();
  kj::Promise<void> read();
  kj::Promise<void> haveHead(size_t size);
  kj::Promise<void> readBody(size_t got);
  kj::Promise<void> serve(size_t got);
  kj::Promise<void> write(Response response, bool isHead);
  kj::Promise<void> refuse(Refusal refusal);
  kj::Promise<void> linger(size_t left);
  void releaseRequest();

  HttpServer& server;
  kj::Own<kj::AsyncIoStream> stream;
  Peer peer;
  std::list<Connection*>::iterator place;      // among all connections
  std::list<Connection*>::iterator idlePlace;  // among the idle ones, while `isIdle`
  bool isIdle = false, finishing = false, expired = false;
  Step step = Step::IDLE;
  kj::TimePoint deadline = kj::origin<kj::TimePoint>();
  kj::Duration serveTime = 0 * kj::SECONDS;

  kj::Array<char> buffer;
  size_t used = 0;
  size_t bodyHeld = 0;  // counted against the bodies of all
  kj::Own<Request> request;
  std::string out;
  kj::Canceler canceler;  // last: what it cancels uses the rest
};

}  // namespace waas::gateway
