#include "problem.h"

#include "json.h"

namespace waas::gateway {
namespace {

void addRetryAfter(Response& response, const client::Failure& failure, bool retryable) {
  if (failure.retryAfter > 0) {
    response.add("Retry-After", std::to_string((failure.retryAfter + 999) / 1000));
  } else if (retryable && response.status == 503) {
    response.add("Retry-After", "1");
  }
}

unsigned vaultStatus(const client::Failure& failure, unsigned otherwise) {
  switch (failure.code) {
    case ErrorCode::SESSION_INVALID:
    case ErrorCode::PROOF_INVALID:
    case ErrorCode::INVALID_CREDENTIALS:
    case ErrorCode::NOT_ALLOWED:
    case ErrorCode::DENIED_BY_POLICY: return 403;
    case ErrorCode::UNKNOWN_WALLET:
    case ErrorCode::NOT_A_SIGNER:
    case ErrorCode::TRANSACTION_MALFORMED:
    case ErrorCode::MESSAGE_MALFORMED: return 400;
    default: return otherwise;
  }
}

}  // namespace

Response problem(const client::Failure& failure, std::string_view requestId) {
  auto info = client::describe(failure.code);
  Json body;
  body["type"] = std::string("urn:waas:problem:") + info.name.cStr();
  body["title"] = info.says.cStr();
  body["status"] = info.httpStatus;
  body["code"] = info.name.cStr();
  body["retryable"] = info.retryable;
  body["requestId"] = requestId;
  if (failure.detail.size() > 0) body["detail"] = failure.detail.cStr();
  if (failure.share > 0) body["share"] = failure.share;
  if (failure.rule.size() > 0) body["rule"] = failure.rule.cStr();
  if (failure.instruction > 0) body["instruction"] = failure.instruction;
  if (failure.retryAfter > 0) body["retryAfter"] = failure.retryAfter;
  Response response;
  response.status = info.httpStatus;
  response.contentType = "application/problem+json";
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (response.status == 401) response.add("WWW-Authenticate", "Bearer realm=\"waas\"");
  addRetryAfter(response, failure, info.retryable);
  return response;
}

Response vaultError(const client::Failure& failure, std::string_view) {
  auto info = client::describe(failure.code);
  Json body;
  std::string text = info.name.cStr();
  switch (failure.code) {
    case ErrorCode::SESSION_INVALID:
    case ErrorCode::PROOF_INVALID: text = "permission denied"; break;
    case ErrorCode::UNKNOWN_WALLET: text = "signing key not found"; break;
    case ErrorCode::NOT_FOUND: text = "no handler for route"; break;
    default:
      text += ": ";
      text += info.says.cStr();
      if (failure.detail.size() > 0) text += std::string(" (") + failure.detail.cStr() + ")";
  }
  body["errors"] = Json::array({text});
  Response response;
  response.status = vaultStatus(failure, info.httpStatus);
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  addRetryAfter(response, failure, info.retryable);
  return response;
}

client::Failure failureWith(ErrorCode code, kj::StringPtr detail, uint32_t retryAfterMs) {
  client::Failure failure;
  failure.code = code;
  failure.detail = kj::str(detail);
  failure.retryAfter = retryAfterMs;
  return failure;
}

}  // namespace waas::gateway
