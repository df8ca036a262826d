// What is allowed in a policy file, and hardly meant.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "policy/file/policy-file.h"

namespace waas::policy::file {
namespace {

const std::string RULE = "actions = [\"sign-transaction\"]\ncallers = [\"person\"]\nmax-fee = \"0.01 SOL\"\n";

std::string rule(const std::string& name, const std::string& more, const std::string& base = RULE) {
  return "[[allow]]\nname = \"" + name + "\"\n" + base + more + "\n";
}

/// Whether there is a warning with this text about a file.
bool warns(const std::string& text, const std::string& says) {
  FileRead read = readPolicyFile("format = 1\n" + text);
  for (auto& remark : read.remarks) ADD_FAILURE() << remark.line << ": " << remark.text;
  for (auto& remark : lint(read.file)) {
    if (remark.text.find(says) != std::string::npos) return true;
  }
  return false;
}

const std::string PAY = "operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"any\"]\n";

TEST(Lint, NamesWhatIsNotUsed) {
  EXPECT_TRUE(warns("[lists]\na = [\"11111111111111111111111111111111\"]\n", "list a is not used"));
  EXPECT_TRUE(warns("[labels]\na = [\"name x\"]\n", "label a is not used"));
  EXPECT_TRUE(warns("[limits.a]\nuses = 1\nper = \"1 day\"\n", "limit a is not used"));
  EXPECT_TRUE(warns("[mints]\nA = { address = \"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v\", decimals = 6 }\n",
                    "mint A is not used"));
  EXPECT_TRUE(warns("", "No rule allows anything"));
}

TEST(Lint, FindsRulesThatNeverMatch) {
  EXPECT_TRUE(warns(rule("r", PAY, "actions = [\"sign-transaction\"]\ncallers = [\"operator\"]\nmax-fee = \"any\"\n"),
                    "can never match for sign-transaction"));
  EXPECT_TRUE(warns(rule("r", PAY + "owners = [\"service x\"]"), "can never match for sign-transaction"));
  EXPECT_TRUE(
      warns("[[allow]]\nname = \"r\"\nactions = [\"export\"]\ncallers = [\"daemon\"]\n", "can never match for export"));
  EXPECT_FALSE(warns("[[allow]]\nname = \"r\"\nactions = [\"rotate\"]\ncallers = [\"daemon\"]\nowners = [\"person\"]\n",
                     "can never match"));
  EXPECT_TRUE(warns("[[deny]]\nname = \"d\"\nactions = [\"sign-transaction\"]\n" + rule("r", PAY),
                    "rule \"d\" denies all of it"));
  EXPECT_FALSE(warns("[[deny]]\nname = \"d\"\nprograms = [\"system\"]\n" + rule("r", PAY), "denies all of it"));
}

TEST(Lint, FindsRulesInTheShadowOfOthers) {
  std::string wide = rule("wide", PAY), narrow = rule("narrow", PAY + "max-amounts = [\"1 SOL\"]");
  EXPECT_TRUE(warns(wide + narrow, "rule \"narrow\": is in the shadow of rule \"wide\""));
  EXPECT_TRUE(warns(narrow + wide, "rule \"narrow\": is in the shadow of rule \"wide\""));
  EXPECT_FALSE(warns(wide + narrow, "rule \"wide\": is in the shadow"));
  EXPECT_TRUE(warns(rule("a", PAY) + rule("b", PAY), "rule \"b\": is in the shadow of rule \"a\""));
  std::string limit = "[limits.l]\nuses = 1\nper = \"1 day\"\n";
  // A rule whose limit may be used up is no shadow.
  EXPECT_FALSE(warns(limit + rule("a", PAY + "limits = [\"l\"]") + rule("b", PAY), "rule \"b\": is in the shadow"));
  EXPECT_FALSE(
      warns(rule("a", "operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"self\"]") + rule("b", PAY),
            "rule \"b\": is in the shadow"));
}

TEST(Lint, FindsBoundsThatCannotBind) {
  std::string mint = "[mints]\nUSDC = { address = \"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v\", decimals = 6 }\n";
  EXPECT_TRUE(warns(mint + rule("r", PAY + "max-amounts = [\"1 USDC\"]"), "bounds USDC, which it lets go nowhere"));
  EXPECT_TRUE(warns(mint + "[limits.l]\namount = \"1 USDC\"\nper = \"1 day\"\n" + rule("r", PAY + "limits = [\"l\"]"),
                    "limit l can't bind"));
  EXPECT_TRUE(warns("[limits.l]\namount = \"1 SOL\"\nper = \"1 day\"\n" +
                        rule("r", PAY + "max-amounts = [\"2 SOL\"]\nlimits = [\"l\"]"),
                    "can't bind: limit l is smaller"));
  EXPECT_TRUE(
      warns("[limits.l]\namount = \"0 SOL\"\nper = \"1 day\"\n" + rule("r", PAY + "limits = [\"l\"]"), "no room"));
  EXPECT_TRUE(warns(rule("r", PAY + "blind = [\"any\"]\nmax-amounts = [\"2 SOL\"]"), "is not counted"));
  EXPECT_TRUE(warns(rule("r", PAY), "bounds no amount"));
}

TEST(Lint, FindsNamesThatSayLittle) {
  EXPECT_TRUE(warns(rule("r", PAY + "wallets = [\"name Treasury\"]"), "each person chooses freely"));
  EXPECT_FALSE(warns(rule("r", PAY + "wallets = [\"name Treasury\"]",
                          "actions = [\"sign-transaction\"]\ncallers = [\"service x\"]\nmax-fee = \"any\"\n"),
                     "each person chooses freely"));
  EXPECT_TRUE(
      warns(rule("r", PAY + "programs = [\"7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2\"]"), "is not understood"));
}

TEST(Lint, ExamplesAreWithoutWarnings) {
  for (auto name : {"swaps-only", "treasury", "hot-wallet", "message-signing-only"}) {
    std::ifstream in(std::string(WAAS_POLICY_EXAMPLES) + "/" + name + ".toml");
    std::stringstream text;
    text << in.rdbuf();
    FileRead read = readPolicyFile(text.str());
    EXPECT_FALSE(read.failed()) << name;
    for (auto& remark : lint(read.file)) ADD_FAILURE() << name << ":" << remark.line << ": " << remark.text;
  }
}

}  // namespace
}  // namespace waas::policy::file
