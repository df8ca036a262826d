#include "daemon/vault/kdf.h"

#include <gtest/gtest.h>

#include "keys-for-tests.h"

namespace waas::vault {
namespace {

TEST(Kdf, HkdfGivesTheValuesOfRfc5869) {
  size_t checked = 0;
  for (const auto& parts : vectorLines("hkdf/rfc5869.txt")) {
    Octets keyMaterial = fromHex(parts[0]), salt = fromHex(parts[1]), info = fromHex(parts[2]), okm = fromHex(parts[4]);
    Secret<32> prk, first;
    hkdfExtract(salt, keyMaterial, prk);
    EXPECT_EQ(get(prk), fromHex(parts[3]));
    Octets out(okm.size());
    EXPECT_TRUE(hkdfExpand(prk, info, out));
    EXPECT_EQ(out, okm);
    KeyDeriver(prk).derive(info, first);
    EXPECT_EQ(get(first), Octets(okm.begin(), okm.begin() + 32));
    checked++;
  }
  EXPECT_EQ(checked, 3u);
}

TEST(Kdf, HkdfExpandHasTheLengthLimitOfRfc5869) {
  Secret<32> prk;
  Octets longest(255 * 32), longer(255 * 32 + 1, 7);
  EXPECT_TRUE(hkdfExpand(prk, {}, longest));
  EXPECT_FALSE(hkdfExpand(prk, {}, longer));
  EXPECT_EQ(longer, Octets(longer.size(), 7));
}

TEST(Kdf, KeptStatesGiveTheSameMacsAgainAndAgain) {
  Octets key(32, 1), a(100, 2), b(3, 3), joined = a;
  joined.insert(joined.end(), b.begin(), b.end());
  Hash expected;
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, joined.data(), joined.size());
  crypto_auth_hmacsha256_final(&state, expected.data());
  const HmacKey kept(key);
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(kept.mac({a, b}), expected);
    EXPECT_TRUE(kept.verify({a, b}, expected));
  }
  for (size_t i = 0; i < expected.size() * 8; i++) {
    Hash changed = expected;
    changed[i / 8] = static_cast<uint8_t>(changed[i / 8] ^ 1u << (i % 8));
    EXPECT_FALSE(kept.verify({a, b}, changed));
  }
  EXPECT_FALSE(kept.verify({a, b}, Bytes(expected).first(31)));
  EXPECT_FALSE(kept.verify({a, b}, {}));
}

TEST(Kdf, HmacTakesKeysOfAnyLength) {
  // RFC 4231, test case 6: a key longer than a block.
  const HmacKey key(Octets(131, 0xaa));
  std::string text = "Test Using Larger Than Block-Size Key - Hash Key First";
  EXPECT_EQ(key.mac({asBytes(text.data(), text.size())}),
            toArray<32>(fromHex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")));
}

}  // namespace
}  // namespace waas::vault
