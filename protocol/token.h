#pragma once
// The form of a session token: a JWT (RFC 7519, JWS compact, HS256) of one fixed shape.
//
// Only the vault can mint or check it; clients read the token id and nothing else. The shape is fixed byte by byte, so
// that the vault needs no JSON parser: what it does not render itself it refuses.
//
//   header  {"alg":"HS256","typ":"JWT","kid":"<8 hex: key version>"}
//   payload {"iss":"waas-vault","sub":"<32 hex>","gen":"<16 hex>","sid":"<32 hex>","jti":"<32 hex>",
//            "sst":<10 digits>,"iat":<10 digits>,"exp":<10 digits>,"cnf":"<base64url of k's envelope>"}
//
// sub user, gen the account's generation, sid the session (kept over refreshes), jti this token, sst when the session
// began, cnf the session key encrypted to the vault.
#include "bytes.h"

#include <optional>
#include <string_view>

namespace waas {

constexpr size_t MAX_TOKEN_BYTES = 1024;

// Finds the token id (jti) of a token, for a client that makes proofs. Says nothing about whether the token is valid.
std::optional<Id> tokenId(std::string_view token);

// Finds the user (sub) that a token claims to be of, for the broker to fetch that account's row. Says nothing about
// whether the claim is true; the vault judges token and row together.
std::optional<Id> tokenUser(std::string_view token);

}  // namespace waas
