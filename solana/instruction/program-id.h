#pragma once
// Addresses that are known when we compile, in the form in which people know them.

#include <string_view>

#include "solana/address.h"

namespace waas::solana {

/// The address of this base58 text. Evaluated by the compiler only, which refuses a text that is none.
consteval Address knownAddress(std::string_view text) {
  constexpr std::string_view ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  Address address;
  for (char c : text) {
    auto digit = ALPHABET.find(c);
    if (digit == std::string_view::npos) throw "no base58 digit";
    std::uint32_t carry = static_cast<std::uint32_t>(digit);
    for (std::size_t i = ADDRESS_SIZE; i-- > 0;) {
      carry += 58u * address.bytes[i];
      address.bytes[i] = static_cast<std::uint8_t>(carry & 0xff);
      carry >>= 8;
    }
    if (carry != 0) throw "longer than an address";
  }
  return address;
}

}  // namespace waas::solana
