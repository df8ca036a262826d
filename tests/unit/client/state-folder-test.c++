#include "client/cli/state-folder.h"

#include <gtest/gtest.h>
#include <kj/debug.h>

#include <filesystem>

#include "client/cli/command.h"
#include "fake-vault.h"
#include "temporary-folder.h"

namespace waas::cli {
namespace {

struct State : testing::Test {
  test::TemporaryFolder folder;
  test::FakeVault vault;
  Id user{1, 2}, tokenId{3, 4};

  State() { setenv("XDG_STATE_HOME", folder.path.c_str(), 1); }
  ~State() noexcept override = default;

  StateFolder state(const std::string& sessionFile = "") { return StateFolder(vault.publicKeys(), sessionFile); }
  KeptSession session() {
    Secret<32> key;
    key.fill(SecretAccess::here())[0] = 7;
    auto token = KJ_ASSERT_NONNULL(client::SessionToken::make(test::FakeVault::token(user, tokenId).c_str(), key));
    return {user, "alice@example.com", 1'700'000'000'000, kj::mv(token)};
  }
  void save(const std::string& file = "") {
    auto made = session();
    state(file).saveSession(made, *made.token);
  }
  client::AuditHead head(const Id& instance, uint64_t sequence, uint8_t hash) {
    return {instance, sequence, Hash{hash}, vault.signHead(instance, sequence, Hash{hash})};
  }
};

TEST_F(State, ASessionIsReadBack) {
  EXPECT_TRUE(state().loadSession() == nullptr);
  save();
  auto read = KJ_ASSERT_NONNULL(state().loadSession());
  EXPECT_EQ(read.userId, user);
  EXPECT_EQ(read.email, "alice@example.com");
  EXPECT_EQ(read.expiresAt, 1'700'000'000'000u);
  EXPECT_EQ(read.token->tokenId(), tokenId);
  EXPECT_EQ(read.token->key().reveal(SecretAccess::here())[0], 7);
  state().removeSession();
  EXPECT_TRUE(state().loadSession() == nullptr);
  state().removeSession();
}

TEST_F(State, C2_OnlyItsOwnerCanReadTheSession) {
  mode_t before = umask(0);
  save();
  umask(before);
  EXPECT_EQ(test::modeOf(state().sessionPath()), 0600u);
  EXPECT_EQ(test::modeOf(folder.path + "/waas"), 0700u);
  chmod(state().sessionPath().c_str(), 0640);
  EXPECT_THROW(state().loadSession(), CommandError) << "somebody may have read it";
}

TEST_F(State, C2_ASymbolicLinkIsNeitherReadNorFollowedInWriting) {
  std::string target = folder.file("target", "precious"), link = folder.path + "/link";
  std::filesystem::create_symlink(target, link);
  EXPECT_THROW(state(link).loadSession(), CommandError);
  save(link);
  EXPECT_EQ(test::contentOf(target), "precious");
  EXPECT_FALSE(std::filesystem::is_symlink(link)) << "the link itself was replaced";
}

TEST_F(State, ADamagedSessionIsRefused) {
  save();
  std::string path = state().sessionPath(), good = test::contentOf(path);
  for (size_t size = 0; size < good.size(); size += 5) {
    folder.file("damaged", good.substr(0, size));
    EXPECT_THROW(state(folder.path + "/damaged").loadSession(), CommandError) << size;
  }
  folder.file("damaged", good + "more\n");
  EXPECT_THROW(state(folder.path + "/damaged").loadSession(), CommandError);
  folder.file("damaged", std::string(100'000, 'x'));
  EXPECT_THROW(state(folder.path + "/damaged").loadSession(), CommandError);
}

TEST_F(State, ASessionIsForOneVaultOnly) {
  save();
  test::FakeVault other;
  EXPECT_TRUE(StateFolder(other.publicKeys(), "").loadSession() == nullptr);
}

TEST_F(State, HeadsAreMergedAndNeverGoBack) {
  client::AuditHeads first(vault.publicKeys().audit), second(vault.publicKeys().audit), read(vault.publicKeys().audit);
  first.note(head(Id{1}, 9, 1));
  second.note(head(Id{1}, 5, 2));
  second.note(head(Id{2}, 3, 3));
  state().saveHeads(first);
  state().saveHeads(second);
  state().loadHeads(read);
  EXPECT_EQ(read.all().size(), 2u);
  EXPECT_EQ(KJ_ASSERT_NONNULL(read.of(Id{1})).sequence, 9u);
  EXPECT_EQ(KJ_ASSERT_NONNULL(read.of(Id{2})).sequence, 3u);

  client::AuditHeads forked(vault.publicKeys().audit);
  forked.note(head(Id{1}, 9, 4));
  EXPECT_THROW(state().saveHeads(forked), kj::Exception);
}

TEST_F(State, ADamagedFileOfHeadsIsRefused) {
  client::AuditHeads heads(vault.publicKeys().audit);
  heads.note(head(Id{1}, 9, 1));
  state().saveHeads(heads);
  auto place = std::filesystem::path(state().sessionPath()).parent_path() / "audit-heads";
  EXPECT_EQ(test::modeOf(place.string()), 0600u);
  std::string good = test::contentOf(place);
  for (const std::string& bad : {good.substr(0, 40), "x" + good.substr(1), std::string("what\n")}) {
    std::ofstream(place) << bad;
    EXPECT_THROW(state().loadHeads(heads), CommandError) << bad;
  }
  std::string forged = good;
  forged[forged.size() - 3] = forged[forged.size() - 3] == 'a' ? 'b' : 'a';
  std::ofstream(place) << forged;
  client::AuditHeads fresh(vault.publicKeys().audit);
  EXPECT_THROW(state().loadHeads(fresh), kj::Exception) << "heads are verified also when they come from the disk";
}

}  // namespace
}  // namespace waas::cli
