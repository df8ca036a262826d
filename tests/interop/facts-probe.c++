// Reads the facts of transactions, for comparison with what a chain makes of them: each line of standard input is
// {"transaction": base64, "ours": [address, …], "tables": {table: [address, …], …}, "mints": [address, …]}; each line
// of output is {"outcome": …, facts …, "outflows": {wallet: {"SOL" or mint: amount or null}}} or `refuse reason`.
#include <sodium.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "policy/evaluate.h"
#include "policy/facts.h"
#include "policy/file/policy-file.h"
#include "solana/transaction.h"

namespace waas::policy {
namespace {

using nlohmann::json;

constexpr const char* KINDS[] = {"UNKNOWN",       "TRANSFER",      "APPROVE",        "REVOKE",
                                 "SET_AUTHORITY", "CLOSE_ACCOUNT", "CREATE_ACCOUNT", "CREATE_TOKEN_ACCOUNT",
                                 "NONCE",         "MINT",          "BURN",           "FREEZE",
                                 "THAW",          "SWAP",          "MEMO",           "COMPUTE_BUDGET",
                                 "HARMLESS",      "OTHER"};
constexpr const char* ASSETS[] = {"NONE", "SOL", "TOKEN"};
constexpr const char* ROLES[] = {"NONE",           "PROGRAM",          "ACCOUNT_OWNER", "CLOSE_AUTHORITY",
                                 "MINT_AUTHORITY", "FREEZE_AUTHORITY", "EXTENSION",     "NONCE",
                                 "STAKER",         "WITHDRAWER",       "VOTER",         "LOOKUP_TABLE"};
constexpr const char* FROM[] = {"nowhere", "message", "claim", "hidden", "derived"};

std::string text(AddressView address) { return std::string(solana::format(address).view()); }

void put(json& out, const char* name, const Party& party) {
  if (party.from() == Party::From::NOWHERE) return;
  out[name] = party ? text(party.address()) : "";
  if (party.from() != Party::From::MESSAGE) out[std::string(name) + " is"] = FROM[static_cast<int>(party.from())];
}

json describeSwap(const Swap& swap) {
  json out{{"quotedOut", std::to_string(swap.quotedOut)},
           {"minimumOut", std::to_string(swap.minimumOut)},
           {"slippageBps", swap.slippageBps},
           {"platformFeeBps", swap.platformFeeBps},
           {"positiveSlippageFeeBps", swap.positiveSlippageFeeBps},
           {"exactOut", swap.exactOut},
           {"fromLedger", swap.fromLedger}};
  put(out, "outMint", swap.outMint);
  put(out, "feeAccount", swap.feeAccount);
  return out;
}

json describeEffect(const Effect& effect) {
  json out{{"kind", KINDS[static_cast<int>(effect.kind)]}, {"instruction", effect.instruction}, {"name", effect.name}};
  if (effect.child != 0) out["child"] = effect.child;
  if (effect.asset != AssetKind::NONE) out["asset"] = ASSETS[static_cast<int>(effect.asset)];
  if (effect.role != Role::NONE) out["role"] = ROLES[static_cast<int>(effect.role)];
  if (effect.amount) out["amount"] = std::to_string(*effect.amount);
  if (effect.decimals) out["decimals"] = *effect.decimals;
  if (effect.withheld != 0) out["withheld"] = std::to_string(effect.withheld);
  for (auto [name, flag] : {std::pair("signedByOurs", effect.signedByOurs), std::pair("hook", effect.hook),
                            std::pair("extraAccounts", effect.extraAccounts)}) {
    if (flag) out[name] = true;
  }
  put(out, "program", effect.program);
  put(out, "from", effect.from);
  put(out, "to", effect.to);
  put(out, "authority", effect.authority);
  put(out, "fromOwner", effect.fromOwner);
  put(out, "toOwner", effect.toOwner);
  put(out, "mint", effect.mint);
  put(out, "tokenProgram", effect.tokenProgram);
  if (effect.kind == EffectKind::MEMO) out["text"] = std::string(effect.text.begin(), effect.text.end());
  if (effect.kind == EffectKind::SWAP) out["swap"] = describeSwap(effect.swap);
  return out;
}

json describeFee(const Fee& fee) {
  json out{{"base", std::to_string(fee.baseLamports)},
           {"priority", std::to_string(fee.priorityLamports)},
           {"total", std::to_string(fee.totalLamports)},
           {"computeUnitLimit", fee.computeUnitLimit},
           {"limitSaid", fee.limitSaid}};
  if (fee.microLamportsPerUnit) out["price"] = std::to_string(*fee.microLamportsPerUnit);
  return out;
}

json describeFacts(const Facts& facts) {
  json out{{"version", static_cast<int>(facts.version)},
           {"feePayer", text(facts.feePayer.address())},
           {"feePayerIsOurs", facts.feePayerIsOurs},
           {"signers", facts.signers},
           {"ourSigners", facts.ourSigners},
           {"durableNonce", facts.durableNonce},
           {"fee", describeFee(facts.fee)},
           {"tables", facts.tables},
           {"lookedAccounts", facts.lookedAccounts},
           {"hiddenAccounts", facts.hiddenAccounts},
           {"unknowns", facts.unknowns},
           {"effects", json::array()}};
  for (const Effect& effect : facts.effects()) out["effects"].push_back(describeEffect(effect));
  return out;
}

json number(const Outflow& outflow) { return outflow.bounded ? json(std::to_string(outflow.amount)) : json(); }

std::vector<Address> addresses(const json& list) {
  std::vector<Address> out;
  for (const auto& entry : list) out.push_back(solana::parseAddress(entry.get<std::string>()).value());
  return out;
}

struct Question {
  std::vector<std::uint8_t> transaction;
  std::vector<Address> ours;
  std::vector<Address> mints;
  std::vector<std::vector<Address>> contents;
  std::vector<TableClaim> claims;

  explicit Question(const json& in) {
    std::string base64 = in.at("transaction");
    transaction.resize(base64.size());
    std::size_t size = 0;
    if (sodium_base642bin(transaction.data(), transaction.size(), base64.data(), base64.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
      throw std::invalid_argument("not base64");
    }
    transaction.resize(size);
    ours = addresses(in.value("ours", json::array()));
    mints = addresses(in.value("mints", json::array()));
    json tables = in.value("tables", json::object());
    contents.reserve(tables.size());
    for (const auto& [table, entries] : tables.items()) {
      const auto& content = contents.emplace_back(addresses(entries));
      claims.push_back({solana::parseAddress(table).value(),
                        {content.empty() ? nullptr : content.front().bytes.data(), content.size() * 32}});
    }
  }
};

Policy loadPolicy(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto read = file::readPolicyFile(text.str());
  if (read.failed()) throw std::invalid_argument("the policy has errors");
  Policy policy;
  if (const char* wrong = readPolicy(file::compile(read.file).value(), policy)) throw std::invalid_argument(wrong);
  return policy;
}

void putVerdict(const Policy& policy, const Question& question, const solana::Message& message, const Facts& facts,
                json& out) {
  Request request;
  request.caller = {Caller::Kind::PERSON, {1}, 0};
  request.wallet = {{2}, question.ours.front().bytes, {OwnerId::Kind::USER, {1}}, "first"};
  request.action = Action::SIGN_TRANSACTION;
  request.now = 1'800'000'000'000;
  request.message = &message;
  request.others = std::span(question.ours).subspan(1);
  LimitState limits;
  Verdict verdict;
  decide(policy, request, &facts, &limits, verdict);
  constexpr const char* DECISIONS[] = {"unknown", "allow", "deny", "failed"};
  out["verdict"] = DECISIONS[static_cast<int>(verdict.decision)];
  out["rule"] = verdict.rule;
  out["reason"] = verdict.reason;
  out["at"] = verdict.instruction;
}

void answer(const Question& question, const std::optional<Policy>& policy) {
  auto transaction = solana::decodeTransaction(question.transaction);
  if (!transaction) {
    std::cout << "refuse " << solana::describe(transaction.malformed()) << "\n";
    return;
  }
  static Facts facts;
  FactsOutcome outcome = readFacts(transaction->message(), question.claims, question.ours, facts);
  if (outcome != FactsOutcome::READ) {
    std::cout << "refuse " << describe(outcome) << "\n";
    return;
  }
  json out = describeFacts(facts);
  for (const Address& wallet : question.ours) {
    json& flows = out["outflows"][text(wallet)];
    flows["SOL"] = number(outflowOfLamports(facts, wallet));
    for (const Address& mint : question.mints) flows[text(mint)] = number(outflowOfTokens(facts, wallet, mint));
  }
  if (policy) putVerdict(*policy, question, transaction->message(), facts, out);
  std::cout << out.dump() << "\n";
}

}  // namespace
}  // namespace waas::policy

int main(int argc, char** argv) {
  using namespace waas::policy;
  std::optional<Policy> policy;
  if (argc > 1) policy = loadPolicy(argv[1]);
  std::string line;
  while (std::getline(std::cin, line)) answer(Question(nlohmann::json::parse(line)), policy);
}
