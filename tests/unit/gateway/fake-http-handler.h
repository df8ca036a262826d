#pragma once
// A handler that answers what its path says, and a client's end of a connection.
#include <kj/async-io.h>

#include <string>

#include "client/gateway/http/server.h"

namespace waas::gateway {

class FakeHttpHandler final : public HttpHandler {
 public:
  Admission admit(const Head&) override { return {100, 2 * kj::SECONDS}; }

  kj::Promise<Response> serve(Request& request) override {
    served++;
    if (request.head.path == "/never") return kj::NEVER_DONE;
    Response response;
    response.body = std::string(request.head.path) + " " + std::string(request.bodyText());
    return response;
  }

  Response refuse(const Peer&, const Refusal& refusal) override {
    Response response;
    response.status = client::describe(refusal.code).httpStatus;
    response.body = client::describe(refusal.code).name.cStr();
    return response;
  }

  int served = 0;
};

}  // namespace waas::gateway
