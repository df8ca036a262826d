#include "fault.h"

#include <kj/debug.h>

namespace waas::broker {
namespace {

constexpr kj::StringPtr PREFIX = "waas-fault "_kj;

}  // namespace

kj::Exception makeFault(protocol::ErrorCode code, kj::StringPtr detail) {
  return kj::Exception(kj::Exception::Type::FAILED, __FILE__, __LINE__,
                       kj::str(PREFIX, static_cast<uint16_t>(code), ' ', detail));
}

Fault faultOf(const kj::Exception& exception) {
  kj::StringPtr text = exception.getDescription();
  if (!text.startsWith(PREFIX)) return {protocol::ErrorCode::UNKNOWN, nullptr};
  text = text.slice(PREFIX.size());
  uint16_t code = 0;
  size_t i = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; i++) {
    code = static_cast<uint16_t>(code * 10 + (text[i] - '0'));
  }
  if (i + 1 > text.size()) return {protocol::ErrorCode::UNKNOWN, nullptr};
  return {static_cast<protocol::ErrorCode>(code), text.slice(i + 1)};
}

}  // namespace waas::broker
