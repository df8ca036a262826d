#pragma once
// Program-derived addresses: hashes of seeds that are no point of Ed25519's curve, so that no key can sign for them.

#include <optional>
#include <span>

#include "solana/address.h"
#include "solana/byte-cursor.h"

namespace waas::solana {

/// Longest seed, and most seeds (the bump included), as the runtime has them.
inline constexpr std::size_t MAX_SEED_SIZE = 32;
inline constexpr std::size_t MAX_SEEDS = 16;

/// Tells whether 32 bytes decode to a point of the curve, as the runtime decides it: of whatever order, and with a
/// coordinate that may be given in a form that is not the smallest.
bool isOnCurve(AddressView bytes) noexcept;

struct ProgramAddress {
  Address address;
  std::uint8_t bump = 0;
};

/// Finds the address of these seeds: that with the highest bump for which it is off the curve. Nothing if a seed is too
/// long, there are too many, or no bump is good (which nobody has seen).
std::optional<ProgramAddress> findProgramAddress(std::span<const Bytes> seeds, AddressView program) noexcept;

/// The associated token account of an owner for a mint under one of the token programs.
std::optional<Address> associatedTokenAddress(AddressView owner, AddressView mint, AddressView tokenProgram) noexcept;

/// Tells whether `account` is the associated token account of `owner` for `mint` under `tokenProgram`. Cheaper than
/// making the address, and with the same answer but for two things that do no harm:
///   - one in 16 million true ones, of a bump below 232, is answered with false;
///   - an address of a lower bump than the right one is answered with true. Nobody can make a token account there (the
///     program makes only the right one, and no key is known for it), so an instruction that uses it fails.
bool isAssociatedTokenAddress(AddressView account, AddressView owner, AddressView mint,
                              AddressView tokenProgram) noexcept;

}  // namespace waas::solana
