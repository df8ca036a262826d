// The command line without a daemon: usage, exit codes, the form of errors.
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "client/cli/command.h"
#include "temporary-folder.h"

namespace waas::cli {
namespace {

struct CommandLine : testing::Test {
  test::TemporaryFolder folder;
  std::string out, err;

  CommandLine() {
    for (const char* name : {"WAAS_SOCKET", "WAAS_VAULT_PUB", "DATABASE_URL"}) unsetenv(name);
    setenv("XDG_STATE_HOME", folder.path.c_str(), 1);
  }
  ~CommandLine() noexcept override = default;

  int run(std::vector<std::string> words) {
    std::vector<const char*> argv = {"waas"};
    for (auto& word : words) argv.push_back(word.c_str());
    std::ostringstream outStream, errStream;
    int code = runCommandLine(static_cast<int>(argv.size()), argv.data(), outStream, errStream);
    out = outStream.str();
    err = errStream.str();
    return code;
  }
  // With a socket that nobody listens on.
  int runAway(std::vector<std::string> words) {
    words.insert(words.begin(), {"--socket", folder.path + "/nobody.sock"});
    return run(words);
  }
};

TEST_F(CommandLine, C1_WhatIsNotACommandEndsWithTwo) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{},
                                             {"frobnicate"},
                                             {"wallet"},
                                             {"wallet", "burn"},
                                             {"--frobnicate", "health"},
                                             {"health", "surplus"},
                                             {"user", "signin"},
                                             {"sign", "transaction"},
                                             {"shares", "status", "--all", "--user", "x"},
                                             {"audit", "tail", "-n", "0"},
                                             {"audit", "tail", "-n", "many"},
                                             {"audit", "tail", "--after", "5"}}) {
    EXPECT_EQ(run(words), EXIT_USAGE) << (words.empty() ? "nothing" : words.back());
    EXPECT_EQ(out, "");
    EXPECT_NE(err.find("(usage)"), std::string::npos) << err;
  }
}

TEST_F(CommandLine, C1_WithoutADaemonCommandsEndWithThree) {
  std::string transaction = folder.file("tx", "AQAB");
  std::string password = folder.file("password", "correct horse");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"health"},
           {"wallet", "list"},
           {"wallet", "create", "x"},
           {"wallet", "show"},
           {"shares", "status"},
           {"shares", "status", "--all"},
           {"audit", "tail"},
           {"audit", "verify"},
           {"sign", "transaction", transaction},
           {"sign", "message", transaction},
           {"user", "signout"},
           {"user", "signin", "alice@example.com", "--password-file", password},
           {"user", "signup", "--email", "alice@example.com", "--password-file", password}}) {
    EXPECT_EQ(runAway(words), EXIT_UNREACHABLE) << words.front() << " " << words.back() << ": " << err;
    EXPECT_EQ(out, "");
    EXPECT_NE(err.find("(signer_unreachable)"), std::string::npos) << err;
  }
}

TEST_F(CommandLine, C4_ErrorsAreOneJsonObjectOnStderr) {
  EXPECT_EQ(runAway({"--json", "health"}), EXIT_UNREACHABLE);
  auto error = Json::parse(err);
  EXPECT_EQ(error["code"], "signer_unreachable");
  EXPECT_EQ(error["retryable"], true);
  EXPECT_GT(error["message"].get<std::string>().size(), 20u);

  EXPECT_EQ(run({"wallet", "burn", "--json"}), EXIT_USAGE);
  EXPECT_EQ(Json::parse(err)["code"], "usage");
  EXPECT_EQ(run({"--json", "db", "status"}), EXIT_USAGE);
  EXPECT_EQ(Json::parse(err)["code"], "usage");
}

TEST_F(CommandLine, C1_AMissingFileIsAFailureOfItsOwn) {
  EXPECT_EQ(runAway({"--json", "sign", "transaction", folder.path + "/none"}), EXIT_FAILED);
  EXPECT_EQ(Json::parse(err)["code"], "file_unreadable");
}

TEST_F(CommandLine, AnAddressThatIsNoneIsUsage) {
  EXPECT_EQ(runAway({"user", "signin", "alice"}), EXIT_USAGE);
  EXPECT_EQ(runAway({"audit", "tail", "--instance", "xyz"}), EXIT_USAGE);
}

TEST_F(CommandLine, HelpAndVersionGoToStdoutAndEndWithZero) {
  EXPECT_EQ(run({"--help"}), EXIT_DONE);
  for (const char* group : {"health", "user", "wallet", "sign", "shares", "audit", "db", "version"}) {
    EXPECT_NE(out.find(std::string("\n  ") + group + " "), std::string::npos) << group;
  }
  EXPECT_EQ(err, "");
  EXPECT_EQ(run({"sign", "transaction", "--help"}), EXIT_DONE);
  EXPECT_NE(out.find("--wallet"), std::string::npos);
  EXPECT_EQ(run({"--version"}), EXIT_DONE);
  EXPECT_EQ(out.substr(0, 5), "waas ");
  EXPECT_EQ(run({"version", "--json"}), EXIT_DONE);
  EXPECT_TRUE(Json::parse(out).contains("version"));
}

TEST_F(CommandLine, TheSocketMayComeFromTheEnvironment) {
  setenv("WAAS_SOCKET", (folder.path + "/nobody.sock").c_str(), 1);
  EXPECT_EQ(run({"health"}), EXIT_UNREACHABLE);
  unsetenv("WAAS_SOCKET");
}

}  // namespace
}  // namespace waas::cli
