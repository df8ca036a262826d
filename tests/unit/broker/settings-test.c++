#include <daemon/broker/redis/redis-url.h>
#include <daemon/broker/settings.h>

#include <gtest/gtest.h>
#include <kj/debug.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace waas::broker {
namespace {

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    char name[] = "/tmp/waas-settings-XXXXXX";
    folder = mkdtemp(name);
    for (auto variable : {"DATABASE_URL", "REDIS_URL_1", "REDIS_URL_2"}) unsetenv(variable);
  }
  ~SettingsTest() override {
    for (auto variable : {"DATABASE_URL", "REDIS_URL_1", "REDIS_URL_2"}) unsetenv(variable);
    std::filesystem::remove_all(folder);
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder + "/" + name) << text; }
  Settings read(const std::string& toml) {
    write("signerd.toml", toml);
    auto file = folder + "/signerd.toml";
    return readSettings(kj::StringPtr(file.c_str()), kj::StringPtr(folder.c_str()));
  }
  std::string complaint(const std::string& toml) {
    try {
      read(toml);
    } catch (const SettingsError& error) {
      std::string text = error.message.cStr();
      return text.rfind(folder, 0) == 0 ? text.substr(folder.size() + 1) : text;
    }
    return "";
  }

  static constexpr const char* STORES =
      "[postgres]\nurl = \"postgresql:///waas\"\n[redis_1]\nurl = \"unix:///r1\"\n[redis_2]\nurl = \"unix:///r2\"\n";
  std::string folder;
};

TEST_F(SettingsTest, TheEnvironmentWinsOverTheFile) {
  setenv("DATABASE_URL", "postgresql:///other", 1);
  setenv("REDIS_URL_2", "rediss://elsewhere", 1);
  auto settings = read(STORES);
  EXPECT_STREQ(settings.postgres.url.cStr(), "postgresql:///other");
  EXPECT_STREQ(settings.redis1.url.cStr(), "unix:///r1");
  EXPECT_STREQ(settings.redis2.url.cStr(), "rediss://elsewhere");
}

TEST_F(SettingsTest, TheEnvironmentAloneIsEnough) {
  setenv("DATABASE_URL", "a", 1);
  setenv("REDIS_URL_1", "b", 1);
  setenv("REDIS_URL_2", "c", 1);
  EXPECT_EQ(readSettings(nullptr, nullptr).connections, limits::CONNECTIONS);
}

TEST_F(SettingsTest, AMissingAddressIsNamed) {
  EXPECT_EQ(complaint("[postgres]\nurl = \"a\"\n"), "no address: set url in [redis_1] or REDIS_URL_1");
}

TEST_F(SettingsTest, UnknownSettingsAreErrorsWithTheirLine) {
  EXPECT_EQ(complaint(std::string(STORES) + "[limits]\nconections = 5\n"),
            "signerd.toml:8: unknown setting conections");
  EXPECT_EQ(complaint("[sign]\n"), "signerd.toml:1: unknown setting sign");
  EXPECT_EQ(complaint("\nconnections = 5\n"), "signerd.toml:2: unknown setting connections");
}

TEST_F(SettingsTest, WrongTypesAndRangesAreErrorsWithTheirLine) {
  EXPECT_EQ(complaint("[limits]\ncalls = \"5\"\n"), "signerd.toml:2: calls must be a number from 1 to 1000000");
  EXPECT_EQ(complaint("[limits]\ncalls = 0\n"), "signerd.toml:2: calls must be a number from 1 to 1000000");
  EXPECT_EQ(complaint("[limits]\ncalls = 5.0\n"), "signerd.toml:2: calls must be a number from 1 to 1000000");
  EXPECT_EQ(complaint("[signerd]\nverbose = 1\n"), "signerd.toml:2: verbose must be true or false");
  EXPECT_EQ(complaint("[signerd]\nsocket = \"\"\n"), "signerd.toml:2: socket must be a text that is not empty");
  EXPECT_EQ(complaint("signerd = 3\n"), "signerd.toml:1: signerd must be a table: [signerd]");
}

TEST_F(SettingsTest, BadSyntaxIsAnErrorWithItsLine) {
  EXPECT_EQ(complaint("[limits]\n\n= 3\n").rfind("signerd.toml:3: ", 0), 0u);
}

TEST_F(SettingsTest, AMissingFileIsAnError) {
  EXPECT_THROW(readSettings("/nonexistent/signerd.toml"_kj, nullptr), SettingsError);
}

TEST_F(SettingsTest, PasswordsInTheFileAreRefusedAndNotRepeated) {
  for (auto url : {"redis://u:hunter2@host", "unix://:hunter2@/r", "host=x password=hunter2"}) {
    auto said = complaint(std::string("[redis_1]\nurl = \"") + url + "\"\n");
    EXPECT_EQ(said, "signerd.toml:2: url holds a password; give it as a credential") << url;
  }
}

TEST_F(SettingsTest, PasswordsComeFromCredentials) {
  write("postgres_password", "one\n");
  write("redis_2_password", "two");
  auto settings = read(STORES);
  EXPECT_STREQ(KJ_ASSERT_NONNULL(settings.postgres.password).cStr(), "one");
  EXPECT_EQ(settings.redis1.password, nullptr);
  EXPECT_STREQ(KJ_ASSERT_NONNULL(settings.redis2.password).cStr(), "two");
}

std::vector<uint16_t> portsOfUrl(const char* url) {
  auto ports = portsOf(parseRedisUrl(url));
  return {ports.begin(), ports.end()};
}

TEST_F(SettingsTest, PortsForTheSandboxComeFromTheUrls) {
  EXPECT_EQ(portsOfUrl("redis://u@host:6390/1"), (std::vector<uint16_t>{6390}));
  EXPECT_EQ(portsOfUrl("rediss://host"), (std::vector<uint16_t>{6379}));
  EXPECT_EQ(portsOfUrl("unix://u@/run/redis.sock"), (std::vector<uint16_t>{}));
  EXPECT_EQ(portsOfUrl("redis+sentinel://u@a,b:26380/shares/2"), (std::vector<uint16_t>{26379, 26380, 6379}));
  EXPECT_EQ(portsOfUrl("rediss+sentinel://a/s?ports=6400,6401&sentinel_user=x"),
            (std::vector<uint16_t>{26379, 6400, 6401}));
}

TEST_F(SettingsTest, SentinelUrlsAreReadWholeOrNotAtAll) {
  auto url = parseRedisUrl("redis+sentinel://me:p%40ss@a,[::1]:7/my%20shares/3?sentinel_password=word");
  EXPECT_STREQ(url.user.cStr(), "me");
  EXPECT_STREQ(KJ_ASSERT_NONNULL(url.password).cStr(), "p@ss");
  EXPECT_STREQ(url.service.cStr(), "my shares");
  EXPECT_EQ(url.database, 3u);
  ASSERT_EQ(url.sentinels.size(), 2u);
  EXPECT_STREQ(url.sentinels[1].host.cStr(), "::1");
  EXPECT_EQ(url.sentinels[1].port, 7);
  EXPECT_STREQ(KJ_ASSERT_NONNULL(url.sentinelPassword).cStr(), "word");
  for (auto text : {"redis+sentinel://a", "redis+sentinel://a/", "redis+sentinel:///s", "redis+sentinel://a,/s",
                    "redis+sentinel://a/s/x", "redis+sentinel://a/s/1/2", "redis+sentinel://a/s?port=1",
                    "redis+sentinel://a/s?ports=99999", "redis+sentinel://a:99999/s"}) {
    EXPECT_THROW(parseRedisUrl(text), kj::Exception) << text;
  }
}

}  // namespace
}  // namespace waas::broker
