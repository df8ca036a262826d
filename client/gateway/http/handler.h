#pragma once
// What the server asks of whoever answers requests.
#include <kj/async.h>
#include <kj/time.h>

#include "message.h"

namespace waas::gateway {

class HttpHandler {
 public:
  // What may follow a head.
  struct Admission {
    size_t bodyBytes = 0;  // at most; more is refused before it is read
    kj::Duration time = 0 * kj::SECONDS;
  };

  // Looks at a head alone. Must not fail.
  virtual Admission admit(const Head& head) = 0;

  // Answers a request that has arrived whole. The request lives until the promise is done or dropped. Must not fail.
  virtual kj::Promise<Response> serve(Request& request) = 0;

  // The answer to a request that is refused unread; the connection ends after it.
  virtual Response refuse(const Peer& peer, const Refusal& refusal) = 0;

 protected:
  ~HttpHandler() = default;
};

}  // namespace waas::gateway
