#include "policy-explain.h"

#include <kj/string.h>

#include <charconv>
#include <memory>

#include "connection.h"
#include "input.h"
#include "policy-source.h"
#include "policy/evaluate.h"
#include "policy/file/describe.h"
#include "policy/file/names.h"
#include "protocol/service-owner.h"
#include "selector.h"
#include "solana/transaction.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

using policy::RuleWord;

constexpr size_t MAX_TABLE_FILE_BYTES = 256 * 64;

struct ExplainOptions {
  std::string wallet, policy, transaction, caller, walletName, walletId;
  std::string action = "sign-transaction";
  bool degraded = false;
  std::vector<std::string> tables;
};

CommandError usage(const std::string& sentence) { return CommandError(EXIT_USAGE, "usage", sentence); }

// What is decided on, with everything that it is a view of.
struct Question {
  policy::Policy policy;
  std::string walletName;
  policy::Request request;
  solana::Address wallet;  // facts are views into it
  kj::Array<kj::byte> bytes;
  std::optional<solana::Message> message;
  std::vector<std::vector<uint8_t>> entries;
  std::vector<policy::TableClaim> claims;
  std::unique_ptr<policy::Facts> facts;
};

void setOwner(policy::Request& request, const OwnerId& owner) {
  request.wallet.owner = owner;
  request.caller.id = owner.id;
  bool person = owner.kind == OwnerId::Kind::USER;
  request.caller.kind = person ? policy::Caller::Kind::PERSON : policy::Caller::Kind::SERVICE;
}

// "person", "person <id>", "service <name>", "operator", "daemon": whoever is not a wallet's owner leaves it to nobody.
void readCaller(const std::string& text, policy::Request& request) {
  OwnerId owner{OwnerId::Kind::USER, {}};
  if (text == "operator" || text == "daemon") {
    request.caller.kind = text == "daemon" ? policy::Caller::Kind::DAEMON : policy::Caller::Kind::OPERATOR;
    return;
  }
  if (text.starts_with("service ") && isServiceName(text.substr(8))) {
    owner = serviceOwner(text.substr(8));
  } else if (text.starts_with("person ") && parseId(text.substr(7))) {
    owner.id = *parseId(text.substr(7));
  } else if (text != "person") {
    throw usage("A caller is \"person\", \"person <user id>\", \"service <name>\", \"operator\" or \"daemon\".");
  }
  setOwner(request, owner);
}

// Takes the wallet from the options alone: it has to be named by its address then.
void askOffline(const ExplainOptions& options, const PublicKey& address, Question& out) {
  out.policy = readPolicySource(options.policy);
  out.request.wallet.address = address;
  readCaller(options.caller.empty() ? "person" : options.caller, out.request);
  out.walletName = options.walletName;
  if (options.walletId.empty()) return;
  auto id = parseId(options.walletId);
  if (!id) throw usage("A wallet's id is 32 hex digits.");
  out.request.wallet.id = *id;
}

// Takes the wallet, and the policy if no other is named, from the daemon.
void askDaemon(Invocation& invocation, const ExplainOptions& options, Question& out, Output& output) {
  Connection connection(invocation.globals, output);
  if (options.policy.empty()) {
    auto inForce = connection.wait(connection.asOperator().policy());
    if (inForce.number == 0) {
      kj::throwFatalException(client::makeFailure(client::ErrorCode::DENIED_BY_POLICY, "no policy is loaded"));
    }
    out.policy = readBundle("in force", bytesOf(inForce.bundle));
  } else {
    out.policy = readPolicySource(options.policy);
  }
  auto selector = parseSelector(options.wallet);
  for (auto& wallet : connection.wait(connection.wallets().list())) {
    if (!names(selector, wallet)) continue;
    out.request.wallet.id = wallet.walletId;
    out.request.wallet.address = wallet.publicKey;
    out.walletName = textOf(wallet.name);
    setOwner(out.request, wallet.owner);
    if (!options.caller.empty()) {
      readCaller(options.caller, out.request);
      out.request.wallet.owner = wallet.owner;
    }
    return;
  }
  kj::throwFatalException(client::makeFailure(client::ErrorCode::UNKNOWN_WALLET));
}

// ADDRESS=FILE, where the file has one base58 address a line, in the table's order.
void readTable(const std::string& option, Question& out) {
  size_t equals = option.find('=');
  auto table = parseAddress(option.substr(0, equals));
  if (equals == std::string::npos || !table) throw usage("A table is given as ADDRESS=FILE.");
  auto file = readInput(option.substr(equals + 1), MAX_TABLE_FILE_BYTES);
  std::vector<uint8_t> entries;
  std::string_view rest(reinterpret_cast<const char*>(file.begin()), file.size());
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.empty()) continue;
    auto entry = parseAddress(line);
    if (!entry) throw CommandError(EXIT_FAILED, "invalid_request", "A line of the table's file is no address.");
    entries.insert(entries.end(), entry->begin(), entry->end());
  }
  out.entries.push_back(std::move(entries));
  out.claims.push_back({solana::Address{*table}, out.entries.back()});
}

void readMessage(const ExplainOptions& options, Question& out) {
  if (options.transaction.empty()) throw usage("A transaction is needed for sign-transaction.");
  out.bytes = readTransaction(options.transaction);
  Bytes message = bytesOf(out.bytes);
  if (auto transaction = solana::decodeTransaction(message)) message = transaction->messageBytes();
  auto decoded = solana::decodeMessage(message);
  if (!decoded) {
    kj::throwFatalException(client::makeFailure(client::ErrorCode::TRANSACTION_MALFORMED,
                                                kj::str(solana::describe(decoded.malformed()).data())));
  }
  out.message = *decoded;
  for (const std::string& table : options.tables) readTable(table, out);
  out.facts = std::make_unique<policy::Facts>();
  out.wallet = solana::Address{out.request.wallet.address};
  auto outcome = policy::readFacts(*out.message, out.claims, {&out.wallet, 1}, *out.facts);
  if (outcome != policy::FactsOutcome::READ) {
    throw CommandError(EXIT_FAILED, "denied_by_policy", std::string(policy::describe(outcome)));
  }
  out.request.message = &*out.message;
}

const char* nameOf(policy::Decision decision) {
  switch (decision) {
    case policy::Decision::APPROVED: return "approved";
    case policy::Decision::DENIED: return "denied";
    default: return "failed";
  }
}

const char* nameOf(RuleWord::Kind kind) {
  switch (kind) {
    case RuleWord::Kind::OTHER_ACTION: return "is about another action";
    case RuleWord::Kind::OTHER_CALLER: return "is about other callers";
    case RuleWord::Kind::OTHER_WALLET: return "is about other wallets";
    case RuleWord::Kind::COVERS: return "covers it";
    case RuleWord::Kind::NOT_COVERED: return "does not cover it";
    case RuleWord::Kind::HITS: return "denies it";
    case RuleWord::Kind::NO_HIT: return "does not hit";
  }
  return "";
}

const char* nameOf(solana::Version version) {
  switch (version) {
    case solana::Version::LEGACY: return "legacy";
    case solana::Version::V0: return "v0";
    case solana::Version::V1: return "v1";
  }
  return "";
}

std::string at(uint16_t instruction) {
  return instruction == 0 ? std::string() : "instruction " + std::to_string(instruction) + ": ";
}

Json factsJson(const Question& question) {
  const policy::Facts& facts = *question.facts;
  policy::file::Describer describe(question.policy);
  Json signers = Json::array(), effects = Json::array();
  for (size_t i = 0; i < question.message->header().requiredSignatures; i++) {
    signers.push_back(std::string(solana::format(question.message->staticKey(i)).view()));
  }
  for (const policy::Effect& effect : facts.effects()) {
    Json amount = effect.amount ? Json(std::to_string(*effect.amount)) : Json();
    effects.push_back({{"instruction", effect.instruction},
                       {"child", effect.child},
                       {"name", effect.name},
                       {"operation", policy::nameOf(policy::operationOf(effect))},
                       {"understood", effect.kind != policy::EffectKind::UNKNOWN},
                       {"amount", amount},
                       {"text", describe.effect(effect)}});
  }
  return {{"version", nameOf(facts.version)},
          {"feePayer", describe.party(facts.feePayer)},
          {"signers", signers},
          {"feeLamports", std::to_string(facts.fee.totalLamports)},
          {"durableNonce", facts.durableNonce},
          {"lookupTables", facts.tables},
          {"hiddenAccounts", facts.hiddenAccounts},
          {"unknownInstructions", facts.unknowns},
          {"effects", effects}};
}

void printFacts(std::ostream& out, const Question& question) {
  const policy::Facts& facts = *question.facts;
  policy::file::Describer describe(question.policy, question.wallet);
  out << "facts\n  " << nameOf(facts.version) << " message, " << facts.instructions << " instructions, "
      << unsigned{facts.signers} << " signers\n  fee " << describe.amount(policy::SOL, facts.fee.totalLamports)
      << ", paid by " << describe.party(facts.feePayer) << "\n";
  if (facts.durableNonce) out << "  durable nonce: it may be executed at any time\n";
  if (facts.tables > 0) {
    out << "  " << facts.tables << " lookup tables with " << facts.lookedAccounts << " accounts, "
        << facts.hiddenAccounts << " of them hidden\n";
  }
  for (const policy::Effect& effect : facts.effects()) out << "  " << describe.effect(effect) << "\n";
}

Json answer(const Question& question, const policy::Verdict& verdict, const std::vector<RuleWord>& words) {
  Json rules = Json::array(), charges = Json::array();
  for (size_t i = 0; i < words.size(); i++) {
    rules.push_back({{"name", question.policy.textOf(question.policy.rules[i].name)},
                     {"says", nameOf(words[i].kind)},
                     {"instruction", words[i].instruction},
                     {"reason", words[i].reason}});
  }
  for (const policy::Charge& charge : verdict.charges()) {
    for (const policy::Limit& limit : question.policy.limits) {
      if (limit.id != charge.limit) continue;
      charges.push_back({{"limit", question.policy.textOf(limit.name)}, {"amount", std::to_string(charge.amount)}});
    }
  }
  Json value = {{"decision", nameOf(verdict.decision)},
                {"rule", verdict.rule},
                {"instruction", verdict.instruction},
                {"reason", verdict.reason},
                {"charges", charges},
                {"rules", rules}};
  if (question.facts) value["facts"] = factsJson(question);
  return value;
}

void print(std::ostream& out, const Question& question, const policy::Verdict& verdict,
           const std::vector<RuleWord>& words) {
  if (question.facts) printFacts(out, question);
  out << "rules\n";
  for (size_t i = 0; i < words.size(); i++) {
    out << "  " << question.policy.textOf(question.policy.rules[i].name) << ": " << nameOf(words[i].kind);
    if (words[i].kind == RuleWord::Kind::NOT_COVERED) out << ": " << at(words[i].instruction) << words[i].reason;
    if (words[i].kind == RuleWord::Kind::HITS && words[i].instruction > 0) {
      out << ": instruction " << words[i].instruction;
    }
    out << "\n";
  }
  out << nameOf(verdict.decision);
  if (!verdict.rule.empty()) out << " by rule " << verdict.rule;
  if (!verdict.reason.empty()) out << ": " << at(verdict.instruction) << verdict.reason;
  out << "\n";
}

int explain(Invocation& invocation, const ExplainOptions& options, Output& output) {
  Question question;
  auto action = policy::file::actionNamed(options.action);
  if (!action || *action == policy::Action::SIGN_DEGRADED) throw usage("There is no such action to explain.");
  auto address = parseAddress(options.wallet);
  if (address && !options.policy.empty()) {
    askOffline(options, *address, question);
  } else {
    askDaemon(invocation, options, question, output);
  }
  policy::Request& request = question.request;
  request.wallet.name = question.walletName;
  request.action = *action;
  request.mode = options.degraded ? policy::Mode::DEGRADED : policy::Mode::WHOLE;
  request.now = nowUnixMs();
  if (*action == policy::Action::SIGN_TRANSACTION) readMessage(options, question);
  if (question.message && !question.message->signerIndex(request.wallet.address)) {
    kj::throwFatalException(client::makeFailure(client::ErrorCode::NOT_A_SIGNER));
  }

  // What was used of limits is known to the daemon's stores only: here nothing was.
  policy::LimitState unused;
  policy::Verdict verdict;
  policy::decide(question.policy, request, question.facts.get(), &unused, verdict);
  std::vector<RuleWord> words;
  for (const policy::Rule& rule : question.policy.rules) {
    words.push_back(policy::wordOf(question.policy, rule, request, question.facts.get(), &unused));
  }
  output.result(answer(question, verdict, words), [&](std::ostream& out) { print(out, question, verdict, words); });
  return verdict.decision == policy::Decision::APPROVED ? EXIT_DONE : EXIT_NOT_ALLOWED;
}

}  // namespace

void addPolicyExplain(CLI::App& group, Invocation& invocation) {
  auto options = std::make_shared<ExplainOptions>();
  auto* command = addCommand(
      group, invocation, "explain",
      "Show what a transaction does and what each rule says to it; exit code 4 when it is denied. With --policy and a "
      "wallet's address it needs no daemon. Limits are taken as if nothing had been used of them",
      [&invocation, options](Output& output) { return explain(invocation, *options, output); });
  command->add_option("--wallet", options->wallet, "Wallet that would sign: its id, name or address")->required();
  command->add_option("--policy", options->policy, "Policy file or bundle (default: the policy in force)");
  command->add_option(
      "--caller", options->caller,
      "Who asks: \"person\", \"person <id>\", \"service <name>\", \"operator\", \"daemon\" (default: the "
      "wallet's owner; without a daemon, a person)");
  command->add_option("--wallet-name", options->walletName, "The wallet's name, where no daemon is asked");
  command->add_option("--wallet-id", options->walletId, "The wallet's id, where no daemon is asked");
  command->add_option("--action", options->action, "What is asked for")->capture_default_str();
  command->add_flag("--degraded", options->degraded, "As if a share's store were away");
  command->add_option("--table", options->tables,
                      "What a lookup table holds, as ADDRESS=FILE with an address a line; repeatable");
  command->add_option("transaction", options->transaction,
                      "File with the transaction or its message; - for standard input");
}

}  // namespace waas::cli
