#include "daemon/vault/shamir.h"

#include <algorithm>
#include <array>

#include "daemon/vault/gf256.h"

namespace waas::vault {
namespace {

using gf256::Lanes;
using gf256::LANES;

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr size_t ROUNDED = (MAX_SHARES + LANES - 1) / LANES * LANES;

// Coordinates are public: this may branch on them.
bool usable(std::span<const uint8_t> coordinates, size_t shares) {
  if (shares == 0 || shares > MAX_SHARES || coordinates.size() != shares) return false;
  std::array<bool, 256> seen{};
  return std::all_of(coordinates.begin(), coordinates.end(), [&](uint8_t x) {
    bool fresh = x != 0 && !seen[x];
    seen[x] = true;
    return fresh;
  });
}

// Lagrange's factors at 0, sixteen at a time: factor[i] = product over j != i of x[j] / (x[j] - x[i]); minus is plus.
void lagrange(std::span<const uint8_t> coordinates, std::span<uint8_t, ROUNDED> factors) {
  const Lanes one = gf256::broadcast(1);
  std::array<uint8_t, ROUNDED> x{};
  std::copy(coordinates.begin(), coordinates.end(), x.begin());
  for (size_t first = 0; first < coordinates.size(); first += LANES) {
    Lanes own = gf256::load(x.data() + first), above = one, below = one;
    for (uint8_t coordinate : coordinates) {
      Lanes other = gf256::broadcast(coordinate);
      Lanes self = (Lanes)(own == other);  // all ones in the lane of the share itself, which is left out
      above = gf256::multiply(above, (other & ~self) | (one & self));
      below = gf256::multiply(below, ((other ^ own) & ~self) | (one & self));
    }
    gf256::store(factors.data() + first, gf256::multiply(above, gf256::inverse(below)));
  }
}

}  // namespace

bool splitSecret(const Secret<32>& secret, size_t threshold, std::span<const uint8_t> coordinates,
                 std::span<Secret<32>> shares, Random& random) {
  for (Secret<32>& share : shares) share.wipe();
  if (!usable(coordinates, shares.size()) || threshold == 0 || threshold > shares.size()) return false;

  // Horner's scheme for all shares side by side, so that one coefficient at a time is enough.
  Secret<32> coefficient;
  for (size_t power = threshold - 1; power > 0; power--) {
    random.fill(coefficient.fill(ACCESS));
    for (size_t i = 0; i < shares.size(); i++) {
      uint8_t* y = shares[i].fill(ACCESS).data();
      const uint8_t* c = coefficient.reveal(ACCESS).data();
      const Lanes x = gf256::broadcast(coordinates[i]);
      for (size_t at = 0; at < 32; at += LANES) {
        gf256::store(y + at, gf256::multiply(gf256::load(y + at) ^ gf256::load(c + at), x));
      }
    }
  }
  for (Secret<32>& share : shares) {
    uint8_t* y = share.fill(ACCESS).data();
    const uint8_t* s = secret.reveal(ACCESS).data();
    for (size_t at = 0; at < 32; at += LANES) gf256::store(y + at, gf256::load(y + at) ^ gf256::load(s + at));
  }
  return true;
}

bool combineShares(std::span<const Secret<32>> shares, std::span<const uint8_t> coordinates, Secret<32>& secret) {
  secret.wipe();
  if (!usable(coordinates, shares.size())) return false;
  alignas(LANES) std::array<uint8_t, ROUNDED> factors;
  lagrange(coordinates, factors);

  // The sum of factor * share: the factors' bits from the highest, so that all shares have their doublings in common.
  for (size_t at = 0; at < 32; at += LANES) {
    Lanes sum = gf256::broadcast(0);
    for (int bit = 7; bit >= 0; bit--) {
      sum = gf256::timesX(sum);
      for (size_t i = 0; i < shares.size(); i++) {
        Lanes chosen = gf256::topBitMask(gf256::broadcast(static_cast<uint8_t>(factors[i] << (7 - bit))));
        sum ^= chosen & gf256::load(shares[i].reveal(ACCESS).data() + at);
      }
    }
    gf256::store(secret.fill(ACCESS).data() + at, sum);
  }
  return true;
}

bool refreshShares(std::span<const Secret<32>> shares, size_t threshold, std::span<const uint8_t> coordinates,
                   std::span<Secret<32>> added, std::span<Secret<32>> fresh, Random& random) {
  for (Secret<32>& share : fresh) share.wipe();
  const Secret<32> zero;
  if (!splitSecret(zero, threshold, coordinates, added, random)) return false;
  if (shares.size() != added.size() || fresh.size() != added.size()) {
    for (Secret<32>& share : added) share.wipe();
    return false;
  }
  for (size_t i = 0; i < fresh.size(); i++) addShares(shares[i], added[i], fresh[i]);
  return true;
}

void addShares(const Secret<32>& a, const Secret<32>& b, Secret<32>& sum) {
  const uint8_t *x = a.reveal(ACCESS).data(), *y = b.reveal(ACCESS).data();
  uint8_t* out = sum.fill(ACCESS).data();
  for (size_t at = 0; at < 32; at += LANES) gf256::store(out + at, gf256::load(x + at) ^ gf256::load(y + at));
}

}  // namespace waas::vault
