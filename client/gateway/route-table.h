#pragma once
// Method and path to what serves them: one row a call of the API, nothing else is served.
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "parts.h"

namespace waas::gateway {

struct Call;
using Handler = kj::Promise<Response> (*)(Call&);

struct Route {
  // Who may call.
  enum class Access : uint8_t { OPEN, PERSON, CRON };
  // How a failure looks.
  enum class Form : uint8_t { PROBLEM, VAULT };
  // What a repetition does, and so whether the gateway may ask the daemon again by itself after a broken connection,
  // and whether an Idempotency-Key is taken.
  enum class Effect : uint8_t { READS, REPEATABLE, ONCE };

  std::string_view method;
  std::string_view path;       // segments; one that begins with ':' stands for any
  std::string_view operation;  // its id in openapi.json, and the scope of an Idempotency-Key
  Access access = Access::OPEN;
  Form form = Form::PROBLEM;
  Effect effect = Effect::READS;
  size_t bodyBytes = 0;
  kj::Duration time = limits::SERVE_TIME;
  Handler handler = nullptr;
};

// All of them. Each group of routes has a file in routes/ and adds its rows here.
std::span<const Route> routes();

struct RouteMatch {
  const Route* route = nullptr;                  // null: no row has this path with this method
  std::array<std::string_view, 2> parameters{};  // what stood for ':' segments
  std::string allow;                             // the methods that the path has, when the method is the problem
};

// HEAD is found as GET.
RouteMatch findRoute(std::span<const Route> rows, std::string_view method, std::string_view path);

// One request on its way through its handler, which must not outlive the promise that it returns.
struct Call {
  Call(Parts& parts, Request& request, std::string requestId)
      : parts(parts), request(request), requestId(std::move(requestId)) {}
  KJ_DISALLOW_COPY(Call);

  Parts& parts;
  Request& request;
  const Route* route = nullptr;
  std::array<std::string_view, 2> parameters{};
  std::string requestId;
  std::string address;  // the client's, as the limits count it
  bool isLocal = false;
  std::string_view token;  // looks into the request
  bool viaCookie = false;
  kj::Own<PersonSession> person;  // PERSON routes only
  std::string problem;            // code of the failure that was answered, for the log
};

}  // namespace waas::gateway
