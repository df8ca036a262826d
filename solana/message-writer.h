#pragma once
// Writing messages in wire form.

#include <optional>
#include <span>

#include "solana/message.h"

namespace waas::solana {

/// A message in its parts, not checked: indexes and counts are the caller's business. Views; owns nothing. Most callers
/// want message-builder.h, which makes only what decodes again.
struct MessageParts {
  Version version = Version::LEGACY;
  Header header;
  std::span<const Address> keys;
  Address lifetime;
  std::span<const Instruction> instructions;
  std::span<const LookupTable> lookupTables;  // v0 only
  Config config;                              // v1 only
};

/// Writes a message from its parts into `out`. Answers its size, or nothing if `out` is too small or a count does not
/// fit its field. Allocates nothing.
std::optional<std::size_t> writeMessage(const MessageParts& parts, std::span<std::uint8_t> out) noexcept;

/// Writes a decoded message anew, field by field. The bytes are the same as message.bytes() (S1): there is one form.
std::optional<std::size_t> writeMessage(const Message& message, std::span<std::uint8_t> out) noexcept;

}  // namespace waas::solana
