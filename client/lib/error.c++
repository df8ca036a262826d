#include "error.h"

#include <capnp/schema.h>
#include <kj/vector.h>

namespace waas::client {
namespace {

// Ids of the annotations in error.capnp.
constexpr uint64_t SAYS = 0xd1a4c2f0b7e63a52, HTTP = 0xd1a4c2f0b7e63a53, EXIT = 0xd1a4c2f0b7e63a54,
                   RETRYABLE = 0xd1a4c2f0b7e63a55;

constexpr kj::StringPtr PREFIX = "waas-failure "_kj;
// What an exception of the daemon begins with when it carries a failure; "remote exception: " is KJ's.
constexpr kj::StringPtr REMOTE_PREFIX = "remote exception: waas-fault "_kj;
constexpr size_t MAX_DETAIL_BYTES = 200;

kj::String snakeCase(kj::StringPtr camel) {
  kj::Vector<char> out;
  for (char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      out.add('_');
      out.add(static_cast<char>(c - 'A' + 'a'));
    } else {
      out.add(c);
    }
  }
  return kj::heapString(out.asPtr());
}

kj::String printable(kj::StringPtr text) {
  kj::String out = kj::heapString(text.slice(0).slice(0, kj::min(text.size(), MAX_DETAIL_BYTES)));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

// Takes a decimal number and the blank after it off the front of `text`.
kj::Maybe<uint32_t> takeNumber(kj::StringPtr& text) {
  uint32_t value = 0;
  size_t i = 0;
  for (; i < text.size() && i < 10 && text[i] >= '0' && text[i] <= '9'; i++) {
    value = value * 10 + static_cast<uint32_t>(text[i] - '0');
  }
  if (i == 0 || i >= text.size() || text[i] != ' ') return nullptr;
  text = text.slice(i + 1);
  return value;
}

}  // namespace

ErrorInfo describe(ErrorCode code) {
  auto enumerants = capnp::Schema::from<ErrorCode>().getEnumerants();
  auto index = static_cast<uint16_t>(code);
  auto enumerant = enumerants[index < enumerants.size() ? index : 0].getProto();
  ErrorInfo info;
  info.name = snakeCase(enumerant.getName());
  for (auto annotation : enumerant.getAnnotations()) {
    auto value = annotation.getValue();
    switch (annotation.getId()) {
      case SAYS: info.says = value.getText(); break;
      case HTTP: info.httpStatus = value.getUint16(); break;
      case EXIT: info.exitCode = value.getUint8(); break;
      case RETRYABLE: info.retryable = true; break;
      default: break;
    }
  }
  return info;
}

Failure failureOf(protocol::Refusal::Reader refusal) {
  return {refusal.getCode(), printable(refusal.getDetail()), refusal.getRetryAfter(), refusal.getShare()};
}

Failure failureOf(const kj::Exception& exception) {
  kj::StringPtr text = exception.getDescription();
  for (kj::StringPtr prefix : {PREFIX, REMOTE_PREFIX}) {
    if (!text.startsWith(prefix)) continue;
    Failure failure;
    text = text.slice(prefix.size());
    auto code = takeNumber(text), retryAfter = takeNumber(text), share = takeNumber(text);
    KJ_IF_MAYBE (number, code) failure.code = static_cast<ErrorCode>(*number);
    KJ_IF_MAYBE (number, retryAfter) failure.retryAfter = *number;
    KJ_IF_MAYBE (number, share) {
      failure.share = static_cast<uint8_t>(*number);
      failure.detail = printable(text);
      return failure;
    }
    return {};
  }
  switch (exception.getType()) {
    case kj::Exception::Type::DISCONNECTED:
      return {ErrorCode::SIGNER_UNREACHABLE, kj::str("the connection broke"), 0, 0};
    case kj::Exception::Type::OVERLOADED: return {ErrorCode::OVERLOADED, kj::String(), 0, 0};
    default: return {};
  }
}

kj::Exception makeFailure(const Failure& f) {
  return kj::Exception(kj::Exception::Type::FAILED, __FILE__, __LINE__,
                       kj::str(PREFIX, static_cast<uint16_t>(f.code), ' ', f.retryAfter, ' ', f.share, ' ', f.detail));
}

kj::Exception makeFailure(ErrorCode code, kj::StringPtr detail) {
  return makeFailure(Failure{code, kj::str(detail), 0, 0});
}

}  // namespace waas::client
