#include "service.h"

#include <sodium.h>

#include <algorithm>

#include "authorization.h"
#include "cookies.h"
#include "log.h"
#include "problem.h"
#include "routes/answers.h"
#include "routes/routes.h"

namespace waas::gateway {
namespace {

// On every answer. Nothing of ours is a page, is to be kept, or may be framed.
void addSecurityHeaders(Response& response, bool tls) {
  response.add("X-Content-Type-Options", "nosniff");
  response.add("Cache-Control", "no-store");
  response.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  response.add("Referrer-Policy", "no-referrer");
  response.add("Cross-Origin-Resource-Policy", "same-origin");
  if (tls) response.add("Strict-Transport-Security", "max-age=31536000");
}

std::string freshId() {
  uint8_t random[8];
  randombytes_buf(random, sizeof random);
  return hex(random);
}

bool isVaultPath(std::string_view path) { return path.starts_with("/v1/"); }

// Bodies are JSON. Vault's own clients don't always say so.
void requireJson(const Call& call) {
  if (call.request.body.size() == 0) return;
  std::string_view type = call.request.head.header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (type.empty() && call.route->form == Route::Form::VAULT) return;
  if (type != "application/json") gateway::refuse(ErrorCode::MEDIA_TYPE_REFUSED);
}

}  // namespace

Service::Service(Parts& parts) : parts(parts), idempotency(parts.database) {}

HttpHandler::Admission Service::admit(const Head& head) {
  auto match = findRoute(routes(), head.method, head.path);
  // What has no route is read all the same, so that the answer can say so.
  if (match.route == nullptr) return {limits::SMALL_BODY_BYTES, limits::SERVE_TIME};
  return {match.route->bodyBytes, match.route->time};
}

kj::Promise<Response> Service::serve(Request& request) {
  auto start = kj::systemPreciseMonotonicClock().now();
  auto call = kj::heap<Call>(parts, request, freshId());
  Call& ref = *call;
  underWay++;
  return kj::evalNow([&]() {
           ref.isLocal = isLocalClient(request, parts.settings.behindProxy);
           ref.address = request.peer->address;
           ref.address = clientAddress(request, parts.settings.behindProxy);
           return dispatch(ref);
         })
      .catch_([this, &ref](kj::Exception&& exception) { return failed(ref, kj::mv(exception)); })
      .then([this, &ref, start](Response response) {
        decorate(ref, response);
        auto took = (kj::systemPreciseMonotonicClock().now() - start) / kj::MICROSECONDS;
        auto route = ref.route == nullptr ? std::string_view("none") : ref.route->path;
        parts.metrics.answered(route, response.status, static_cast<uint64_t>(took));
        // Probes come every few seconds for ever.
        bool isProbe = ref.route != nullptr && ref.route->access == Route::Access::OPEN && response.status < 300 &&
                       ref.route->method == "GET";
        if (!isProbe) {
          std::string user = ref.person.get() == nullptr ? std::string() : hex(ref.person->userId());
          logAccess({ref.requestId, ref.request.head.method, route, ref.address, user, ref.problem, response.status,
                     static_cast<uint64_t>(took), ref.request.body.size(), response.body.size()});
        }
        return response;
      })
      .attach(kj::mv(call), kj::defer([this]() { underWay--; }));
}

kj::Promise<Response> Service::dispatch(Call& call) {
  auto& head = call.request.head;
  auto match = findRoute(routes(), head.method, head.path);
  if (head.method == "OPTIONS") return preflight(call, match);
  if (match.route == nullptr) {
    if (match.allow.empty()) gateway::refuse(ErrorCode::NOT_FOUND);
    auto failure = failureWith(ErrorCode::METHOD_NOT_ALLOWED);
    call.problem = "method_not_allowed";
    auto response = isVaultPath(head.path) ? vaultError(failure, call.requestId) : problem(failure, call.requestId);
    response.add("Allow", match.allow);
    return response;
  }
  call.route = match.route;
  call.parameters = match.parameters;
  if (call.route->handler == &healthz) return healthz(call);
  if (underWay > parts.settings.calls) gateway::refuse(ErrorCode::OVERLOADED);
  requireJson(call);
  return enter(call, false);
}

// Once more after the daemon's connection broke, where that is harmless: it was restarted, as a rule.
kj::Promise<Response> Service::enter(Call& call, bool again) {
  return kj::evalNow([&]() { return authorize(call); })
      .then([this, &call]() { return handle(call); })
      .catch_([this, &call, again](kj::Exception&& exception) -> kj::Promise<Response> {
        auto code = client::failureOf(exception).code;
        if (call.person.get() != nullptr) {
          bool broken = code == ErrorCode::SIGNER_UNREACHABLE;
          if (broken) parts.daemon.lost(call.person->daemon());
          if (broken || code == ErrorCode::SESSION_INVALID || code == ErrorCode::PROOF_INVALID) {
            parts.sessions.forget(*call.person);
          }
          if (broken && !again && call.route->effect != Route::Effect::ONCE) return enter(call, true);
        }
        return kj::mv(exception);
      });
}

kj::Promise<void> Service::authorize(Call& call) {
  switch (call.route->access) {
    case Route::Access::OPEN: return kj::READY_NOW;
    case Route::Access::CRON: checkCron(call); return kj::READY_NOW;
    case Route::Access::PERSON: break;
  }
  auto found = findToken(call.request.head, call.route->form, parts.secureCookies);
  call.token = found.token;
  call.viaCookie = found.viaCookie;
  if (call.token.empty()) gateway::refuse(ErrorCode::SESSION_INVALID, "there is no token");
  bool changes = call.route->method != "GET";
  if (call.viaCookie && changes) requireOwnOrigin(call);
  return parts.sessions.find(call.token).then([&call](kj::Own<PersonSession> person) { call.person = kj::mv(person); });
}

void Service::checkCron(Call& call) {
  auto given = bearerToken(call.request.head.header("authorization"));
  if (!isSecret(given, parts.settings.cronSecret)) gateway::refuse(ErrorCode::NOT_ALLOWED);
}

kj::Promise<Response> Service::handle(Call& call) {
  bool keyed = call.route->effect != Route::Effect::READS && call.person.get() != nullptr &&
               call.request.head.has("idempotency-key");
  return keyed ? idempotency.once(call) : call.route->handler(call);
}

Response Service::preflight(Call& call, const RouteMatch& match) {
  auto& head = call.request.head;
  if (match.allow.empty()) gateway::refuse(ErrorCode::NOT_FOUND);
  if (!isAllowedOrigin(parts.settings, head.header("origin"))) gateway::refuse(ErrorCode::ORIGIN_REFUSED);
  Response response;
  response.status = 204;
  response.add("Access-Control-Allow-Methods", match.allow);
  response.add("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key");
  response.add("Access-Control-Max-Age", "600");
  return response;
}

Response Service::failed(Call& call, kj::Exception&& exception) {
  auto failure = client::failureOf(exception);
  if (failure.code == ErrorCode::UNKNOWN) logFault("G2000", "a request failed without a code", exception);
  call.problem = client::describe(failure.code).name.cStr();
  bool vault = call.route == nullptr ? isVaultPath(call.request.head.path) : call.route->form == Route::Form::VAULT;
  return vault ? vaultError(failure, call.requestId) : problem(failure, call.requestId);
}

void Service::decorate(Call& call, Response& response) {
  response.add("X-Request-Id", call.requestId);
  addSecurityHeaders(response, parts.secureCookies);
  auto origin = call.request.head.header("origin");
  if (origin.empty()) return;
  response.add("Vary", "Origin");
  if (isAllowedOrigin(parts.settings, origin)) {
    response.add("Access-Control-Allow-Origin", std::string(origin));
    response.add("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, Idempotency-Replayed");
  }
}

Response Service::refuse(const Peer& peer, const Refusal& refusal) {
  auto requestId = freshId();
  auto response = problem(failureWith(refusal.code, refusal.detail), requestId);
  response.add("X-Request-Id", requestId);
  addSecurityHeaders(response, parts.secureCookies);
  parts.metrics.answered("none", response.status, 0);
  auto code = client::describe(refusal.code).name;
  logAccess({requestId, "-", "none", peer.address, "", std::string_view(code.begin(), code.size()), response.status, 0,
             0, response.body.size()});
  return response;
}

}  // namespace waas::gateway
