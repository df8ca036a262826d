// waas policy, as far as it needs no daemon: files, keys, bundles, explanations.
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/cli/command.h"
#include "client/cli/text-forms.h"
#include "protocol/policy-bundle.h"
#include "solana/instruction/system.h"
#include "temporary-folder.h"

namespace waas::cli {
namespace {

const std::string EXAMPLES = std::string(WAAS_SOURCE_FOLDER) + "/policy/examples/";

struct PolicyCommand : testing::Test {
  test::TemporaryFolder folder;
  std::string out, err;

  PolicyCommand() {
    if (sodium_init() < 0) abort();
    setenv("XDG_STATE_HOME", folder.path.c_str(), 1);
  }
  ~PolicyCommand() noexcept override = default;

  int run(std::vector<std::string> words) {
    std::vector<const char*> argv = {"waas", "policy"};
    for (auto& word : words) argv.push_back(word.c_str());
    std::ostringstream outStream, errStream;
    int code = runCommandLine(static_cast<int>(argv.size()), argv.data(), outStream, errStream);
    out = outStream.str();
    err = errStream.str();
    return code;
  }
  nlohmann::json json() const { return nlohmann::json::parse(out); }

  std::string bundle(const std::string& example, const std::string& number) {
    std::string key = folder.path + "/key-" + number, made = folder.path + "/bundle-" + number;
    EXPECT_EQ(run({"key", key}), EXIT_DONE) << err;
    EXPECT_EQ(run({"sign", EXAMPLES + example, "--key", key, "--number", number, "-o", made}), EXIT_DONE) << err;
    return made;
  }

  // A transfer of lamports from 7…7 to 8…8, in base64.
  std::string transfer() const {
    auto message = solana::compileMessage({.version = solana::Version::V0,
                                           .feePayer = wallet(7),
                                           .lifetime = wallet(9),
                                           .calls = {solana::system::transfer(wallet(7), wallet(8), 1'000)},
                                           .tables = {},
                                           .config = {}});
    std::vector<uint8_t> bytes(65 + message->size());
    bytes[0] = 1;
    std::copy(message->begin(), message->end(), bytes.begin() + 65);
    return folder.file("tx", base64(bytes));
  }
  static solana::Address wallet(uint8_t number) {
    solana::Address address;
    address.bytes.fill(number);
    return address;
  }
  static std::string name(uint8_t number) { return base58(wallet(number).bytes); }
};

TEST_F(PolicyCommand, CheckSaysWhatIsWrongWithItsLine) {
  EXPECT_EQ(run({"check", EXAMPLES + "treasury.toml"}), EXIT_DONE) << out;
  EXPECT_NE(out.find("4 rules, 0 errors, 0 warnings"), std::string::npos) << out;
  std::string bad = folder.file("bad.toml", "format = 1\n\n[[allow]]\nname = \"x\"\nmax_fee = \"1 SOL\"\n");
  EXPECT_EQ(run({"check", bad}), EXIT_FAILED);
  EXPECT_NE(out.find(bad + ":5: error: rule \"x\": unknown key max_fee."), std::string::npos) << out;
  EXPECT_EQ(run({"check", "--json", bad}), EXIT_FAILED);
  EXPECT_FALSE(json()["good"]);
  EXPECT_EQ(json()["errors"][0]["line"], 3);
  EXPECT_EQ(run({"check", EXAMPLES + "development.toml"}), EXIT_DONE);
  EXPECT_EQ(run({"check", "--strict", EXAMPLES + "development.toml"}), EXIT_FAILED);
  EXPECT_EQ(run({"check", folder.path + "/nobody"}), EXIT_FAILED);
  EXPECT_EQ(run({"check"}), EXIT_USAGE);
}

TEST_F(PolicyCommand, AKeyIsMadeOnceAndForItsOwnerOnly) {
  std::string key = folder.path + "/key";
  ASSERT_EQ(run({"key", key}), EXIT_DONE) << err;
  std::string verifying = out.substr(0, 64);
  EXPECT_EQ(test::modeOf(key), 0400u);
  EXPECT_EQ(test::contentOf(key).find(verifying), std::string("waas-policy-key 1\npublic ").size());
  EXPECT_EQ(run({"key", key}), EXIT_FAILED);
  EXPECT_EQ(test::contentOf(key).find(verifying), std::string("waas-policy-key 1\npublic ").size());

  std::string made = folder.path + "/bundle", policy = EXAMPLES + "treasury.toml";
  EXPECT_EQ(run({"sign", policy, "--key", key, "--number", "3", "-o", made}), EXIT_DONE) << err;
  chmod(key.c_str(), 0440);
  EXPECT_EQ(run({"sign", policy, "--key", key, "--number", "3", "-o", made}), EXIT_FAILED);
  std::string damaged = test::contentOf(key);
  damaged[damaged.size() - 3] = damaged[damaged.size() - 3] == '0' ? '1' : '0';
  EXPECT_EQ(run({"sign", policy, "--key", folder.file("other", damaged), "--number", "3", "-o", made}), EXIT_FAILED);
  EXPECT_NE(err.find("halves"), std::string::npos) << err;
}

TEST_F(PolicyCommand, ABundleIsWhatTheVaultTakes) {
  std::string key = folder.path + "/key", made = folder.path + "/bundle";
  ASSERT_EQ(run({"key", key, "--json"}), EXIT_DONE) << err;
  std::string verifying = json()["publicKey"];
  ASSERT_EQ(run({"sign", EXAMPLES + "hot-wallet.toml", "--key", key, "--number", "9", "--not-after", "2100-01-31", "-o",
                 made, "--json"}),
            EXIT_DONE)
      << err;
  EXPECT_EQ(json()["number"], 9);
  EXPECT_EQ(json()["notAfter"], 4105036800000);
  std::string bytes = test::contentOf(made);
  auto bundle = PolicyBundle::parse(asBytes(bytes.data(), bytes.size()));
  ASSERT_TRUE(bundle);
  PublicKey publicKey;
  ASSERT_EQ(sodium_hex2bin(publicKey.data(), 32, verifying.data(), 64, nullptr, nullptr, nullptr), 0);
  EXPECT_TRUE(bundle->isSignedBy(publicKey));
  for (const char* moment : {"yesterday", "2001-01-01", "2100-13-01", "5 months"}) {
    EXPECT_EQ(
        run({"sign", EXAMPLES + "hot-wallet.toml", "--key", key, "--number", "9", "--not-after", moment, "-o", made}),
        EXIT_USAGE)
        << moment;
  }
  EXPECT_EQ(run({"sign", EXAMPLES + "hot-wallet.toml", "--key", key, "--number", "0", "-o", made}), EXIT_USAGE);
  std::string bad = folder.file("bad.toml", "format = 1\nx = 1\n");
  EXPECT_EQ(run({"sign", bad, "--key", key, "--number", "9", "-o", made}), EXIT_FAILED);
  EXPECT_NE(err.find(":2: error: unknown key x."), std::string::npos) << err;
}

TEST_F(PolicyCommand, ShowSaysTheRulesOfABundleAndOfAFile) {
  std::string made = bundle("treasury.toml", "12");
  ASSERT_EQ(run({"show", made}), EXIT_DONE) << err;
  EXPECT_NE(out.find("policy 12 \"treasury\""), std::string::npos) << out;
  EXPECT_NE(out.find("max-amounts: 100 SOL, 25000 USDC"), std::string::npos) << out;
  ASSERT_EQ(run({"show", "--json", EXAMPLES + "treasury.toml"}), EXIT_DONE) << err;
  EXPECT_EQ(json()["rules"].size(), 4u);
  EXPECT_EQ(json()["rules"][0]["says"]["callers"], "service treasury");
  EXPECT_EQ(run({"show", folder.file("junk", "waas policy 1")}), EXIT_FAILED);
}

TEST_F(PolicyCommand, ExplainShowsFactsAndEachRulesWord) {
  std::string tx = transfer();
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", EXAMPLES + "hot-wallet.toml", "--caller",
                 "service payouts", tx}),
            EXIT_DONE)
      << out << err;
  EXPECT_NE(out.find("0.000001 SOL"), std::string::npos) << out;
  EXPECT_NE(out.find("approved by rule payout"), std::string::npos) << out;
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", EXAMPLES + "hot-wallet.toml", "--json", "--caller",
                 "service payouts", tx}),
            EXIT_DONE);
  EXPECT_EQ(json()["charges"].size(), 2u);
  EXPECT_EQ(json()["facts"]["effects"][0]["operation"], "transfer");

  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", bundle("swaps-only.toml", "2"), tx}), EXIT_NOT_ALLOWED);
  EXPECT_NE(out.find("denied by rule swap: instruction 1: The rule does not name this destination."), std::string::npos)
      << out;
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", EXAMPLES + "hot-wallet.toml", tx}), EXIT_NOT_ALLOWED);
  EXPECT_NE(out.find("payout: is about other callers"), std::string::npos) << out;
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", EXAMPLES + "treasury.toml", "--action", "export"}),
            EXIT_NOT_ALLOWED);
  EXPECT_NE(out.find("denied by rule keys stay here"), std::string::npos) << out;
}

TEST_F(PolicyCommand, ExplainRefusesWhatItCannotExplain) {
  std::string tx = transfer(), policy = EXAMPLES + "development.toml";
  EXPECT_EQ(run({"explain", "--wallet", name(5), "--policy", policy, tx}), EXIT_FAILED);
  EXPECT_NE(err.find("(not_a_signer)"), std::string::npos) << err;
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", policy, folder.file("junk", "AAAA")}), EXIT_FAILED);
  EXPECT_NE(err.find("(transaction_malformed)"), std::string::npos) << err;
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", policy}), EXIT_USAGE);
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", policy, "--caller", "me", tx}), EXIT_USAGE);
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", policy, "--action", "sing", tx}), EXIT_USAGE);
  EXPECT_EQ(run({"explain", "--wallet", name(7), "--policy", policy, "--table", "x=y", tx}), EXIT_USAGE);
}

}  // namespace
}  // namespace waas::cli
