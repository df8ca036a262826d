#pragma once
// From a request to its answer: route, origin, who asks, idempotency, handler, failure, headers, log.
#include "http/handler.h"
#include "idempotency.h"
#include "route-table.h"

namespace waas::gateway {

class Service final : public HttpHandler {
 public:
  explicit Service(Parts& parts);
  KJ_DISALLOW_COPY(Service);

  Admission admit(const Head& head) override;
  kj::Promise<Response> serve(Request& request) override;
  Response refuse(const Peer& peer, const Refusal& refusal) override;

  size_t calls() const { return underWay; }

 private:
  kj::Promise<Response> dispatch(Call& call);
  kj::Promise<Response> enter(Call& call, bool again);
  kj::Promise<void> authorize(Call& call);
  void checkCron(Call& call);
  kj::Promise<Response> handle(Call& call);
  Response preflight(Call& call, const RouteMatch& match);
  Response failed(Call& call, kj::Exception&& exception);
  void decorate(Call& call, Response& response);

  Parts& parts;
  Idempotency idempotency;
  size_t underWay = 0;
};

}  // namespace waas::gateway
