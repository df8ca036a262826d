#include "daemon/vault/config.h"

#include <gtest/gtest.h>
#include <sodium.h>

namespace waas::vault {
namespace {

constexpr const char* LEAST = "broker uid 997\nsocket /run/waas/signer.sock\npolicy none\n";

Config parsed(const std::string& text) {
  Config config;
  auto error = config.parse(text);
  EXPECT_FALSE(error.has_value()) << error->line << ": " << error->says;
  return config;
}

unsigned lineOfError(const std::string& text) {
  Config config;
  auto error = config.parse(text);
  EXPECT_TRUE(error.has_value()) << text;
  return error ? error->line : 99;
}

TEST(VaultConfig, HasTheDocumentedDefaults) {
  Config c = parsed(LEAST);
  EXPECT_EQ(c.brokerUid, 997u);
  EXPECT_EQ(c.socketPath, "/run/waas/signer.sock");
  EXPECT_FALSE(c.requireSecretMemory);
  EXPECT_EQ(c.workers, 0u);
  EXPECT_EQ(c.argon2Passes, 2u);
  EXPECT_EQ(c.argon2Memory, 67108864u);
  EXPECT_EQ(c.tokenLifeMs, 900'000u);
  EXPECT_EQ(c.sessionLifeMs, 2592000'000u);
}

TEST(VaultConfig, ReadsEveryLine) {
  Config c = parsed(
      "# comment\n\n  broker   uid 5 # here too\nsocket /a/b\npolicy none\nrequire_secret_memory true\nworkers 8\n"
      "argon2 passes 3 memory 134217728\ntoken_lifetime 60\r\nsession_lifetime 3600");
  EXPECT_EQ(c.brokerUid, 5u);
  EXPECT_TRUE(c.requireSecretMemory);
  EXPECT_EQ(c.workers, 8u);
  EXPECT_EQ(c.argon2Passes, 3u);
  EXPECT_EQ(c.argon2Memory, 134217728u);
  EXPECT_EQ(c.tokenLifeMs, 60'000u);
  EXPECT_EQ(c.sessionLifeMs, 3600'000u);
}

TEST(VaultConfig, RolesAreAUnionOverUserAndGroups) {
  Config c = parsed(std::string(LEAST) +
                    "allow uid 10 login\nallow gid 20 operator\nallow gid 30 service first\n"
                    "allow uid 10 service second\n");
  gid_t groups[] = {20, 30};
  Roles roles = c.rolesOf(10, groups);
  EXPECT_TRUE(roles.login);
  EXPECT_TRUE(roles.isOperator);
  ASSERT_NE(roles.service, nullptr);
  EXPECT_EQ(roles.service->name, "first") << "the first line that matches";
  EXPECT_FALSE(c.rolesOf(11, {}).any());
  // A group's number is no user's number.
  EXPECT_FALSE(c.rolesOf(20, {}).any());
  gid_t ten[] = {10};
  EXPECT_FALSE(c.rolesOf(11, ten).any());
}

TEST(VaultConfig, V37CustodiansAreNamedHere) {
  const std::string key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
  Config c = parsed(std::string(LEAST) + "custodian " + key + "\ncustodian " + key +
                    " # twice is for the splitting to refuse\n");
  PublicKey ones;
  ones.fill(1);
  EXPECT_EQ(c.custodians, (std::vector<PublicKey>{ones, ones}));
  for (const std::string& bad : {std::string(), key.substr(1), key + "=", "!" + key.substr(1), key + " more"}) {
    EXPECT_NE(lineOfError(std::string(LEAST) + "custodian " + bad + "\n"), 99u) << bad;
  }
}

TEST(VaultConfig, AServicesOwnerFollowsFromItsName) {
  Config c = parsed(std::string(LEAST) + "allow uid 0 service payouts\n");
  Hash hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>("waas service payouts"), 20);
  const LocalService* service = c.rolesOf(0, {}).service;
  ASSERT_NE(service, nullptr);
  EXPECT_EQ(service->owner.kind, OwnerId::Kind::SERVICE);
  EXPECT_TRUE(std::equal(service->owner.id.begin(), service->owner.id.end(), hash.begin()));
}

TEST(VaultConfig, RefusesWhatItDoesntKnowWithItsLine) {
  for (const char* line : {"frobnicate",
                           "brokers uid 1",
                           "allow",
                           "allow uid",
                           "allow uid x login",
                           "allow uid -1 login",
                           "allow uid 1",
                           "allow uid 1 king",
                           "allow gid 1 service",
                           "allow gid 1 service A",
                           "allow gid 1 service a b",
                           "allow gid 1 service a service b",
                           "allow uid 4294967295 login",
                           "allow uid 1 service aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                           "workers 0",
                           "workers 9",
                           "workers two",
                           "require_secret_memory yes",
                           "argon2 passes 1 memory 67108864",
                           "argon2 passes 2 memory 1000",
                           "argon2 memory 67108864 passes 2",
                           "token_lifetime 901",
                           "token_lifetime 0",
                           "session_lifetime 0",
                           "socket relative/path",
                           "socket",
                           "broker gid 4",
                           "workers 2 3",
                           "broker uid 1 2",
                           "policy",
                           "policy some",
                           "policy none",
                           "policy_key",
                           "policy_key 00",
                           "policy_floor",
                           "policy_floor -1",
                           "policy_floor 4294967296",
                           "workers 99999999999999999999"}) {
    EXPECT_EQ(lineOfError(std::string(LEAST) + line + "\n"), 4u) << line;
  }
}

TEST(VaultConfig, MissingLinesAreErrors) {
  EXPECT_EQ(lineOfError(""), 0u);
  EXPECT_EQ(lineOfError("broker uid 1\n"), 0u);
  EXPECT_EQ(lineOfError("socket /a/b\n"), 0u);
  EXPECT_EQ(lineOfError("broker uid 1\nsocket /a/b\n"), 0u) << "that no policy decides has to be said";
}

TEST(VaultConfig, APolicyKeyIsReadAndTheHigherFloorCounts) {
  std::string key = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
  Config c = parsed("broker uid 1\nsocket /a/b\npolicy_floor 7\npolicy_key " + key + "\n");
  ASSERT_TRUE(c.policyKey.has_value());
  EXPECT_EQ((*c.policyKey)[0], 1u);
  EXPECT_EQ((*c.policyKey)[31], 0x20u);
  EXPECT_EQ(c.policyFloor, 7u);
  EXPECT_TRUE(c.raisePolicyFloor("5\n"));
  EXPECT_EQ(c.policyFloor, 7u);
  EXPECT_TRUE(c.raisePolicyFloor("9"));
  EXPECT_EQ(c.policyFloor, 9u);
  for (const char* text : {"", "\n", "x", "9 ", " 9", "9\n\n", "-1", "4294967296"})
    EXPECT_FALSE(c.raisePolicyFloor(text));
  EXPECT_FALSE(parsed(LEAST).policyKey.has_value());
}

TEST(VaultConfig, AnyBytesAreParsedOrRefused) {
  for (int seed = 0; seed < 2000; seed++) {
    std::string text = std::string(LEAST) + "allow uid 1 login\n";
    srand(static_cast<unsigned>(seed));
    for (int i = 0; i < 8; i++) text[static_cast<size_t>(rand()) % text.size()] = static_cast<char>(rand());
    Config config;
    (void)config.parse(text);
  }
}

}  // namespace
}  // namespace waas::vault
