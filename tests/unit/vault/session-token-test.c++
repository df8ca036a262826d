#include "daemon/vault/session-token.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <string>

#include "service-for-tests.h"

namespace waas::vault {
namespace {

SessionToken someToken() {
  SessionToken t;
  KernelRandom random;
  random.fill(t.user);
  random.fill(t.session);
  random.fill(t.token);
  t.generation = 0x0102030405060708;
  t.sessionStart = 1'750'000'000;
  t.issuedAt = 1'750'000'100;
  t.expiresAt = 1'750'001'000;
  Secret<32> key;
  EXPECT_TRUE(sealEnvelope(keyringForTests(), SessionKeyContext{t.user, t.session}, key, random, t.key));
  return t;
}

std::string minted(const SessionToken& t) {
  TokenText text;
  mintToken(keyringForTests(), t, text);
  return std::string(text.data(), text.size());
}

bool accepts(std::string_view text) {
  SessionToken out;
  return checkToken(keyringForTests(), asBytes(text.data(), text.size()), out);
}

std::string decoded(std::string_view part) {
  std::string out(part.size(), '\0');
  size_t size = 0;
  EXPECT_EQ(sodium_base642bin(reinterpret_cast<uint8_t*>(out.data()), out.size(), part.data(), part.size(), nullptr,
                              &size, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
            0);
  out.resize(size);
  return out;
}

std::string encoded(std::string_view part) {
  std::string out(part.size() * 2 + 8, '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const uint8_t*>(part.data()), part.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return out.c_str();
}

TEST(SessionTokenForm, V5SaysWhatWasMinted) {
  SessionToken t = someToken(), out;
  std::string text = minted(t);
  ASSERT_TRUE(checkToken(keyringForTests(), asBytes(text.data(), text.size()), out));
  EXPECT_EQ(out.user, t.user);
  EXPECT_EQ(out.generation, t.generation);
  EXPECT_EQ(out.session, t.session);
  EXPECT_EQ(out.token, t.token);
  EXPECT_EQ(out.sessionStart, t.sessionStart);
  EXPECT_EQ(out.issuedAt, t.issuedAt);
  EXPECT_EQ(out.expiresAt, t.expiresAt);
  EXPECT_EQ(out.key, t.key);
  EXPECT_EQ(tokenId(text), t.token) << "as clients read it";
}

TEST(SessionTokenForm, IsTheDocumentedJson) {
  SessionToken t = someToken();
  t.user = t.session = t.token = Id{0xab};
  std::string text = minted(t);
  size_t dot = text.find('.'), second = text.find('.', dot + 1);
  EXPECT_EQ(decoded(text.substr(0, dot)), R"({"alg":"HS256","typ":"JWT","kid":"00000001"})");
  std::string hex = "ab" + std::string(30, '0');
  EXPECT_EQ(decoded(text.substr(dot + 1, second - dot - 1)),
            R"({"iss":"waas-vault","sub":")" + hex + R"(","gen":"0102030405060708","sid":")" + hex + R"(","jti":")" +
                hex + R"(","sst":1750000000,"iat":1750000100,"exp":1750001000,"cnf":")" +
                encoded(std::string_view(reinterpret_cast<const char*>(t.key.data()), t.key.size())) + R"("})");
}

TEST(SessionTokenForm, V5AnyChangedCharacterIsRefused) {
  std::string text = minted(someToken());
  for (size_t i = 0; i < text.size(); i++) {
    for (char c : {'A', 'B', '.', '=', '+', '\0', static_cast<char>(text[i] ^ 1)}) {
      std::string forged = text;
      if (forged[i] == c) continue;
      forged[i] = c;
      EXPECT_FALSE(accepts(forged)) << i;
    }
  }
  EXPECT_FALSE(accepts(text + "A"));
  EXPECT_FALSE(accepts(text.substr(1)));
  EXPECT_FALSE(accepts(""));
  EXPECT_TRUE(accepts(text));
}

TEST(SessionTokenForm, V5OtherAlgorithmsAndKeysAreRefused) {
  // What JWT libraries fell for: no algorithm, an empty signature, another key's version, an unknown one.
  std::string text = minted(someToken());
  size_t dot = text.find('.');
  for (const char* header :
       {R"({"alg":"none","typ":"JWT","kid":"00000001"})", R"({"alg":"EdDSA","typ":"JWT","kid":"00000001"})",
        R"({"alg":"HS512","typ":"JWT","kid":"00000001"})", R"({"alg":"HS256","typ":"JWT","kid":"00000002"})",
        R"({"alg":"HS256","typ":"JWT","kid":"../../etc"})"}) {
    EXPECT_FALSE(accepts(encoded(header) + text.substr(dot))) << header;
  }
  EXPECT_FALSE(accepts(text.substr(0, text.rfind('.') + 1)));
  EXPECT_FALSE(accepts(text.substr(0, text.rfind('.') + 1) + std::string(43, 'A')));
  Keyring others;
  KernelRandom random;
  ASSERT_TRUE(others.generate(random));
  SessionToken out;
  EXPECT_FALSE(checkToken(others, asBytes(text.data(), text.size()), out));
}

TEST(SessionTokenForm, V5AuthenticButNotCanonicalIsRefused) {
  // Payloads that only the holder of the key could make; still only the one form is a token.
  auto withPayload = [](std::string payload) {
    std::string text = encoded(R"({"alg":"HS256","typ":"JWT","kid":"00000001"})") + "." + encoded(payload);
    Hash mac = keyringForTests().newest(Purpose::TOKEN).hmac().mac({asBytes(text.data(), text.size())});
    return text + "." + encoded(std::string_view(reinterpret_cast<const char*>(mac.data()), mac.size()));
  };
  std::string text = minted(someToken());
  size_t dot = text.find('.');
  std::string payload = decoded(text.substr(dot + 1, text.rfind('.') - dot - 1));
  EXPECT_TRUE(accepts(withPayload(payload)));
  for (auto [from, to] :
       {std::pair{"waas-vault", "waas-valuT"}, {"\"sst\":1", "\"sst\":x"}, {"\"jti\":", "\"jti\" "}}) {
    std::string changed = payload;
    changed.replace(changed.find(from), std::string_view(from).size(), to);
    EXPECT_FALSE(accepts(withPayload(changed))) << to;
  }
  std::string upper = payload;
  size_t at = upper.find("\"sub\":\"") + 7;
  for (size_t i = at; i < at + 32; i++) upper[i] = static_cast<char>(toupper(upper[i]));
  if (upper != payload) {
    EXPECT_FALSE(accepts(withPayload(upper))) << "hexadecimal in capitals";
  }
}

}  // namespace
}  // namespace waas::vault
