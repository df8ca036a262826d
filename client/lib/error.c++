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
constexpr size_t MAX_RULE_BYTES = 64;

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

kj::String printable(kj::ArrayPtr<const char> text, size_t most = MAX_DETAIL_BYTES) {
  kj::String out = kj::heapString(text.slice(0, kj::min(text.size(), most)));
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

// Instruction, size of the rule's name, and the name, which may hold blanks.
void takeRule(kj::StringPtr& text, Failure& failure) {
  auto instruction = takeNumber(text), size = takeNumber(text);
  KJ_IF_MAYBE (number, instruction) failure.instruction = static_cast<uint16_t>(*number);
  KJ_IF_MAYBE (bytes, size) {
    size_t end = kj::min(size_t{*bytes}, text.size());
    failure.rule = printable(text.slice(0, end), MAX_RULE_BYTES);
    text = text.slice(end);
  }
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
  return {refusal.getCode(),
          printable(refusal.getDetail()),
          refusal.getRetryAfter(),
          refusal.getShare(),
          printable(refusal.getRule(), MAX_RULE_BYTES),
          refusal.getInstruction()};
}

Failure failureOf(const kj::Exception& exception) {
  kj::StringPtr text = exception.getDescription();
  for (kj::StringPtr prefix : {PREFIX, REMOTE_PREFIX}) {
    if (!text.startsWith(prefix)) continue;
    Failure failure;
    text = text.slice(prefix.size());
    bool ours = prefix == PREFIX;
    auto code = takeNumber(text), retryAfter = takeNumber(text), share = takeNumber(text);
    KJ_IF_MAYBE (number, code) failure.code = static_cast<ErrorCode>(*number);
    KJ_IF_MAYBE (number, retryAfter) failure.retryAfter = *number;
    KJ_IF_MAYBE (number, share) {
      failure.share = static_cast<uint8_t>(*number);
      if (ours) takeRule(text, failure);
      failure.detail = printable(text);
      return failure;
    }
    return {};
  }
  switch (exception.getType()) {
    case kj::Exception::Type::DISCONNECTED: return {ErrorCode::SIGNER_UNREACHABLE, kj::str("the connection broke")};
    case kj::Exception::Type::OVERLOADED: return {ErrorCode::OVERLOADED};
    default: return {};
  }
}

kj::Exception makeFailure(const Failure& f) {
  return kj::Exception(kj::Exception::Type::FAILED, __FILE__, __LINE__,
                       kj::str(PREFIX, static_cast<uint16_t>(f.code), ' ', f.retryAfter, ' ', f.share, ' ',
                               f.instruction, ' ', f.rule.size(), ' ', f.rule, f.detail));
}

kj::Exception makeFailure(ErrorCode code, kj::StringPtr detail) { return makeFailure(Failure{code, kj::str(detail)}); }

}  // namespace waas::client
