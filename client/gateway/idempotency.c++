#include "idempotency.h"

#include <sodium.h>

#include <algorithm>

#include "log.h"
#include "problem.h"
#include "routes/answers.h"

namespace waas::gateway {
namespace {

// Whether a repetition would be answered alike: done, or refused for good.
bool isFinal(unsigned status) {
  return status < 400 || status == 400 || status == 403 || status == 404 || status == 409 || status == 410 ||
         status == 413 || status == 422;
}

// Whether it is not known what was done: then the key stays taken for a while.
bool isUnclear(ErrorCode code) {
  return code == ErrorCode::OUTCOME_UNKNOWN || code == ErrorCode::DEADLINE_EXCEEDED ||
         code == ErrorCode::SIGNER_UNREACHABLE;
}

}  // namespace

bool isIdempotencyKey(std::string_view key) {
  return !key.empty() && key.size() <= limits::IDEMPOTENCY_KEY_BYTES && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:~").find(c) != std::string_view::npos;
  });
}

Hash fingerprint(const Request& request) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (auto part : {request.head.method, request.head.path, request.head.query, request.bodyText()}) {
    uint8_t length[8];
    ByteWriter(length).u64(part.size());
    crypto_hash_sha256_update(&state, length, sizeof length);
    crypto_hash_sha256_update(&state, reinterpret_cast<const uint8_t*>(part.data()), part.size());
  }
  Hash hash;
  crypto_hash_sha256_final(&state, hash.data());
  return hash;
}

kj::Promise<Response> Idempotency::once(Call& call) {
  auto key = call.request.head.header("idempotency-key");
  if (!isIdempotencyKey(key))
    refuse(ErrorCode::INVALID_REQUEST, "Idempotency-Key has 1 to 64 letters, digits, or -_.:~");
  KeyedRequest request{
      call.person->userId(), std::string(call.route->operation), std::string(key), fingerprint(call.request), {}};
  randombytes_buf(request.attempt.data(), request.attempt.size());
  return database.take(request).then([this, &call, request](KeyTaken taken) -> kj::Promise<Response> {
    switch (taken.outcome) {
      case KeyTaken::Outcome::MINE: return first(call, request);
      case KeyTaken::Outcome::MISMATCH: refuse(ErrorCode::IDEMPOTENCY_MISMATCH);
      case KeyTaken::Outcome::ANSWERED: {
        Response response;
        response.status = taken.answer.status;
        response.contentType = std::move(taken.answer.contentType);
        response.body = std::move(taken.answer.body);
        response.add("Idempotency-Replayed", "true");
        return response;
      }
      default: refuse(ErrorCode::IDEMPOTENCY_IN_FLIGHT);
    }
  });
}

kj::Promise<Response> Idempotency::first(Call& call, KeyedRequest request) {
  auto forgiving = [](kj::Exception&& exception) { logFault("G2001", "an answer was not kept", exception); };
  return kj::evalNow([&]() { return call.route->handler(call); })
      .then(
          [this, request, forgiving](Response response) -> kj::Promise<Response> {
            auto kept = isFinal(response.status)
                            ? database.answered(request, {response.status, response.contentType, response.body})
                            : database.release(request);
            return kept.catch_(forgiving).then(
                [response = std::move(response)]() mutable { return std::move(response); });
          },
          [this, &call, request, forgiving](kj::Exception&& exception) -> kj::Promise<Response> {
            auto failure = client::failureOf(exception);
            if (isUnclear(failure.code)) return kj::mv(exception);
            auto answered = problem(failure, call.requestId);
            auto kept = isFinal(answered.status) && !client::describe(failure.code).retryable
                            ? database.answered(request, {answered.status, answered.contentType, answered.body})
                            : database.release(request);
            return kept.catch_(forgiving).then(
                [exception = kj::mv(exception)]() mutable -> kj::Promise<Response> { return kj::mv(exception); });
          });
}

}  // namespace waas::gateway
