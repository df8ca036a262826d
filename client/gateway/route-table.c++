#include "route-table.h"

#include "routes/routes.h"

namespace waas::gateway {
namespace {

using A = Route::Access;
using F = Route::Form;
using E = Route::Effect;
constexpr size_t SMALL = limits::SMALL_BODY_BYTES, LARGE = limits::BODY_BYTES;
constexpr kj::Duration TIME = limits::SERVE_TIME, LONG = limits::RUN_TIME;

constexpr Route ROUTES[] = {
    {"GET", "/healthz", "healthz", A::OPEN, F::PROBLEM, E::READS, 0, TIME, &healthz},
    {"GET", "/readyz", "readyz", A::OPEN, F::PROBLEM, E::READS, 0, TIME, &readyz},
    {"GET", "/metrics", "metrics", A::OPEN, F::PROBLEM, E::READS, 0, TIME, &metrics},
    {"GET", "/openapi.json", "openapi", A::OPEN, F::PROBLEM, E::READS, 0, TIME, &openapi},

    {"POST", "/api/auth/signup", "signUp", A::OPEN, F::PROBLEM, E::ONCE, SMALL, TIME, &signUp},
    {"POST", "/api/auth/signin", "signIn", A::OPEN, F::PROBLEM, E::ONCE, SMALL, TIME, &signIn},
    {"POST", "/api/auth/signout", "signOut", A::PERSON, F::PROBLEM, E::REPEATABLE, SMALL, TIME, &signOut},
    {"POST", "/api/auth/refresh", "refresh", A::PERSON, F::PROBLEM, E::REPEATABLE, SMALL, TIME, &refresh},

    {"POST", "/api/wallet/generate", "generateWallet", A::PERSON, F::PROBLEM, E::ONCE, SMALL, TIME, &generateWallet},
    {"GET", "/api/wallet/list", "listWallets", A::PERSON, F::PROBLEM, E::READS, 0, TIME, &listWallets},

    {"POST", "/api/transaction/sign", "signTransaction", A::PERSON, F::PROBLEM, E::REPEATABLE, LARGE, TIME,
     &signTransaction},
    {"POST", "/api/message/sign", "signMessage", A::PERSON, F::PROBLEM, E::REPEATABLE, LARGE, TIME, &signMessage},

    {"GET", "/api/mpc/health", "sharesHealth", A::PERSON, F::PROBLEM, E::READS, 0, TIME, &sharesHealth},
    {"GET", "/api/mpc/share-status/:userId", "shareStatus", A::PERSON, F::PROBLEM, E::READS, 0, TIME, &shareStatus},
    {"POST", "/api/mpc/rotate", "rotateShares", A::PERSON, F::PROBLEM, E::ONCE, SMALL, LONG, &rotateShares},
    {"POST", "/api/mpc/recover-shares", "recoverShares", A::PERSON, F::PROBLEM, E::ONCE, SMALL, LONG, &recoverShares},
    {"POST", "/api/cron/rotate-shares", "cronRotateShares", A::CRON, F::PROBLEM, E::REPEATABLE, SMALL, LONG,
     &cronRotateShares},

    {"GET", "/v1/sys/health", "vaultHealth", A::OPEN, F::VAULT, E::READS, 0, TIME, &vaultHealth},
    {"GET", "/v1/transit/keys/:wallet", "vaultKey", A::PERSON, F::VAULT, E::READS, 0, TIME, &vaultKey},
    {"POST", "/v1/transit/sign/:wallet", "vaultSign", A::PERSON, F::VAULT, E::REPEATABLE, LARGE, TIME, &vaultSign},
    {"PUT", "/v1/transit/sign/:wallet", "vaultSignPut", A::PERSON, F::VAULT, E::REPEATABLE, LARGE, TIME, &vaultSign},
    {"POST", "/v1/transit/sign/:wallet/:algorithm", "vaultSignNamed", A::PERSON, F::VAULT, E::REPEATABLE, LARGE, TIME,
     &vaultSign},
};

std::string_view takeSegment(std::string_view& path) {
  path.remove_prefix(1);  // the slash
  auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool matches(std::string_view pattern, std::string_view path, std::array<std::string_view, 2>& parameters) {
  size_t next = 0;
  while (!pattern.empty() && !path.empty()) {
    auto wanted = takeSegment(pattern);
    auto given = takeSegment(path);
    if (wanted.starts_with(':')) {
      parameters[next++] = given;
    } else if (wanted != given) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::span<const Route> routes() { return ROUTES; }

RouteMatch findRoute(std::span<const Route> rows, std::string_view method, std::string_view path) {
  RouteMatch match;
  std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (auto& row : rows) {
    std::array<std::string_view, 2> parameters{};
    if (!matches(row.path, path, parameters)) continue;
    if (row.method == wanted) {
      match.route = &row;
      match.parameters = parameters;
      return match;
    }
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += row.method;
    if (row.method == "GET") match.allow += ", HEAD";
  }
  return match;
}

}  // namespace waas::gateway
