// P9: what a policy file says is understood, or an error with its line.
#include "policy/file/policy-file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "policy/file/describe.h"
#include "transactions.h"

namespace waas::policy::file {
namespace {

const std::string GOOD_RULE =
    "[[allow]]\nname = \"r\"\nactions = [\"sign-transaction\"]\ncallers = [\"person\"]\noperations = "
    "[\"memo\"]\nmax-fee = "
    "\"1 SOL\"\n";

struct Wrong {
  std::string text;
  unsigned line;
  std::string says;  // part of the remark
};

TEST(P9PolicyFile, SaysWhatIsWrongAndWhere) {
  const Wrong CASES[] = {
      {"format = 1\nrules = 3\n", 2, "unknown key rules"},
      {"name = \"x\"\n", 1, "format is missing"},
      {"format = 2\n", 1, "format must be"},
      {"format = 1\n[[allow]\n", 2, ""},
      {"format = 1\nformat = 1\n", 2, ""},
      {"format = 1\n" + GOOD_RULE + "max_fee = \"1 SOL\"\n", 8, "unknown key max_fee"},
      {"format = 1\n" + GOOD_RULE + "[[deny]]\nname = \"r\"\n", 8, "has the same name"},
      {"format = 1\n" + GOOD_RULE + "destinations = [\"bank\"]\n", 8, "no address"},
      {"format = 1\n" + GOOD_RULE + "destinations = [\"list nobody\"]\n", 8, "there is no list nobody"},
      {"format = 1\n" + GOOD_RULE + "destinations = []\n", 8, "not empty"},
      {"format = 1\n" + GOOD_RULE + "destinations = [1]\n", 8, "texts only"},
      {"format = 1\n" + GOOD_RULE + "max-amounts = [\"1.5 USDC\"]\n", 8, "there is no mint USDC"},
      {"format = 1\n" + GOOD_RULE + "max-amounts = [\"1.0000000001 SOL\"]\n", 8, "no exact amount"},
      {"format = 1\n" + GOOD_RULE + "max-amounts = [1.5]\n", 8, "texts only"},
      {"format = 1\n" + GOOD_RULE + "max-amounts = [\"1 SOL\", \"2 lamports\"]\n", 8, "one asset twice"},
      {"format = 1\n" + GOOD_RULE + "limits = [\"daily\"]\n", 8, "there is no limit daily"},
      {"format = 1\n" + GOOD_RULE + "wallets = [\"Main\"]\n", 8, "no wallet"},
      {"format = 1\n" + GOOD_RULE + "wallets = [\"label hot\"]\n", 8, "no label hot"},
      {"format = 1\n" + GOOD_RULE + "owners = [\"service Up\"]\n", 8, "a service's name"},
      {"format = 1\n" + GOOD_RULE + "owners = [\"person 12\"]\n", 8, "32 hex digits"},
      {"format = 1\n" + GOOD_RULE + "lookup-tables = \"some\"\n", 8, "lookup-tables is"},
      {"format = 1\n" + GOOD_RULE + "max-slippage = \"1 %\"\n", 8, "about swaps"},
      {"format = 1\n" + GOOD_RULE + "blind = [\"anything\"]\n", 8, "no address"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"sign\"]\ncallers = [\"person\"]\n", 4, "no action sign"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"export\"]\n", 2, "callers says"},
      {"format = 1\n[[allow]]\nactions = [\"export\"]\ncallers = [\"person\"]\n", 2, "needs a name"},
      {"format = 1\n[[allow]]\nname = \"r\"\ncallers = [\"person\"]\n", 2, "actions says"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"export\"]\ncallers = [\"people\"]\n", 5,
       "nobody that a rule"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"export\"]\ncallers = [\"uid x\"]\n", 5, "uid is followed"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"export\"]\ncallers = [\"person\", \"anybody\"]\n", 5,
       "stands alone"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"export\"]\ncallers = [\"person\"]\nmax-fee = \"1 SOL\"\n", 6,
       "about transactions"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"export\"]\ncallers = [\"person\"]\nprograms = [\"system\"]\n",
       6, "about transactions"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"sign-transaction\"]\ncallers = [\"person\"]\nmax-fee = "
       "\"any\"\n",
       2, "operations says"},
      {"format = 1\n[[allow]]\nname = \"r\"\nactions = [\"sign-transaction\"]\ncallers = [\"person\"]\noperations = "
       "[\"swap\"]\n"
       "max-fee = \"any\"\n",
       2, "receive says"},
      {"format = 1\n[[deny]]\nname = \"r\"\nmax-fee = \"1 SOL\"\n", 4, "belongs to rules that allow"},
      {"format = 1\n[[deny]]\nname = \"r\"\nlimits = [\"x\"]\n", 4, "belong to rules that allow"},
      {"format = 1\n[mints]\nSOL = { address = \"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v\", decimals = 6 }\n", 3,
       "can't be a symbol"},
      {"format = 1\n[mints]\nA = { address = \"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt10\", decimals = 6 }\n", 3,
       "address must be"},
      {"format = 1\n[mints]\nA = { address = \"So11111111111111111111111111111111111111112\", decimals = 9 }\n", 3,
       "counts as SOL"},
      {"format = 1\n[mints]\nA = { address = \"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v\" }\n", 3,
       "decimals is missing"},
      {"format = 1\n[mints]\nA = { address = \"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v\", decimals = 6.5 }\n", 3,
       "whole number"},
      {"format = 1\n[lists]\na = [\"11111111111111111111111111111111\", \"11111111111111111111111111111111\"]\n", 3,
       "there twice"},
      {"format = 1\n[limits.a]\nuses = 1\nper = \"1 day\"\n[[allow]]\nname = \"r\"\nactions = [\"export\"]\ncallers = "
       "[\"person\"]\nlimits = \"a\"\n",
       9, "limits are of signatures"},
      {"format = 1\n[limits.a]\namount = \"1 SOL\"\n", 2, "per is a time"},
      {"format = 1\n[limits.a]\namount = \"1 SOL\"\nper = \"1 second\"\n", 4, "per is a time"},
      {"format = 1\n[limits.a]\namount = \"1 SOL\"\nuses = 3\nper = \"1 day\"\n", 2, "either amount or uses"},
      {"format = 1\n[limits.a]\nuses = 0\nper = \"1 day\"\n", 3, "whole number"},
      {"format = 1\n[limits.a]\nuses = 1\nper = \"1 day\"\nburst = 1\n", 5, "unknown key burst"},
  };
  for (const Wrong& wrong : CASES) {
    FileRead read = readPolicyFile(wrong.text);
    ASSERT_TRUE(read.failed()) << wrong.text;
    bool found = std::any_of(read.remarks.begin(), read.remarks.end(), [&](const Remark& remark) {
      return remark.line == wrong.line && remark.text.find(wrong.says) != std::string::npos;
    });
    EXPECT_TRUE(found) << wrong.text << "\nsaid " << read.remarks[0].line << ": " << read.remarks[0].text;
  }
}

TEST(P9PolicyFile, SaysAllErrorsAtOnceInTheirOrder) {
  FileRead read = readPolicyFile("format = 1\nx = 1\n" + GOOD_RULE + "y = 1\n[lists]\na = [\"?\"]\n");
  ASSERT_EQ(read.remarks.size(), 3u);
  EXPECT_EQ(read.remarks[0].line, 2u);
  EXPECT_EQ(read.remarks[1].line, 9u);
  EXPECT_EQ(read.remarks[2].line, 11u);
}

TEST(P9PolicyFile, EqualFilesMakeEqualBytes) {
  auto once = compile(readPolicyFile("format = 1\n" + GOOD_RULE).file);
  auto again = compile(readPolicyFile("# the same\nformat = 1\n" + GOOD_RULE).file);
  EXPECT_EQ(once, again);
}

TEST(P9PolicyFile, WhatIsCompiledSaysTheSame) {
  Policy policy = policyOfExample("treasury");
  Describer describe(policy);
  std::string all;
  for (const Rule& rule : policy.rules) {
    for (auto& line : describe.rule(rule)) all += line + "\n";
  }
  for (auto part : {"callers: service treasury", "operations: transfer, create-token-account, memo",
                    "assets: SOL, USDC", "max-amounts: 100 SOL, 25000 USDC", "lookup-tables: none",
                    "max-fee: 0.001 SOL", "7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part << " is not in\n" << all;
  }
}

TEST(P9PolicyFile, TheManualsExampleIsAPolicy) {
  std::ifstream in(std::string(WAAS_POLICY_EXAMPLES) + "/../../docs/policy.md");
  std::stringstream text;
  text << in.rdbuf();
  std::string manual = text.str();
  auto begin = manual.find("```toml\n") + 8, end = manual.find("```", begin);
  ASSERT_LT(begin, end);
  FileRead read = readPolicyFile(manual.substr(begin, end - begin));
  for (auto& remark : read.remarks) ADD_FAILURE() << remark.line << ": " << remark.text;
  for (auto& remark : lint(read.file)) ADD_FAILURE() << remark.line << ": " << remark.text;
  ASSERT_TRUE(compile(read.file));
}

TEST(P9PolicyFile, ALimitIsKnownByWhatItMeasures) {
  LimitEntry limit;
  limit.name = "daily";
  limit.window = 1000;
  limit.most = 5;
  std::uint64_t id = limitId(limit);
  limit.most = 9;
  EXPECT_EQ(limitId(limit), id);
  LimitEntry other = limit;
  other.window = 2000;
  EXPECT_NE(limitId(other), id);
  other = limit;
  other.countsUses = true;
  EXPECT_NE(limitId(other), id);
  other = limit;
  other.asset = USDC;
  EXPECT_NE(limitId(other), id);
}

TEST(P9PolicyFile, AThousandRulesFitIntoABundleAndTooManyDoNot) {
  auto rules = [](int count) {
    std::string text = "format = 1\n";
    for (int i = 0; i < count; ++i) {
      text += "[[allow]]\nname = \"rule-" + std::to_string(i) +
              "\"\nactions = [\"sign-transaction\"]\ncallers = [\"person\"]\n" +
              "operations = [\"transfer\"]\nassets = [\"SOL\"]\ndestinations = [\"any\"]\nmax-fee = \"1 "
              "SOL\"\nmax-amounts = [\"" +
              std::to_string(i % 50) + " SOL\"]\n";
    }
    return readPolicyFile(text);
  };
  auto many = compile(rules(1'000).file);
  ASSERT_TRUE(many);
  Policy policy;
  EXPECT_EQ(readPolicy(*many, policy), nullptr);
  EXPECT_EQ(policy.rules.size(), 1'000u);
  EXPECT_FALSE(compile(rules(2'000).file));
  EXPECT_TRUE(rules(2'001).failed());
}

}  // namespace
}  // namespace waas::policy::file
