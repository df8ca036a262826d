// G2: a head that two readers could read differently is refused.
#include "client/gateway/http/request-head.h"

#include <gtest/gtest.h>

#include <string>

namespace waas::gateway {
namespace {

struct Parsed {
  std::string text;
  std::variant<Head, Refusal> result;

  explicit Parsed(std::string head)
      : text(std::move(head)), result(parseHead(std::span<char>(text.data(), text.size()))) {}
  bool ok() const { return std::holds_alternative<Head>(result); }
  const Head& head() const { return std::get<Head>(result); }
  ErrorCode code() const { return ok() ? ErrorCode::UNKNOWN : std::get<Refusal>(result).code; }
};

Parsed get(std::string headers) { return Parsed("GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"); }
Parsed target(std::string path) { return Parsed("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"); }

TEST(RequestHead, ReadsMethodPathQueryAndHeaders) {
  Parsed p(
      "POST /v1/transit/sign/w_1-A?x=1&y HTTP/1.1\r\nHost: Example.org:8443\r\nX-Vault-Token:  a b \r\nContent-Length: "
      "12\r\n\r\n");
  ASSERT_TRUE(p.ok());
  EXPECT_EQ(p.head().method, "POST");
  EXPECT_EQ(p.head().path, "/v1/transit/sign/w_1-A");
  EXPECT_EQ(p.head().query, "x=1&y");
  EXPECT_EQ(p.head().header("x-vault-token"), "a b");
  EXPECT_EQ(p.head().contentLength, 12u);
  EXPECT_TRUE(p.head().keepAlive);
}

TEST(RequestHead, G2RefusesTransferEncodingOfAnyKind) {
  for (auto value :
       {"chunked", "identity", "gzip, chunked", "xchunked", " chunked", "\tchunked", "chunked, identity"}) {
    EXPECT_EQ(get(std::string("Transfer-Encoding: ") + value + "\r\n").code(), ErrorCode::LENGTH_REQUIRED) << value;
  }
  EXPECT_EQ(get("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n").code(), ErrorCode::LENGTH_REQUIRED);
  EXPECT_EQ(get("tRANSFER-eNCODING: chunked\r\n").code(), ErrorCode::LENGTH_REQUIRED);
}

TEST(RequestHead, G2RefusesLengthsThatAreNotPlainDigits) {
  for (auto value : {"-1", "+3", "0x10", "3 4", "3,3", "", "1e3", "03", "3;", "\xc2\xb2", "3\t4"}) {
    EXPECT_EQ(get(std::string("Content-Length: ") + value + "\r\n").code(), ErrorCode::INVALID_REQUEST) << value;
  }
  EXPECT_EQ(get("Content-Length: 18446744073709551617\r\n").code(), ErrorCode::TOO_LARGE);
  EXPECT_EQ(get("Content-Length: 3\r\nContent-Length: 3\r\n").code(), ErrorCode::INVALID_REQUEST);
  EXPECT_TRUE(get("Content-Length: 0\r\n").ok());
}

TEST(RequestHead, G2RefusesLinesThatEndOtherwise) {
  EXPECT_TRUE(std::holds_alternative<Refusal>(findHeadEnd("GET / HTTP/1.1\nHost: a\n\n")));
  EXPECT_TRUE(std::holds_alternative<Refusal>(findHeadEnd("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n")));
  EXPECT_TRUE(std::holds_alternative<Refusal>(findHeadEnd("\r\nGET / HTTP/1.1\r\n")));
  EXPECT_FALSE(get("X: a\rY: b\r\n").ok());
  EXPECT_FALSE(get("X: a\r\n folded\r\n").ok());
  EXPECT_FALSE(get("X : a\r\n").ok());
  EXPECT_FALSE(get(": a\r\n").ok());
  EXPECT_FALSE(get("no colon\r\n").ok());
  EXPECT_FALSE(get(std::string("X: a\0b\r\n", 8)).ok());
  EXPECT_FALSE(get("X: \x01\r\n").ok());
}

TEST(RequestHead, FindsTheEndAndNothingBefore) {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (size_t n = 0; n < head.size(); n++)
    EXPECT_EQ(std::get<size_t>(findHeadEnd(std::string_view(head).substr(0, n))), 0u);
  EXPECT_EQ(std::get<size_t>(findHeadEnd(head + "body")), head.size());
}

TEST(RequestHead, RefusesHeadersThatSayTwiceWhoAsks) {
  for (auto name : {"Host", "Authorization", "X-Vault-Token", "Cookie", "Origin", "Idempotency-Key", "Content-Type"}) {
    auto twice = std::string(name) + ": a\r\n" + name + ": b\r\n";
    EXPECT_FALSE(get(twice).ok()) << name;
  }
  EXPECT_TRUE(get("Accept-Language: a\r\nAccept-Language: b\r\n").ok());
}

TEST(RequestHead, RefusesOtherVersionsMethodsAndTargets) {
  for (auto line : {"GET / HTTP/1.0", "GET / HTTP/2.0", "GET / http/1.1", "GET /", "GET  / HTTP/1.1", "get / HTTP/1.1",
                    "G\tET / HTTP/1.1", "GET /\tHTTP/1.1", "GET / HTTP/1.1 ", "PRI * HTTP/2.0", "GET * HTTP/1.1",
                    "GET http://localhost/ HTTP/1.1", "CONNECT localhost:1 HTTP/1.1"}) {
    EXPECT_FALSE(Parsed(std::string(line) + "\r\nHost: a\r\n\r\n").ok()) << line;
  }
}

TEST(RequestHead, RefusesPathsThatMeanAnother) {
  for (auto path : {"/a/../b", "/..", "/.", "/a/./b", "//", "/a//b", "/a/", "/a%2fb", "/..%2fetc", "/%2e%2e/", "/a\\b",
                    "/a;b", "/\xc3\xa9", "/a b", "a", "/a#b", "/%00"}) {
    EXPECT_FALSE(target(path).ok()) << path;
  }
  EXPECT_TRUE(target("/").ok());
  EXPECT_TRUE(target("/a.b/c~d_e-f").ok());
  EXPECT_FALSE(target("/" + std::string(600, 'a')).ok());
}

TEST(RequestHead, RefusesAMissingOrOddHost) {
  EXPECT_FALSE(Parsed("GET / HTTP/1.1\r\n\r\n").ok());
  for (auto host : {"", "a b", "a/b", "a@b", "a,b", "\xc3\xa9"}) {
    EXPECT_FALSE(Parsed(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n").ok()) << host;
  }
}

TEST(RequestHead, BoundsTheNumberOfHeaders) {
  std::string many;
  for (int i = 0; i < 63; i++) many += "X-" + std::to_string(i) + ": a\r\n";
  EXPECT_TRUE(get(many).ok());
  EXPECT_EQ(get(many + "X-63: a\r\n").code(), ErrorCode::HEADERS_TOO_LARGE);
}

TEST(RequestHead, ReadsQueriesStrictly) {
  EXPECT_EQ(queryParameter("a=1&b=%2F+x", "b"), "/ x");
  EXPECT_EQ(queryParameter("a", "a"), "");
  EXPECT_EQ(queryParameter("a=1", "c"), std::nullopt);
  for (auto bad : {"a=%", "a=%2", "a=%zz", "a=%00", "a=1&a=2"}) EXPECT_THROW(queryParameter(bad, "a"), Refusal) << bad;
}

}  // namespace
}  // namespace waas::gateway
