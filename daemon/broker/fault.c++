#include "fault.h"

#include <kj/debug.h>

namespace waas::broker {
namespace {

constexpr kj::StringPtr PREFIX = "waas-fault "_kj;

// Reads a number and the blank after it.
bool takeNumber(kj::StringPtr& text, uint64_t& number) {
  size_t i = 0;
  number = 0;
  for (; i < text.size() && i < 10 && text[i] >= '0' && text[i] <= '9'; i++) {
    number = number * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  if (i == 0 || i >= text.size() || text[i] != ' ') return false;
  text = text.slice(i + 1);
  return true;
}

}  // namespace

kj::Exception makeFault(protocol::ErrorCode code, kj::StringPtr detail) { return makeFault(Fault{code, detail}); }

kj::Exception makeFault(const Fault& fault) {
  auto rule = fault.rule.slice(0, kj::min(fault.rule.size(), Fault::MAX_RULE_CHARS));
  return kj::Exception(kj::Exception::Type::FAILED, __FILE__, __LINE__,
                       kj::str(PREFIX, static_cast<uint16_t>(fault.code), ' ', fault.retryAfter, ' ', fault.share, ' ',
                               fault.instruction, ' ', rule.size(), ' ', rule, fault.detail));
}

Fault faultOf(const kj::Exception& exception) {
  kj::StringPtr text = exception.getDescription();
  Fault none{protocol::ErrorCode::UNKNOWN, nullptr};
  if (!text.startsWith(PREFIX)) return none;
  text = text.slice(PREFIX.size());
  uint64_t code, retryAfter, share, instruction, rule;
  for (uint64_t* number : {&code, &retryAfter, &share, &instruction, &rule}) {
    if (!takeNumber(text, *number)) return none;
  }
  if (rule > text.size()) return none;
  return {static_cast<protocol::ErrorCode>(code),
          text.slice(rule),
          static_cast<uint32_t>(retryAfter),
          static_cast<uint8_t>(share),
          text.slice(0, rule),
          static_cast<uint16_t>(instruction)};
}

}  // namespace waas::broker
