// What a supervisor, a load balancer or a developer asks.
#include "answers.h"
#include "openapi-document.h"
#include "routes.h"

namespace waas::gateway {
namespace {

Json stateOf(const kj::Maybe<client::ErrorCode>& failed) {
  KJ_IF_MAYBE (code, failed) return client::describe(*code).name.cStr();
  return "ok";
}

}  // namespace

// Says that this process turns its loop, and nothing about others.
kj::Promise<Response> healthz(Call&) {
  Response response;
  response.body = "{\"status\":\"ok\"}";
  return response;
}

kj::Promise<Response> readyz(Call& call) {
  return call.parts.readiness.report().then([](Readiness::Report report) {
    Json checks = {{"daemon", stateOf(report.daemon)}, {"database", stateOf(report.database)}};
    return answer({{"status", report.ready() ? "ready" : "not ready"}, {"checks", checks}}, report.ready() ? 200 : 503);
  });
}

kj::Promise<Response> metrics(Call& call) {
  if (!call.isLocal && !call.parts.settings.metricsForAll)
    refuse(ErrorCode::NOT_ALLOWED, "metrics are for local clients");
  Response response;
  response.contentType = "text/plain; version=0.0.4; charset=utf-8";
  response.body = call.parts.metrics.text(call.parts.sample());
  return response;
}

kj::Promise<Response> openapi(Call&) {
  Response response;
  response.body = std::string(openApiDocument());
  return response;
}

}  // namespace waas::gateway
