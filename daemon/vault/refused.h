#pragma once
// Why a request, or one item of it, was refused.
#include <cstdint>
#include <optional>
#include <string_view>

#include <protocol/error.capnp.h>

namespace waas::vault {

using protocol::ErrorCode;

struct Refused {
  ErrorCode code = ErrorCode::UNKNOWN;
  std::string_view detail = "";  // a literal, cut at MAX_DETAIL_BYTES; never anything that a caller sent
  uint32_t retryAfterMs = 0;
  uint8_t share = 0;
  uint16_t instruction = 0;    // deniedByPolicy: what it is about
  std::string_view rule = "";  // deniedByPolicy: who decided; in the worker's scratch until its next decision
};

constexpr size_t MAX_DETAIL_BYTES = 95;

// Nothing: not refused, go on.
using Refusal = std::optional<Refused>;

}  // namespace waas::vault
