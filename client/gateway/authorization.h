#pragma once
// What a request carries to say who asks, and from where it comes.
#include "client/lib/secret-text.h"
#include "http/message.h"
#include "route-table.h"

namespace waas::gateway {

struct FoundToken {
  std::string_view token;  // looks into the head; empty: none
  bool viaCookie = false;
};

// From `Authorization: Bearer`, on Vault's routes also `X-Vault-Token`, else the session's cookie. Throws
// `invalidRequest` when two headers name different tokens.
FoundToken findToken(const Head& head, Route::Form form, bool secureCookies);

// The token of an Authorization header; empty when it is of another scheme.
std::string_view bearerToken(std::string_view authorization);

// Whether what was given is the secret: constant time in both contents, and in the given length. An empty secret is
// nobody's.
bool isSecret(std::string_view given, const client::SecretText& secret);

// The client's address: the peer's, or behind a proxy the last one of X-Forwarded-For, which is the one that the proxy
// has seen.
std::string clientAddress(const Request& request, bool behindProxy);
// Whether it is on this machine: no proxy has passed it on, and the peer is local.
bool isLocalClient(const Request& request, bool behindProxy);

}  // namespace waas::gateway
