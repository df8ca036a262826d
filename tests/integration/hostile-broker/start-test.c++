// How the vault starts, and how it refuses to.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "person.h"

namespace waas::hostile {
namespace {

std::string fieldOf(const std::filesystem::path& status, const std::string& name) {
  std::ifstream in(status);
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(name + ":", 0) == 0) return line.substr(line.find_last_of(" \t") + 1);
  }
  return "";
}

TEST(Start, EveryThreadHasTheFilterAndNoPowers) {
  Scene scene;
  std::filesystem::path proc = "/proc/" + std::to_string(scene.pid);
  size_t threads = 0;
  for (const auto& task : std::filesystem::directory_iterator(proc / "task")) {
    threads++;
    EXPECT_EQ(fieldOf(task.path() / "status", "Seccomp"), "2");
    EXPECT_EQ(fieldOf(task.path() / "status", "NoNewPrivs"), "1");
  }
  EXPECT_EQ(threads, 3u);
  EXPECT_NE(fieldOf(proc / "status", "TracerPid"), "0");
}

TEST(Start, OnlyTheNamedDescriptorsAreOpen) {
  Scene scene;
  serviceWallet(*scene.link, scene.peer, "w");
  std::set<std::string> open;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/" + std::to_string(scene.pid) + "/fd")) {
    open.insert(fd.path().filename());
  }
  EXPECT_EQ(open, (std::set<std::string>{"0", "1", "2", "3", "4"}));
}

TEST(Start, HealthSaysWhatTheProcessIs) {
  Scene scene;
  auto reply = scene.link->ask([](auto request) { request.setHealth(); });
  auto health = reply.answer().getHealth();
  EXPECT_TRUE(health.getGuarded());
  EXPECT_EQ(health.getWorkers(), 2);
  EXPECT_EQ(health.getPeers(), 1u);
  EXPECT_EQ(health.getRingSize(), 4096u);
  EXPECT_EQ(health.getKeys().size(), 10u);
  EXPECT_LE(nowMs() - health.getStartedAt(), 60'000u);
}

TEST(Start, SigtermEndsItCleanly) {
  for (bool guarded : {true, false}) {
    VaultOptions options;
    options.guarded = guarded;
    VaultProcess vault(options);
    BrokerLink link(vault);
    EXPECT_EQ(vault.terminate(), 0);
  }
}

TEST(Start, ABadConfigurationIsRefusedWithItsLine) {
  VaultProcess vault;
  auto startWith = [&](const std::string& text) {
    std::ofstream(vault.inFolder("bad.conf")) << text;
    return runVault({"--config", vault.inFolder("bad.conf"), "--credentials", vault.inFolder("credentials"), "--listen",
                     vault.inFolder("bad.sock")});
  };
  RunResult unknown = startWith("broker uid 0\nsocket /x\nfrobnicate 7\n");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.output.find("line 3"), std::string::npos) << unknown.output;
  EXPECT_EQ(startWith("socket /x\n").code, 1);
  EXPECT_EQ(startWith("broker uid 0\nsocket /x\nargon2 passes 1 memory 67108864\n").code, 1);
  EXPECT_EQ(runVault({"--config", "/nonexistent"}).code, 1);
  EXPECT_EQ(runVault({"--frobnicate"}).code, 2);
}

TEST(Start, WrongCredentialsAreRefused) {
  VaultProcess one, two;
  std::filesystem::path mixed = one.inFolder("mixed");
  std::filesystem::create_directory(mixed);
  std::filesystem::copy(one.inFolder("credentials") + "/mpc_encryption_key", mixed / "mpc_encryption_key");
  std::filesystem::copy(two.inFolder("credentials") + "/keyring", mixed / "keyring");
  RunResult result =
      runVault({"--config", one.inFolder("vault.conf"), "--credentials", mixed, "--listen", one.inFolder("x.sock")});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.output.find("waas-vault: "), std::string::npos);
}

TEST(Start, ASocketThatIsInUseIsNotTaken) {
  VaultProcess vault;
  RunResult result = runVault({"--config", vault.inFolder("vault.conf"), "--credentials", vault.inFolder("credentials"),
                               "--listen", vault.vaultSocket()});
  EXPECT_EQ(result.code, 1);
  BrokerLink link(vault);
}

}  // namespace
}  // namespace waas::hostile
