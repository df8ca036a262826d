#include "solana/program-address.h"

#include <sodium.h>

#include <array>

#include "solana/instruction/associated-token.h"

namespace waas::solana {
namespace {

constexpr char MARKER[] = "ProgramDerivedAddress";
constexpr unsigned HIGHEST_BUMP = 255;
/// Bumps that are tried to recognize an address. Each is right with a chance of one half.
constexpr unsigned TRIED_BUMPS = 24;

using Hash = crypto_hash_sha256_state;

void add(Hash& hash, Bytes bytes) noexcept { crypto_hash_sha256_update(&hash, bytes.data(), bytes.size()); }

/// The hash of what `prefix` has taken in, a bump, the program and the marker.
Address finish(const Hash& prefix, std::uint8_t bump, AddressView program) noexcept {
  Hash hash = prefix;
  add(hash, Bytes(&bump, 1));
  add(hash, program);
  add(hash, Bytes(reinterpret_cast<const std::uint8_t*>(MARKER), sizeof MARKER - 1));
  Address address;
  crypto_hash_sha256_final(&hash, address.bytes.data());
  return address;
}

}  // namespace

bool isOnCurve(AddressView bytes) noexcept {
  // Adding the neutral element succeeds if and only if both decode: libsodium has no plainer way to ask.
  // crypto_core_ed25519_is_valid_point would not do: it also refuses points outside the main subgroup.
  static constexpr std::array<std::uint8_t, ADDRESS_SIZE> NEUTRAL{1};
  std::array<std::uint8_t, ADDRESS_SIZE> sum;
  return crypto_core_ed25519_add(sum.data(), bytes.data(), NEUTRAL.data()) == 0;
}

std::optional<ProgramAddress> findProgramAddress(std::span<const Bytes> seeds, AddressView program) noexcept {
  if (seeds.size() >= MAX_SEEDS) return std::nullopt;
  Hash prefix;
  crypto_hash_sha256_init(&prefix);
  for (Bytes seed : seeds) {
    if (seed.size() > MAX_SEED_SIZE) return std::nullopt;
    add(prefix, seed);
  }
  for (unsigned bump = HIGHEST_BUMP + 1; bump-- > 0;) {
    Address address = finish(prefix, static_cast<std::uint8_t>(bump), program);
    if (!isOnCurve(address)) return ProgramAddress{address, static_cast<std::uint8_t>(bump)};
  }
  return std::nullopt;
}

std::optional<Address> associatedTokenAddress(AddressView owner, AddressView mint, AddressView tokenProgram) noexcept {
  const Bytes seeds[] = {owner, tokenProgram, mint};
  auto found = findProgramAddress(seeds, associated_token::PROGRAM);
  if (!found) return std::nullopt;
  return found->address;
}

bool isAssociatedTokenAddress(AddressView account, AddressView owner, AddressView mint,
                              AddressView tokenProgram) noexcept {
  Hash prefix;
  crypto_hash_sha256_init(&prefix);
  for (AddressView seed : {owner, tokenProgram, mint}) add(prefix, seed);
  for (unsigned i = 0; i < TRIED_BUMPS; ++i) {
    auto bump = static_cast<std::uint8_t>(HIGHEST_BUMP - i);
    if (same(finish(prefix, bump, associated_token::PROGRAM), account)) return true;
  }
  return false;
}

}  // namespace waas::solana
