#pragma once
// Shamir's secret sharing of 32-byte secrets, byte by byte over GF(2^8) (A. Shamir, "How to share a secret", 1979).
//
// Each byte of the secret is the value at 0 of a random polynomial of degree threshold - 1; a share is the polynomials'
// values at its coordinate. Fewer shares than the threshold say nothing about the secret. Constant time in shares,
// coefficients and secret; coordinates, threshold and count are public. Allocates nothing, throws nothing.
#include "daemon/vault/random.h"
#include "secret/secret.h"

namespace waas::vault {

constexpr size_t MAX_SHARES = 255;

// Splits `secret`: shares[i] is the share at coordinates[i]. Draws threshold - 1 times 32 bytes from `random`: the
// coefficients, that of the highest power first. False, with all shares wiped, when the arguments make no sense:
// threshold 0 or above the count, another number of coordinates than of shares, a coordinate 0 or one twice.
// Precondition: the secret isn't among the shares.
[[nodiscard]] bool splitSecret(const Secret<32>& secret, size_t threshold, std::span<const uint8_t> coordinates,
                               std::span<Secret<32>> shares, Random& random);

// Puts a secret together from exactly as many shares as its threshold says. Can't tell whether the shares are right:
// what authenticates them is their envelope. False, with `secret` wiped, when there is no share, more than MAX_SHARES,
// another number of coordinates, a coordinate 0 or one twice.
[[nodiscard]] bool combineShares(std::span<const Secret<32>> shares, std::span<const uint8_t> coordinates,
                                 Secret<32>& secret);

// Proactive refresh (A. Herzberg et al., "Proactive secret sharing", 1995): fresh[i] is another share of the same
// secret, shares[i] plus the i-th share of a fresh sharing of zero, which is left in added[i]. The secret isn't put
// together. Arguments and draws as for splitSecret; all spans have the size of `coordinates`. False, with `fresh` and
// `added` wiped, when they make no sense.
[[nodiscard]] bool refreshShares(std::span<const Secret<32>> shares, size_t threshold,
                                 std::span<const uint8_t> coordinates, std::span<Secret<32>> added,
                                 std::span<Secret<32>> fresh, Random& random);

// sum = a + b in every byte, which is also a - b.
void addShares(const Secret<32>& a, const Secret<32>& b, Secret<32>& sum);

}  // namespace waas::vault
