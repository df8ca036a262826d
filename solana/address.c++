#include "solana/address.h"

#include <algorithm>

namespace waas::solana {
namespace {

constexpr std::string_view ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::uint8_t NO_DIGIT = 0xff;

constexpr std::array<std::uint8_t, 256> makeDigits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(NO_DIGIT);
  for (std::size_t i = 0; i < ALPHABET.size(); ++i) {
    digits[static_cast<std::uint8_t>(ALPHABET[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}

constexpr std::array<std::uint8_t, 256> DIGITS = makeDigits();

/// Fills `out` wholly or answers false. The text's bound comes first, since the work grows with its square.
bool decode(std::string_view text, std::span<std::uint8_t> out, std::size_t maxChars) noexcept {
  if (text.empty() || text.size() > maxChars) return false;
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  for (char c : text) {
    std::uint32_t carry = DIGITS[static_cast<std::uint8_t>(c)];
    if (carry == NO_DIGIT) return false;
    for (std::size_t i = out.size(); i-- > 0;) {
      carry += 58u * out[i];
      out[i] = static_cast<std::uint8_t>(carry & 0xff);
      carry >>= 8;
    }
    if (carry != 0) return false;  // the number needs more bytes
  }
  auto ones = std::find_if(text.begin(), text.end(), [](char c) { return c != '1'; }) - text.begin();
  auto zeros = std::find_if(out.begin(), out.end(), [](std::uint8_t b) { return b != 0; }) - out.begin();
  return ones == zeros;
}

}  // namespace

Address copy(AddressView view) noexcept {
  Address address;
  std::copy(view.begin(), view.end(), address.bytes.begin());
  return address;
}

Base58Text base58(std::span<const std::uint8_t> bytes) noexcept {
  Base58Text text;
  for (std::uint8_t byte : bytes) {
    std::uint32_t carry = byte;
    // While the text is built it holds digits, most significant at `begin`.
    for (std::size_t i = text.chars.size(); i-- > text.begin;) {
      carry += static_cast<std::uint32_t>(static_cast<std::uint8_t>(text.chars[i])) << 8;
      text.chars[i] = static_cast<char>(carry % 58);
      carry /= 58;
    }
    for (; carry > 0; carry /= 58) text.chars[--text.begin] = static_cast<char>(carry % 58);
  }
  for (std::uint8_t byte : bytes) {
    if (byte != 0) break;
    text.chars[--text.begin] = 0;
  }
  for (std::size_t i = text.begin; i < text.chars.size(); ++i) {
    text.chars[i] = ALPHABET[static_cast<std::uint8_t>(text.chars[i])];
  }
  return text;
}

Base58Text format(AddressView address) noexcept { return base58(address); }
Base58Text format(SignatureView signature) noexcept { return base58(signature); }

std::optional<Address> parseAddress(std::string_view text) noexcept {
  Address address;
  if (!decode(text, address.bytes, 44)) return std::nullopt;
  return address;
}

std::optional<Signature> parseSignature(std::string_view text) noexcept {
  Signature signature;
  if (!decode(text, signature.bytes, 88)) return std::nullopt;
  return signature;
}

}  // namespace waas::solana
