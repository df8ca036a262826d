#include "client/lib/audit-heads.h"

#include <gtest/gtest.h>
#include <kj/debug.h>

#include "client/lib/error.h"
#include "fake-vault.h"

namespace waas::client {
namespace {

struct Heads : testing::Test {
  ~Heads() noexcept override = default;

  test::FakeVault vault;
  AuditHeads heads{vault.publicKeys().audit};
  Id instance{1}, other{2};

  AuditHead head(const Id& of, uint64_t sequence, uint8_t hash) {
    return {of, sequence, Hash{hash}, vault.signHead(of, sequence, Hash{hash})};
  }
};

TEST_F(Heads, L4_TheNewestOfEachInstanceIsKept) {
  heads.note(head(instance, 5, 1));
  heads.note(head(other, 1, 2));
  heads.note(head(instance, 9, 3));
  heads.note(head(instance, 7, 4));
  EXPECT_EQ(heads.all().size(), 2u);
  EXPECT_EQ(KJ_ASSERT_NONNULL(heads.of(instance)).sequence, 9u);
  EXPECT_EQ(KJ_ASSERT_NONNULL(heads.of(other)).sequence, 1u);
  EXPECT_TRUE(heads.of(Id{3}) == nullptr);
}

TEST_F(Heads, L4_AHeadThatTheVaultDidNotSignIsRefused) {
  auto forged = head(instance, 5, 1);
  forged.sequence++;
  EXPECT_THROW(heads.note(forged), kj::Exception);
  test::FakeVault otherVault;
  EXPECT_THROW(heads.note({instance, 5, Hash{1}, otherVault.signHead(instance, 5, Hash{1})}), kj::Exception);
  EXPECT_EQ(heads.all().size(), 0u);
}

TEST_F(Heads, L4_TwoHeadsOfOneSequenceMustAgree) {
  heads.note(head(instance, 5, 1));
  heads.note(head(instance, 5, 1));
  try {
    heads.note(head(instance, 5, 2));
    FAIL() << "a fork of the log went by";
  } catch (const kj::Exception& e) {
    EXPECT_EQ(failureOf(e).code, ErrorCode::RECORD_REFUSED);
  }
}

}  // namespace
}  // namespace waas::client
