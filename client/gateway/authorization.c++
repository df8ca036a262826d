#include "authorization.h"

#include <sodium.h>

#include <algorithm>

#include "cookies.h"
#include "routes/answers.h"

namespace waas::gateway {
namespace {

bool isAddressChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' || c == ':';
}

}  // namespace

std::string_view bearerToken(std::string_view authorization) {
  constexpr std::string_view SCHEME = "bearer ";
  if (authorization.size() <= SCHEME.size()) return {};
  for (size_t i = 0; i < SCHEME.size(); i++) {
    char c = authorization[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c != SCHEME[i]) return {};
  }
  auto token = authorization.substr(SCHEME.size());
  return token.size() <= limits::TOKEN_BYTES ? token : std::string_view();
}

FoundToken findToken(const Head& head, Route::Form form, bool secureCookies) {
  auto bearer = bearerToken(head.header("authorization"));
  auto vault = form == Route::Form::VAULT ? head.header("x-vault-token") : std::string_view();
  if (!bearer.empty() && !vault.empty() && bearer != vault) {
    refuse(ErrorCode::INVALID_REQUEST, "two headers name two tokens");
  }
  if (!bearer.empty()) return {bearer, false};
  if (!vault.empty() && vault.size() <= limits::TOKEN_BYTES) return {vault, false};
  // A header that is there and no good is not made up for by a cookie.
  if (head.has("authorization") || !vault.empty()) return {};
  auto cookie = sessionIn(head.header("cookie"), secureCookies);
  return {cookie.size() <= limits::TOKEN_BYTES ? cookie : std::string_view(), true};
}

bool isSecret(std::string_view given, const client::SecretText& secret) {
  if (secret.size() == 0) return false;
  auto expected = secret.reveal(SecretAccess::here());
  // Hashes have one length, so nothing depends on where or whether the lengths differ.
  uint8_t left[32], right[32];
  crypto_generichash(left, sizeof left, reinterpret_cast<const uint8_t*>(given.data()), given.size(), nullptr, 0);
  crypto_generichash(right, sizeof right, reinterpret_cast<const uint8_t*>(expected.begin()), expected.size(), nullptr,
                     0);
  bool same = sodium_memcmp(left, right, sizeof left) == 0;
  sodium_memzero(right, sizeof right);
  return same;
}

std::string clientAddress(const Request& request, bool behindProxy) {
  auto forwarded = request.head.header("x-forwarded-for");
  if (!behindProxy || forwarded.empty()) return request.peer->address;
  auto comma = forwarded.rfind(',');
  if (comma != std::string_view::npos) forwarded.remove_prefix(comma + 1);
  while (forwarded.starts_with(' ')) forwarded.remove_prefix(1);
  if (forwarded.empty() || forwarded.size() > 45 || !std::all_of(forwarded.begin(), forwarded.end(), isAddressChar)) {
    refuse(ErrorCode::INVALID_REQUEST, "X-Forwarded-For is malformed");
  }
  return std::string(forwarded);
}

bool isLocalClient(const Request& request, bool behindProxy) {
  return request.peer->local && !(behindProxy && request.head.has("x-forwarded-for"));
}

}  // namespace waas::gateway
