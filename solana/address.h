#pragma once
// Addresses and signatures, and their text form (base58, Bitcoin's alphabet).

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "solana/limits.h"

namespace waas::solana {

/// 32 bytes somewhere else: an address, a public key, a blockhash.
using AddressView = std::span<const std::uint8_t, ADDRESS_SIZE>;
using SignatureView = std::span<const std::uint8_t, SIGNATURE_SIZE>;

/// 32 bytes of its own: an address (Ed25519 public key or program-derived) or a blockhash. Value type.
struct Address {
  std::array<std::uint8_t, ADDRESS_SIZE> bytes{};

  operator AddressView() const noexcept { return bytes; }
  auto operator<=>(const Address&) const = default;
};

/// 64 bytes of its own: an Ed25519 signature. All zero = an empty slot. Value type.
struct Signature {
  std::array<std::uint8_t, SIGNATURE_SIZE> bytes{};

  operator SignatureView() const noexcept { return bytes; }
  bool operator==(const Signature&) const = default;
};

/// Compares two addresses. Not constant time: addresses are public.
inline bool same(AddressView left, AddressView right) noexcept {
  return std::memcmp(left.data(), right.data(), ADDRESS_SIZE) == 0;
}

/// Copies an address.
Address copy(AddressView view) noexcept;

/// Base58 text of at most 64 bytes, on the stack.
class Base58Text {
 public:
  std::string_view view() const noexcept { return {chars.data() + begin, chars.size() - begin}; }
  operator std::string_view() const noexcept { return view(); }

 private:
  friend Base58Text base58(std::span<const std::uint8_t> bytes) noexcept;
  std::array<char, 88> chars{};  // ceil(64 * log 256 / log 58)
  std::size_t begin = 88;
};

/// Writes an address in base58: 32 to 44 characters.
Base58Text format(AddressView address) noexcept;

/// Writes a signature in base58: 64 to 88 characters.
Base58Text format(SignatureView signature) noexcept;

/// Reads base58 that stands for exactly 32 bytes. Each byte string has one text form, and only that one is accepted:
/// no blanks, each leading zero byte one '1'.
std::optional<Address> parseAddress(std::string_view text) noexcept;

/// Reads base58 that stands for exactly 64 bytes, as strictly as parseAddress().
std::optional<Signature> parseSignature(std::string_view text) noexcept;

}  // namespace waas::solana
