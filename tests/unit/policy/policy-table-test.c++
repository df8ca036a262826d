// The table of swaps and of what hides in them (tests/vectors/policy/swaps-only.json, made by the programs' own
// libraries), answered by policy/examples/swaps-only.toml.

#include <gtest/gtest.h>
#include <sodium.h>

#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "policy/evaluate.h"
#include "policy/file/policy-file.h"
#include "solana/transaction.h"

namespace waas::policy::test {
namespace {

using nlohmann::json;
using solana::parseAddress;

struct TableRow {
  std::string name, verdict, reason, twin;
  unsigned instruction = 0;
  Address wallet;
  std::vector<Address> others;
  std::vector<std::pair<Address, std::vector<std::uint8_t>>> tables;
  std::vector<std::uint8_t> transaction;
};

std::vector<std::uint8_t> unbase64(const std::string& text) {
  std::vector<std::uint8_t> out(text.size());
  std::size_t size = 0;
  sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr,
                    sodium_base64_VARIANT_ORIGINAL);
  out.resize(size);
  return out;
}

TableRow rowOf(const json& in) {
  TableRow row;
  row.name = in.at("name");
  row.verdict = in.at("verdict");
  row.reason = in.value("reason", "");
  row.twin = in.value("twin", "");
  row.instruction = in.value("instruction", 0u);
  row.wallet = parseAddress(in.at("wallet").get<std::string>()).value();
  for (const json& other : in.at("ours")) row.others.push_back(parseAddress(other.get<std::string>()).value());
  json tables = in.value("tables", json::object());
  for (const auto& [table, entries] : tables.items()) {
    auto& content = row.tables.emplace_back(parseAddress(table).value(), std::vector<std::uint8_t>()).second;
    for (const json& entry : entries) {
      Address address = parseAddress(entry.get<std::string>()).value();
      content.insert(content.end(), address.bytes.begin(), address.bytes.end());
    }
  }
  row.transaction = unbase64(in.at("transaction"));
  return row;
}

const std::vector<TableRow>& rows() {
  static const std::vector<TableRow> ROWS = [] {
    std::vector<TableRow> out;
    for (const json& entry : json::parse(std::ifstream(WAAS_POLICY_VECTORS "/swaps-only.json")))
      out.push_back(rowOf(entry));
    return out;
  }();
  return ROWS;
}

const Policy& swapsOnly() {
  static const Policy POLICY = [] {
    std::ifstream file(WAAS_POLICY_EXAMPLES "/swaps-only.toml");
    std::stringstream text;
    text << file.rdbuf();
    auto read = file::readPolicyFile(text.str());
    EXPECT_FALSE(read.failed());
    auto compiled = file::compile(read.file);
    Policy policy;
    const char* wrong = readPolicy(compiled.value(), policy);
    EXPECT_EQ(wrong, nullptr) << wrong;
    return policy;
  }();
  return POLICY;
}

struct Answer {
  std::string verdict;  // allow, deny, unreadable, malformed
  unsigned instruction = 0;
  std::string reason;
};

Answer answer(const TableRow& row) {
  auto transaction = solana::decodeTransaction(row.transaction);
  if (!transaction) return {"malformed", 0, std::string(describe(transaction.malformed()))};
  std::vector<TableClaim> claims;
  for (const auto& [table, entries] : row.tables) claims.push_back({table, entries});
  std::vector<Address> ours = {row.wallet};
  ours.insert(ours.end(), row.others.begin(), row.others.end());
  auto facts = std::make_unique<Facts>();
  FactsOutcome outcome = readFacts(transaction->message(), claims, ours, *facts);
  if (outcome != FactsOutcome::READ) return {"unreadable", 0, std::string(describe(outcome))};
  Request request;
  request.caller = {Caller::Kind::PERSON, {1}, 0};
  request.wallet = {{2}, row.wallet.bytes, {OwnerId::Kind::USER, {1}}, "first"};
  request.action = Action::SIGN_TRANSACTION;
  request.now = 1'800'000'000'000;
  request.message = &transaction->message();
  request.others = row.others;
  LimitState limits;
  Verdict verdict;
  decide(swapsOnly(), request, facts.get(), &limits, verdict);
  std::string said = verdict.decision == Decision::APPROVED ? "allow"
                     : verdict.decision == Decision::DENIED ? "deny"
                                                            : "failed";
  return {said, verdict.instruction, std::string(verdict.reason)};
}

TEST(PolicyTable, AnswersEachTransactionForTheReasonThatItNames) {
  std::size_t refused = 0;
  for (const TableRow& row : rows()) {
    Answer got = answer(row);
    EXPECT_EQ(got.verdict, row.verdict) << row.name << ": " << got.instruction << " " << got.reason;
    if (row.verdict == "allow" || got.verdict != row.verdict) continue;
    ++refused;
    EXPECT_NE(got.reason.find(row.reason), std::string::npos) << row.name << ": " << got.reason;
    EXPECT_EQ(got.instruction, row.instruction) << row.name << ": " << got.reason;
  }
  EXPECT_GE(refused, 80u);
}

// A refusal means little if nothing like it is ever allowed.
TEST(PolicyTable, EachRefusedTransactionHasAnHonestTwin) {
  std::set<std::string> allowed;
  for (const TableRow& row : rows()) {
    if (row.verdict == "allow") allowed.insert(row.name.substr(0, row.name.rfind(", ")));
  }
  for (const TableRow& row : rows()) {
    EXPECT_TRUE(row.verdict == "allow" || allowed.contains(row.twin)) << row.name << ": " << row.twin;
  }
}

TEST(PolicyTable, EachVersionOfMessagesIsInIt) {
  std::map<solana::Version, int> seen;
  for (const TableRow& row : rows()) {
    auto transaction = solana::decodeTransaction(row.transaction);
    if (transaction && row.verdict == "deny") ++seen[transaction->message().version()];
  }
  EXPECT_GE(seen[solana::Version::LEGACY], 60);
  EXPECT_GE(seen[solana::Version::V0], 60);
  EXPECT_GE(seen[solana::Version::V1], 60);
}

}  // namespace
}  // namespace waas::policy::test
