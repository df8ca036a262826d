#pragma once
// Amounts, shares of a hundred and lengths of time as operators write them. Exact: nothing is ever a floating number.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waas::policy::file {

/// "1.5 SOL" taken apart. Views into the text.
struct Quantity {
  std::string_view number;
  std::string_view unit;
};

/// Splits at the blanks between number and unit; nothing if there are not exactly two parts.
std::optional<Quantity> splitQuantity(std::string_view text);

/// Reads digits with at most one point as a whole number of units that are 10^-decimals each. Nothing if that is not
/// exact ("0.0000000001" of 9 decimals), not a number of this form, or more than 64 bits hold.
std::optional<std::uint64_t> parseAmount(std::string_view number, unsigned decimals);

/// "1 %", "0.25 %" or "25 bps", up to 100 %; in basis points.
std::optional<std::uint16_t> parseShare(std::string_view text);

/// "90 seconds", "1 hour", "2 days"; in milliseconds. Whole numbers of second(s), minute(s), hour(s), day(s), week(s).
std::optional<std::uint64_t> parseDuration(std::string_view text);

/// Writes an amount as parseAmount reads it: "1.5".
std::string formatAmount(std::uint64_t amount, unsigned decimals);

/// "0.25 %".
std::string formatShare(std::uint16_t basisPoints);

/// "1 day", "90 seconds": in the largest unit that is exact.
std::string formatDuration(std::uint64_t milliseconds);

}  // namespace waas::policy::file
