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
};

constexpr size_t MAX_DETAIL_BYTES = 95;

// Nothing: not refused, go on.
using Refusal = std::optional<Refused>;

}  // namespace waas::vault
