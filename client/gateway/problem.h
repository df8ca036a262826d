#pragma once
// How a failure looks from outside: RFC 9457, or HashiCorp Vault's form on its routes.
#include <string>

#include "client/lib/error.h"
#include "http/message.h"

namespace waas::gateway {

// `application/problem+json` with the members type, title, status, code, retryable, requestId, and where there is
// something to say detail, share, rule, instruction, retryAfter. Nothing internal: `detail` is of the daemon's or our
// own making (client/lib/error.h).
Response problem(const client::Failure& failure, std::string_view requestId);

// `{"errors":["..."]}` with the status that Vault's clients expect.
Response vaultError(const client::Failure& failure, std::string_view requestId);

// A failure of the gateway's own.
client::Failure failureWith(ErrorCode code, kj::StringPtr detail = nullptr, uint32_t retryAfterMs = 0);

}  // namespace waas::gateway
