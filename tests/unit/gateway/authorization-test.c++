#include "client/gateway/authorization.h"

#include <gtest/gtest.h>

#include "client/gateway/cookies.h"
#include "client/gateway/idempotency.h"

namespace waas::gateway {
namespace {

Head headWith(std::initializer_list<std::pair<std::string_view, std::string_view>> headers) {
  Head head;
  for (auto& header : headers) head.headers.push_back(header);
  return head;
}

TEST(Authorization, TakesTheTokenFromOnePlace) {
  auto bearer =
      findToken(headWith({{"authorization", "Bearer abc"}, {"cookie", "waas-session=x"}}), Route::Form::PROBLEM, false);
  EXPECT_EQ(bearer.token, "abc");
  EXPECT_FALSE(bearer.viaCookie);
  auto cookie = findToken(headWith({{"cookie", "a=b; waas-session=x; c=d"}}), Route::Form::PROBLEM, false);
  EXPECT_EQ(cookie.token, "x");
  EXPECT_TRUE(cookie.viaCookie);
  EXPECT_EQ(findToken(headWith({{"x-vault-token", "v"}}), Route::Form::VAULT, false).token, "v");
}

TEST(Authorization, AnotherRoutesTokenIsNone) {
  EXPECT_EQ(findToken(headWith({{"x-vault-token", "v"}}), Route::Form::PROBLEM, false).token, "");
}

TEST(Authorization, ABadHeaderIsNotMadeUpForByACookie) {
  auto found =
      findToken(headWith({{"authorization", "Basic abc"}, {"cookie", "waas-session=x"}}), Route::Form::PROBLEM, false);
  EXPECT_EQ(found.token, "");
}

TEST(Authorization, TwoTokensAreRefused) {
  EXPECT_THROW(findToken(headWith({{"authorization", "Bearer a"}, {"x-vault-token", "b"}}), Route::Form::VAULT, false),
               kj::Exception);
  EXPECT_EQ(
      findToken(headWith({{"authorization", "Bearer a"}, {"x-vault-token", "a"}}), Route::Form::VAULT, false).token,
      "a");
}

TEST(Authorization, ATokenThatIsTooLongIsNone) {
  std::string huge(4000, 'a');
  EXPECT_EQ(bearerToken("Bearer " + huge), "");
  EXPECT_EQ(findToken(headWith({{"x-vault-token", huge}}), Route::Form::VAULT, false).token, "");
}

TEST(Authorization, TheSecretMustBeAllOfIt) {
  client::SecretText secret;
  EXPECT_FALSE(isSecret("", secret));
  ASSERT_TRUE(secret.append(kj::StringPtr("0123456789abcdef").asArray()));
  EXPECT_TRUE(isSecret("0123456789abcdef", secret));
  for (auto wrong : {"", "0", "0123456789abcde", "0123456789abcdefg", "0123456789abcdeF"})
    EXPECT_FALSE(isSecret(wrong, secret));
}

TEST(Authorization, OnlyAProxysWordOnAddressesIsTaken) {
  Peer peer{"127.0.0.1", true, false};
  Request request;
  request.peer = &peer;
  request.head = headWith({{"x-forwarded-for", "192.0.2.1, 198.51.100.7"}});
  EXPECT_EQ(clientAddress(request, false), "127.0.0.1");
  EXPECT_TRUE(isLocalClient(request, false));
  EXPECT_EQ(clientAddress(request, true), "198.51.100.7");
  EXPECT_FALSE(isLocalClient(request, true));
}

TEST(Cookies, AreForTheBrowserAlone) {
  auto cookie = sessionCookie("token", true);
  EXPECT_EQ(cookie.rfind("__Host-waas-session=token; ", 0), 0u);
  for (auto part : {"; HttpOnly", "; Secure", "; SameSite=Strict", "; Path=/"}) {
    EXPECT_NE(cookie.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(cookie.find("Domain"), std::string::npos);
}

TEST(Cookies, TwoSessionsAreNone) {
  EXPECT_EQ(sessionIn("waas-session=a; waas-session=b", false), "");
  EXPECT_EQ(sessionIn("xwaas-session=a", false), "");
  EXPECT_EQ(sessionIn("waas-session=a", true), "");
}

TEST(Idempotency, KeysAreShortAndPlain) {
  EXPECT_TRUE(isIdempotencyKey("4b1c-9f.x:~_A"));
  EXPECT_FALSE(isIdempotencyKey(""));
  EXPECT_FALSE(isIdempotencyKey(std::string(65, 'a')));
  EXPECT_FALSE(isIdempotencyKey("a b"));
  EXPECT_FALSE(isIdempotencyKey("a'b"));
}

TEST(Idempotency, TheFingerprintCoversTheWholeRequest) {
  auto of = [](std::string_view method, std::string_view path, std::string_view query, std::string_view body) {
    Request request;
    request.head.method = method;
    request.head.path = path;
    request.head.query = query;
    request.body = kj::heapArray<char>(body.data(), body.size());
    return fingerprint(request);
  };
  auto base = of("POST", "/a", "q", "body");
  EXPECT_EQ(base, of("POST", "/a", "q", "body"));
  EXPECT_NE(base, of("PUT", "/a", "q", "body"));
  EXPECT_NE(base, of("POST", "/b", "q", "body"));
  EXPECT_NE(base, of("POST", "/a", "r", "body"));
  EXPECT_NE(base, of("POST", "/a", "q", "bodY"));
  EXPECT_NE(of("POST", "/a", "bc", "d"), of("POST", "/ab", "c", "d"));
}

}  // namespace
}  // namespace waas::gateway
