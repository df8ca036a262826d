#include "daemon/vault/account-record.h"

#include <gtest/gtest.h>

#include "service-for-tests.h"

namespace waas::vault {
namespace {

Id id(uint8_t n) {
  Id out{};
  out[0] = n;
  return out;
}

TEST(AccountRecord, SurvivesItsEnvelope) {
  KernelRandom random;
  AccountRecord record, back;
  record.verifierKey = 1;
  record.generation = 77;
  record.createdAt = 123456;
  record.revoke(id(3), 5000, 100);
  record.verifier.fill(SecretAccess::here())[4] = 9;
  std::array<uint8_t, ACCOUNT_RECORD_BYTES> sealed;
  ASSERT_TRUE(sealAccount(keyringForTests(), {id(1), 4, "a@b"}, record, random, sealed));
  EXPECT_FALSE(openAccount(keyringForTests(), {id(1), "a@b", 4, sealed}, back).has_value());
  EXPECT_EQ(back.generation, 77u);
  EXPECT_EQ(back.createdAt, 123456u);
  EXPECT_TRUE(back.isRevoked(id(3)));
  EXPECT_TRUE(back.verifier.matches(record.verifier));
}

TEST(AccountRecord, V2IsBoundToUserAddressAndVersion) {
  KernelRandom random;
  AccountRecord record, back;
  std::array<uint8_t, ACCOUNT_RECORD_BYTES> sealed;
  ASSERT_TRUE(sealAccount(keyringForTests(), {id(1), 4, "a@b"}, record, random, sealed));
  auto codeOf = [&](const AccountRow& row) { return openAccount(keyringForTests(), row, back).value().code; };
  EXPECT_EQ(codeOf({id(2), "a@b", 4, sealed}), ErrorCode::RECORD_REFUSED);
  EXPECT_EQ(codeOf({id(1), "a@c", 4, sealed}), ErrorCode::RECORD_REFUSED);
  EXPECT_EQ(codeOf({id(1), "a@b", 3, sealed}), ErrorCode::RECORD_REFUSED);
  EXPECT_EQ(codeOf({id(1), "a@b", 4, Bytes(sealed).first(sealed.size() - 1)}), ErrorCode::RECORD_REFUSED);
  EXPECT_EQ(codeOf({id(1), "a@b", 4, {}}), ErrorCode::RECORD_REFUSED);
  sealed[2] = 200;
  EXPECT_EQ(codeOf({id(1), "a@b", 4, sealed}), ErrorCode::KEY_VERSION_UNKNOWN);
}

TEST(AccountRecord, V5RevokedSessionsAreBoundedByEndingAll) {
  AccountRecord record;
  for (uint8_t i = 0; i < 16; i++) record.revoke(id(i), 1000, 0);
  EXPECT_EQ(record.generation, 0u);
  record.revoke(id(3), 1000, 0);  // again
  EXPECT_EQ(record.generation, 0u);
  for (uint8_t i = 0; i < 16; i++) EXPECT_TRUE(record.isRevoked(id(i)));
  record.revoke(id(16), 1000, 0);
  EXPECT_EQ(record.generation, 1u) << "no place: all sessions end";
  EXPECT_EQ(record.revokedCount, 0u);
}

TEST(AccountRecord, SessionsThatAreOverMakeRoom) {
  AccountRecord record;
  for (uint8_t i = 0; i < 16; i++) record.revoke(id(i), i < 8 ? 1000 : 3000, 0);
  record.revoke(id(16), 3000, 2000);
  EXPECT_EQ(record.generation, 0u);
  EXPECT_EQ(record.revokedCount, 9u);
  EXPECT_FALSE(record.isRevoked(id(0)));
  EXPECT_TRUE(record.isRevoked(id(15)));
  EXPECT_TRUE(record.isRevoked(id(16)));
}

TEST(AccountRecord, V1TheVerifierIsKeyedAndBoundToTheUser) {
  std::array<uint8_t, 32> password{1}, other{2};
  Secret<32> a, b;
  ASSERT_TRUE(makeVerifier(keyringForTests(), 1, id(1), password, a));
  ASSERT_TRUE(makeVerifier(keyringForTests(), 1, id(1), password, b));
  EXPECT_TRUE(a.matches(b));
  ASSERT_TRUE(makeVerifier(keyringForTests(), 1, id(2), password, b));
  EXPECT_FALSE(a.matches(b));
  ASSERT_TRUE(makeVerifier(keyringForTests(), 1, id(1), other, b));
  EXPECT_FALSE(a.matches(b));
  EXPECT_FALSE(makeVerifier(keyringForTests(), 99, id(1), password, b));
}

}  // namespace
}  // namespace waas::vault
