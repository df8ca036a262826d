#include "client/gateway/route-table.h"

#include <gtest/gtest.h>

#include <set>

#include "client/gateway/json.h"
#include "client/gateway/routes/openapi-document.h"

namespace waas::gateway {
namespace {

TEST(RouteTable, FindsByMethodAndSegments) {
  auto match = findRoute(routes(), "POST", "/v1/transit/sign/w1");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->operation, "vaultSign");
  EXPECT_EQ(match.parameters[0], "w1");
  EXPECT_EQ(findRoute(routes(), "POST", "/v1/transit/sign/w1/sha2-256").parameters[1], "sha2-256");
  EXPECT_EQ(findRoute(routes(), "HEAD", "/healthz").route->operation, "healthz");
}

TEST(RouteTable, CaseTwinsPrefixesAndLongerPathsAreNotFound) {
  for (auto path : {"/Healthz", "/healthzz", "/health", "/healthz/x", "/api/Wallet/list", "/api", "/",
                    "/v1/transit/sign", "/v1/transit/sign/a/b/c", "/api/mpc/share-status"}) {
    auto match = findRoute(routes(), "GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
  }
}

TEST(RouteTable, SaysWhichMethodsAPathHas) {
  auto match = findRoute(routes(), "DELETE", "/v1/transit/sign/w1");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "POST, PUT");
  EXPECT_EQ(findRoute(routes(), "DELETE", "/healthz").allow, "GET, HEAD");
}

TEST(RouteTable, EveryRowHasAnOperationOfItsOwnThatTheDocumentDescribes) {
  auto document = Json::parse(openApiDocument());
  std::set<std::string> described, served;
  for (auto& [path, methods] : document["paths"].items()) {
    for (auto& [method, operation] : methods.items()) described.insert(operation["operationId"].get<std::string>());
  }
  for (auto& row : routes()) {
    EXPECT_TRUE(served.insert(std::string(row.operation)).second) << row.operation;
    EXPECT_LE(row.operation.size(), 64u);
    EXPECT_NE(row.handler, nullptr);
  }
  EXPECT_EQ(described, served);
}

TEST(RouteTable, WhatChangesSomethingIsNoGet) {
  for (auto& row : routes()) {
    if (row.method != "GET") continue;
    EXPECT_EQ(row.effect, Route::Effect::READS) << row.operation;
    EXPECT_EQ(row.bodyBytes, 0u) << row.operation;
  }
}

}  // namespace
}  // namespace waas::gateway
