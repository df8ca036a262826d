#include "policy/file/quantity.h"

#include <algorithm>
#include <array>

namespace waas::policy::file {
namespace {

struct TimeUnit {
  std::string_view name;  // of one
  std::uint64_t milliseconds;
};
constexpr std::array<TimeUnit, 5> TIME_UNITS = {
    {{"week", 604'800'000}, {"day", 86'400'000}, {"hour", 3'600'000}, {"minute", 60'000}, {"second", 1'000}}};

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool addDigit(std::uint64_t& value, char digit) {
  auto more = static_cast<std::uint64_t>(digit - '0');
  if (value > (UINT64_MAX - more) / 10) return false;
  value = value * 10 + more;
  return true;
}

}  // namespace

std::optional<Quantity> splitQuantity(std::string_view text) {
  std::size_t end = text.find(' ');
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  std::size_t begin = text.find_first_not_of(' ', end);
  if (begin == std::string_view::npos) return std::nullopt;
  Quantity quantity{text.substr(0, end), text.substr(begin)};
  if (quantity.unit.find(' ') != std::string_view::npos) return std::nullopt;
  return quantity;
}

std::optional<std::uint64_t> parseAmount(std::string_view number, unsigned decimals) {
  std::size_t point = number.find('.');
  std::string_view whole = number.substr(0, point);
  std::string_view part = point == std::string_view::npos ? std::string_view() : number.substr(point + 1);
  bool digits = std::ranges::all_of(whole, isDigit) && std::ranges::all_of(part, isDigit);
  if (!digits || whole.empty() || (point != std::string_view::npos && part.empty())) return std::nullopt;
  while (!part.empty() && part.back() == '0') part.remove_suffix(1);
  if (part.size() > decimals) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : whole) {
    if (!addDigit(value, c)) return std::nullopt;
  }
  for (unsigned i = 0; i < decimals; ++i) {
    if (!addDigit(value, i < part.size() ? part[i] : '0')) return std::nullopt;
  }
  return value;
}

std::optional<std::uint16_t> parseShare(std::string_view text) {
  auto quantity = splitQuantity(text);
  if (!quantity) return std::nullopt;
  std::optional<std::uint64_t> points;
  if (quantity->unit == "%") points = parseAmount(quantity->number, 2);
  if (quantity->unit == "bps") points = parseAmount(quantity->number, 0);
  if (!points || *points > 10'000) return std::nullopt;
  return static_cast<std::uint16_t>(*points);
}

std::optional<std::uint64_t> parseDuration(std::string_view text) {
  auto quantity = splitQuantity(text);
  if (!quantity) return std::nullopt;
  auto count = parseAmount(quantity->number, 0);
  std::string_view unit = quantity->unit;
  if (unit.ends_with('s')) unit.remove_suffix(1);
  for (const TimeUnit& known : TIME_UNITS) {
    if (known.name != unit || !count || *count > UINT64_MAX / known.milliseconds) continue;
    return *count * known.milliseconds;
  }
  return std::nullopt;
}

std::string formatAmount(std::uint64_t amount, unsigned decimals) {
  std::string digits = std::to_string(amount);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  if (decimals == 0) return digits;
  digits.insert(digits.size() - decimals, 1, '.');
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::string formatShare(std::uint16_t basisPoints) { return formatAmount(basisPoints, 2) + " %"; }

std::string formatDuration(std::uint64_t milliseconds) {
  for (const TimeUnit& unit : TIME_UNITS) {
    if (milliseconds == 0 || milliseconds % unit.milliseconds != 0) continue;
    std::uint64_t count = milliseconds / unit.milliseconds;
    return std::to_string(count) + " " + std::string(unit.name) + (count == 1 ? "" : "s");
  }
  return std::to_string(milliseconds) + " ms";
}

}  // namespace waas::policy::file
