#pragma once
// The session as a cookie, and what keeps other pages from using it.
#include <string>
#include <string_view>

#include "route-table.h"

namespace waas::gateway {

// Values of Set-Cookie. `secure`: the browser reaches us over TLS; then the name has the __Host- prefix, so that
// neither another host of the domain nor plain HTTP can set it.
std::string sessionCookie(std::string_view token, bool secure);
std::string endedCookie(bool secure);

// The session's cookie in a Cookie header; empty when it is not there, or there twice.
std::string_view sessionIn(std::string_view cookieHeader, bool secure);

// Whether the call comes from our own page, by its Origin header; without one it does not.
bool isOwnOrigin(const Call& call);
// Throws `originRefused` unless it does.
void requireOwnOrigin(const Call& call);

// Whether pages of this origin may call with a bearer token.
bool isAllowedOrigin(const Settings& settings, std::string_view origin);

}  // namespace waas::gateway
