#pragma once
// Why bytes were refused, and the result of a decoder.

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace waas::solana {

/// Reason of a refusal. NONE (zero) means that nothing is wrong. For error texts, logs and tests; callers do not branch
/// on it.
enum class Malformed : std::uint8_t {
  NONE,
  TRUNCATED,
  TRAILING_BYTES,
  TOO_LARGE,
  LENGTH_NOT_CANONICAL,
  UNKNOWN_VERSION,
  NO_SIGNER,
  READONLY_FEE_PAYER,
  TOO_FEW_KEYS,
  DUPLICATE_KEY,
  PROGRAM_IS_FEE_PAYER,
  PROGRAM_OUT_OF_RANGE,
  ACCOUNT_OUT_OF_RANGE,
  TOO_MANY_ACCOUNTS,
  EMPTY_LOOKUP,
  DUPLICATE_LOOKUP,
  TOO_MANY_SIGNATURES,
  TOO_MANY_ADDRESSES,
  TOO_MANY_INSTRUCTIONS,
  UNKNOWN_CONFIG,
  HALF_PRIORITY_FEE,
  HEAP_SIZE,
  SIGNATURE_COUNT,
  AMBIGUOUS,
  NOT_OFFCHAIN,
  UNKNOWN_FORMAT,
  SIGNERS_NOT_SORTED,
  EMPTY_TEXT,
  NOT_UTF8,
  TEXT_NOT_PLAIN,
};

/// Says the reason in one sentence for people, without any byte of the input: safe to show and to log.
std::string_view describe(Malformed reason) noexcept;

/// What a decoder answers: a value, or why there is none. T is a view into the input and lives no longer than it.
template <typename T>
class [[nodiscard]] Decoded {
 public:
  Decoded(T value) noexcept : value(std::move(value)) {}
  Decoded(Malformed reason) noexcept : reason(reason) {}

  explicit operator bool() const noexcept { return value.has_value(); }
  const T& operator*() const& noexcept { return *value; }
  const T* operator->() const noexcept { return &*value; }
  /// Tells why there is no value; NONE when there is one.
  Malformed malformed() const noexcept { return reason; }

 private:
  std::optional<T> value;
  Malformed reason = Malformed::NONE;
};

}  // namespace waas::solana
