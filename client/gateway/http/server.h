#pragma once
// Takes connections, bounds them, and ends them gracefully.
#include <kj/async-io.h>
#include <kj/timer.h>

#include <list>
#include <string>
#include <unordered_map>

#include "connection.h"
#include "tls-identity.h"

namespace waas::gateway {

class HttpServer final : private kj::TaskSet::ErrorHandler {
 public:
  struct Options {
    uint32_t connections = 0;
    uint32_t connectionsPerAddress = 0;
    kj::Duration idle = 0 * kj::SECONDS;
  };

  HttpServer(kj::Timer& timer, HttpHandler& handler, const Options& options);

  // Takes connections until dropped. With `tls` each begins with a handshake. Both must outlive the promise.
  kj::Promise<void> listen(kj::ConnectionReceiver& port, kj::Maybe<TlsIdentity&> tls);

  // Takes no more; done when every connection has ended, or after `DRAIN_TIME`.
  kj::Promise<void> drain();

  size_t connections() const { return open; }
  uint64_t refusedConnections() const { return refused; }

 private:
  friend class Connection;
  struct Slot;

  void accept(kj::Own<kj::AsyncIoStream> stream, kj::Maybe<TlsIdentity&> tls);
  kj::Promise<void> sweep();
  kj::Promise<void> empty();
  void tellDate();
  void taskFailed(kj::Exception&& exception) override;

  kj::Timer& timer;
  HttpHandler& handler;
  Options options;
  size_t open = 0;  // with those that are shaking hands
  uint64_t refused = 0;
  size_t bodyBytes = 0;
  bool draining = false;
  std::string date;  // as the header has it
  std::unordered_map<std::string, uint32_t> addresses;
  std::list<Connection*> all, idle;
  kj::TaskSet tasks;
  kj::Promise<void> sweeping;
};

}  // namespace waas::gateway
