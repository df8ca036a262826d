#include "cookies.h"

#include <algorithm>

#include "routes/answers.h"

namespace waas::gateway {
namespace {

std::string_view nameOf(bool secure) { return secure ? "__Host-waas-session" : "waas-session"; }

// As long as a session can be refreshed; the vault ends it when it ends.
constexpr std::string_view MAX_AGE = "2592000";

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

std::string sessionCookie(std::string_view token, bool secure) {
  std::string cookie(nameOf(secure));
  cookie.append("=").append(token).append("; Path=/; HttpOnly; SameSite=Strict; Max-Age=").append(MAX_AGE);
  if (secure) cookie.append("; Secure");
  return cookie;
}

std::string endedCookie(bool secure) {
  std::string cookie(nameOf(secure));
  cookie.append("=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
  if (secure) cookie.append("; Secure");
  return cookie;
}

std::string_view sessionIn(std::string_view header, bool secure) {
  std::string_view found;
  while (!header.empty()) {
    auto pair = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(pair.size() + 1, header.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != nameOf(secure)) continue;
    if (!found.empty()) return {};
    found = pair.substr(equals + 1);
  }
  return found;
}

bool isOwnOrigin(const Call& call) {
  auto origin = call.request.head.header("origin");
  auto& own = call.parts.settings.origins;
  if (!own.empty()) return contains(own, origin);
  return origin ==
         std::string(call.request.peer->tls ? "https://" : "http://") + std::string(call.request.head.header("host"));
}

void requireOwnOrigin(const Call& call) {
  if (!isOwnOrigin(call)) refuse(ErrorCode::ORIGIN_REFUSED);
}

bool isAllowedOrigin(const Settings& settings, std::string_view origin) {
  return contains(settings.corsOrigins, origin) || contains(settings.origins, origin);
}

}  // namespace waas::gateway
