// G7: no answer tells anything internal.
#include "client/gateway/problem.h"

#include <capnp/schema.h>
#include <gtest/gtest.h>

#include "client/gateway/json.h"

namespace waas::gateway {
namespace {

TEST(Problem, HasTheMembersOfRfc9457AndAStableCode) {
  auto response = problem(failureWith(ErrorCode::TOO_MANY_ATTEMPTS, "", 1500), "0123456789abcdef");
  EXPECT_EQ(response.status, 429u);
  EXPECT_EQ(response.contentType, "application/problem+json");
  auto body = Json::parse(response.body);
  EXPECT_EQ(body["type"], "urn:waas:problem:too_many_attempts");
  EXPECT_EQ(body["code"], "too_many_attempts");
  EXPECT_EQ(body["status"], 429);
  EXPECT_EQ(body["requestId"], "0123456789abcdef");
  EXPECT_EQ(body["retryable"], true);
  EXPECT_FALSE(body.contains("detail"));
  bool told = false;
  for (auto& [name, value] : response.headers) told = told || (name == "Retry-After" && value == "2");
  EXPECT_TRUE(told);
}

TEST(Problem, EveryCodeMakesOneInBothForms) {
  auto count = static_cast<uint16_t>(capnp::Schema::from<ErrorCode>().getEnumerants().size());
  for (uint16_t i = 0; i < count; i++) {
    auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(problem(failureWith(code), "a").status, client::describe(code).httpStatus);
    auto vault = vaultError(failureWith(code), "a");
    EXPECT_GE(vault.status, 400u);
    EXPECT_TRUE(Json::parse(vault.body)["errors"][0].is_string());
    EXPECT_FALSE(Json::parse(vault.body).contains("id"));
  }
}

TEST(Problem, G7AForeignExceptionShowsNothingOfItself) {
  kj::Exception foreign(kj::Exception::Type::FAILED, "/secret/file.c++", 12, kj::str("password hunter2 at /secret"));
  auto body = problem(client::failureOf(foreign), "a").body;
  EXPECT_EQ(body.find("hunter2"), std::string::npos);
  EXPECT_EQ(body.find("secret"), std::string::npos);
  EXPECT_EQ(Json::parse(body)["code"], "unknown");
}

TEST(VaultError, HasTheWordsThatVaultsClientsKnow) {
  auto forbidden = vaultError(failureWith(ErrorCode::SESSION_INVALID), "a");
  EXPECT_EQ(forbidden.status, 403u);
  EXPECT_EQ(forbidden.body, "{\"errors\":[\"permission denied\"]}");
  auto missing = vaultError(failureWith(ErrorCode::UNKNOWN_WALLET), "a");
  EXPECT_EQ(missing.status, 400u);
  EXPECT_EQ(missing.body, "{\"errors\":[\"signing key not found\"]}");
}

}  // namespace
}  // namespace waas::gateway
