#include "daemon/vault/shamir.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "daemon/vault/gf256.h"
#include "keys-for-tests.h"

namespace waas::vault {
namespace {

// Schoolbook multiplication, as a second opinion.
uint8_t slowly(uint8_t a, uint8_t b) {
  unsigned product = 0, shifted = a;
  for (int bit = 0; bit < 8; bit++) {
    if (b >> bit & 1) product ^= shifted;
    shifted = shifted << 1 ^ (shifted & 0x80 ? 0x11b : 0);
  }
  return static_cast<uint8_t>(product);
}

using Shares = std::vector<Secret<32>>;  // built once at its size: Secrets don't move

struct Vector {
  std::string source;
  size_t threshold;
  Octets secret;
  std::vector<std::pair<uint8_t, Octets>> shares;
};

std::vector<Vector> vectors() {
  std::vector<Vector> all;
  for (const auto& parts : vectorLines("shamir/shamir.txt")) {
    Vector v{parts[0], std::stoul(parts[1]), fromHex(parts[2]), {}};
    for (size_t i = 3; i < parts.size(); i++) {
      size_t colon = parts[i].find(':');
      v.shares.emplace_back(static_cast<uint8_t>(std::stoul(parts[i].substr(0, colon))),
                            fromHex(parts[i].substr(colon + 1)));
    }
    all.push_back(v);
  }
  return all;
}

Octets combineSome(const std::vector<std::pair<uint8_t, Octets>>& some) {
  Shares shares(some.size());
  Octets coordinates;
  for (size_t i = 0; i < some.size(); i++) {
    put(shares[i], some[i].second);
    coordinates.push_back(some[i].first);
  }
  Secret<32> secret;
  EXPECT_TRUE(combineShares(shares, coordinates, secret));
  return get(secret);
}

TEST(Gf256, EveryProductAndEveryInverseIsRight) {
  for (unsigned a = 0; a < 256; a++) {
    for (unsigned b = 0; b < 256; b += gf256::LANES) {
      std::array<uint8_t, gf256::LANES> right;
      std::iota(right.begin(), right.end(), static_cast<uint8_t>(b));
      std::array<uint8_t, gf256::LANES> product;
      gf256::store(product.data(),
                   gf256::multiply(gf256::broadcast(static_cast<uint8_t>(a)), gf256::load(right.data())));
      for (size_t i = 0; i < gf256::LANES; i++) ASSERT_EQ(product[i], slowly(static_cast<uint8_t>(a), right[i]));
    }
    auto inverse = gf256::inverse(gf256::broadcast(static_cast<uint8_t>(a)));
    ASSERT_EQ(slowly(static_cast<uint8_t>(a), inverse[3]), a == 0 ? 0 : 1);
  }
}

TEST(Shamir, V23PutsTogetherWhatThreeOtherImplementationsSplit) {
  std::set<std::string> sources;
  for (const Vector& v : vectors()) {
    sources.insert(v.source);
    for (size_t first = 0; first + v.threshold <= v.shares.size(); first++) {  // several choices of shares
      auto begin = v.shares.begin() + static_cast<ptrdiff_t>(first);
      std::vector some(begin, begin + static_cast<ptrdiff_t>(v.threshold));
      EXPECT_EQ(combineSome(some), v.secret) << v.source << " " << v.threshold;
      std::reverse(some.begin(), some.end());
      EXPECT_EQ(combineSome(some), v.secret);
    }
    // All shares at once: a polynomial of lower degree is still found.
    EXPECT_EQ(combineSome(v.shares), v.secret);
    // One fewer than the threshold isn't enough.
    EXPECT_NE(combineSome({v.shares.begin(), v.shares.begin() + static_cast<ptrdiff_t>(v.threshold) - 1}), v.secret);
  }
  EXPECT_EQ(sources, (std::set<std::string>{"privy", "shamir", "grempe"}));
}

// Gives out the coefficients that another implementation must have drawn.
class Given final : public Random {
 public:
  explicit Given(std::vector<Octets> blocks) : blocks(std::move(blocks)) {}
  void fill(std::span<uint8_t> out) override {
    ASSERT_LT(next, blocks.size());
    ASSERT_EQ(out.size(), blocks[next].size());
    std::copy(blocks[next].begin(), blocks[next].end(), out.begin());
    next++;
  }

 private:
  std::vector<Octets> blocks;
  size_t next = 0;
};

// With threshold 2 the one coefficient follows from a share: (y - secret) / x.
TEST(Shamir, V23SplitsIntoTheSharesOfOtherImplementations) {
  size_t checked = 0;
  for (const Vector& v : vectors()) {
    if (v.threshold != 2) continue;
    auto [x, y] = v.shares[0];
    Octets coefficient(32);
    for (size_t i = 0; i < 32; i++) {
      coefficient[i] = slowly(y[i] ^ v.secret[i], gf256::inverse(gf256::broadcast(x))[0]);
    }
    Given random({coefficient});
    Secret<32> secret;
    put(secret, v.secret);
    Shares shares(v.shares.size());
    Octets coordinates;
    for (const auto& share : v.shares) coordinates.push_back(share.first);
    ASSERT_TRUE(splitSecret(secret, 2, coordinates, shares, random));
    for (size_t i = 0; i < shares.size(); i++) EXPECT_EQ(get(shares[i]), v.shares[i].second) << v.source;
    checked++;
  }
  EXPECT_GE(checked, 6u);
}

TEST(Shamir, V23AnyThresholdOfAnyCountAtAnyCoordinates) {
  Replayed random(7);
  KernelRandom fresh;
  for (int round = 0; round < 200; round++) {
    std::array<uint8_t, 4> drawn;
    random.fill(drawn);
    size_t count = 1u + drawn[0] % (round % 20 == 0 ? 255u : 24u), threshold = 1u + drawn[1] % count;
    Octets coordinates(255);
    std::iota(coordinates.begin(), coordinates.end(), uint8_t{1});
    for (size_t i = 254; i > 0; i--) {
      random.fill(drawn);
      std::swap(coordinates[i], coordinates[(drawn[0] + 256u * drawn[1]) % (i + 1)]);
    }
    coordinates.resize(count);
    Secret<32> secret, again;
    fresh.fill(secret.fill(TEST_ACCESS));
    Shares shares(count);
    ASSERT_TRUE(splitSecret(secret, threshold, coordinates, shares, fresh));
    ASSERT_TRUE(combineShares(std::span(shares).last(threshold), std::span(coordinates).last(threshold), again));
    EXPECT_TRUE(again.matches(secret)) << threshold << " of " << count;
  }
}

TEST(Shamir, RefusesArgumentsThatMakeNoSense) {
  KernelRandom random;
  Secret<32> secret;
  put(secret, Octets(32, 5));
  Shares three(3);
  auto splits = [&](size_t threshold, Octets coordinates) {
    for (auto& share : three) put(share, Octets(32, 9));
    bool done = splitSecret(secret, threshold, coordinates, three, random);
    if (!done) {
      for (auto& share : three) EXPECT_TRUE(isZero(share));
    }
    return done;
  };
  EXPECT_TRUE(splits(3, {1, 2, 3}));
  EXPECT_FALSE(splits(0, {1, 2, 3}));
  EXPECT_FALSE(splits(4, {1, 2, 3}));
  EXPECT_FALSE(splits(3, {1, 2}));
  EXPECT_FALSE(splits(3, {1, 2, 3, 4}));
  EXPECT_FALSE(splits(3, {0, 2, 3}));
  EXPECT_FALSE(splits(3, {1, 2, 2}));
  EXPECT_FALSE(splitSecret(secret, 1, {}, {}, random));

  auto combines = [&](Octets coordinates, size_t count = 3) {
    put(secret, Octets(32, 5));
    bool done = combineShares(std::span(three).first(count), coordinates, secret);
    if (!done) {
      EXPECT_TRUE(isZero(secret));
    }
    return done;
  };
  EXPECT_TRUE(combines({1, 2, 3}));
  EXPECT_FALSE(combines({0, 2, 3}));
  EXPECT_FALSE(combines({1, 1, 3}));
  EXPECT_FALSE(combines({1, 2}));
  EXPECT_FALSE(combines({}, 0));
}

TEST(Shamir, V23EveryThirdShareIsAsLikelyAsAnyOther) {
  // Byte by byte: with shares 1 and 2 fixed, the 256 values of share 3 lead to 256 different secrets. So two shares
  // leave every secret possible, each with exactly one third share.
  Replayed random(3);
  for (int round = 0; round < 20; round++) {
    std::array<uint8_t, 5> drawn;
    random.fill(drawn);
    Octets coordinates = round == 0
                             ? Octets{1, 2, 3}
                             : Octets{static_cast<uint8_t>(1 + drawn[0] % 80), static_cast<uint8_t>(81 + drawn[1] % 80),
                                      static_cast<uint8_t>(161 + drawn[2] % 80)};
    Shares shares(3);
    put(shares[0], Octets(32, drawn[3]));
    put(shares[1], Octets(32, drawn[4]));
    std::set<uint8_t> secrets;
    for (unsigned value = 0; value < 256; value++) {
      put(shares[2], Octets(32, static_cast<uint8_t>(value)));
      Secret<32> secret;
      ASSERT_TRUE(combineShares(shares, coordinates, secret));
      secrets.insert(get(secret)[0]);
    }
    EXPECT_EQ(secrets.size(), 256u);
  }
}

// Chi-squared of 256 cells; its mean is 255, its standard deviation 22.6. 400 is further out than 6 of them.
double chiSquared(const std::array<unsigned, 256>& seen) {
  double total = std::accumulate(seen.begin(), seen.end(), 0.0), expected = total / 256, sum = 0;
  for (unsigned n : seen) sum += (n - expected) * (n - expected) / expected;
  return sum;
}

TEST(Shamir, V23TwoSharesLookTheSameWhateverTheSecret) {
  KernelRandom random;
  for (uint8_t value : {uint8_t{0}, uint8_t{0xff}, uint8_t{0x5a}}) {
    Secret<32> secret;
    put(secret, Octets(32, value));
    // Each share, the sum of two, and the sum weighted by another factor.
    std::array<std::array<unsigned, 256>, 5> seen{};
    for (int round = 0; round < 4000; round++) {
      Shares shares(3);
      ASSERT_TRUE(splitSecret(secret, 3, Octets{1, 2, 3}, shares, random));
      Octets one = get(shares[0]), two = get(shares[1]), three = get(shares[2]);
      for (size_t i = 0; i < 32; i++) {
        seen[0][one[i]]++;
        seen[1][two[i]]++;
        seen[2][three[i]]++;
        seen[3][one[i] ^ two[i]]++;
        seen[4][slowly(one[i], 3) ^ three[i]]++;
      }
    }
    for (const auto& cells : seen) EXPECT_LT(chiSquared(cells), 400);
  }
}

}  // namespace
}  // namespace waas::vault
