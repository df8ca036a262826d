// waas audit: show the audit log, and check that it is whole.
#include <memory>

#include "client/lib/audit-chain.h"
#include "connection.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

constexpr uint32_t MAX_PAGE = 1000;

struct TailOptions {
  uint32_t limit = 20;
  std::string instance;
  uint64_t after = 0;
};

// Who asked. Nobody's id is zero: the daemon asked itself, or an operator did, whose uid stands beside it.
bool isOwner(const AuditRecord& record) { return record.caller.id != Id{}; }

const char* keeperOf(const AuditRecord& record) { return record.uid == UINT32_MAX ? "daemon" : "operator"; }

Json callerJson(const AuditRecord& record) {
  return isOwner(record) ? ownerJson(record.caller) : Json{{"kind", keeperOf(record)}};
}

std::string callerText(const AuditRecord& record) {
  if (!isOwner(record)) return keeperOf(record);
  return (record.caller.kind == OwnerId::Kind::USER ? "user " : "service ") + hex(record.caller.id);
}

Json recordJson(const AuditRecord& record, const Hash& hash, bool head) {
  return {{"instance", hex(record.instance)},
          {"sequence", record.sequence},
          {"time", record.time},
          {"event", auditEventName(record.event)},
          {"caller", callerJson(record)},
          {"uid", record.uid},
          {"wallet", hex(record.walletId)},
          {"epoch", record.epoch},
          {"policy", record.policy},
          {"subject", hex(record.subject)},
          {"hash", hex(hash)},
          {"head", head}};
}

std::vector<std::string> recordText(const AuditRecord& record) {
  bool hasWallet = record.walletId != Id{};
  return {std::to_string(record.sequence),
          utc(record.time),
          std::string(auditEventName(record.event)),
          callerText(record),
          record.uid == UINT32_MAX ? "" : std::to_string(record.uid),
          hasWallet ? hex(record.walletId) : "",
          hex(Bytes(record.subject).first(8))};
}

Id requireInstance(const std::string& text) {
  auto id = parseId(text);
  if (!id) throw CommandError(EXIT_USAGE, "usage", "An instance is 32 hex digits.");
  return *id;
}

int tail(Invocation& invocation, const TailOptions& options, Output& output) {
  Id instance{};
  kj::Maybe<const Id&> wanted;
  if (!options.instance.empty()) {
    instance = requireInstance(options.instance);
    wanted = instance;
  }
  Connection connection(invocation.globals, output);
  auto& asOperator = connection.asOperator();
  uint64_t after = options.after;
  if (!options.instance.empty() && after == 0) {
    for (auto& life : connection.wait(asOperator.auditInstances())) {
      if (life.instance == instance && life.last > options.limit) after = life.last - options.limit;
    }
  }
  auto rows = connection.wait(asOperator.auditTail(wanted, after, options.limit));
  Json value = Json::array();
  std::vector<std::vector<std::string>> table = {{"SEQUENCE", "TIME", "EVENT", "CALLER", "UID", "WALLET", "SUBJECT"}};
  for (auto& row : rows) {
    AuditRecord record;
    if (!record.parse(bytesOf(row.record))) {
      kj::throwFatalException(client::makeFailure(client::ErrorCode::RECORD_REFUSED, "an audit record is malformed"));
    }
    value.push_back(recordJson(record, auditHash(bytesOf(row.record)), row.headSignature.size() > 0));
    table.push_back(recordText(record));
  }
  output.result(value, [&](std::ostream& out) { printTable(out, table); });
  return EXIT_DONE;
}

struct Verdict {
  Json lives = Json::array();
  uint64_t records = 0;
  std::vector<std::string> problems;
};

void verifyLife(Connection& connection, client::AuditHeads& heads, const client::AuditInstance& life,
                Verdict& verdict) {
  client::AuditChain chain(life.instance, connection.vaultKeys().audit, heads.of(life.instance));
  auto& asOperator = connection.asOperator();
  for (uint64_t after = life.first > 0 ? life.first - 1 : 0;;) {
    auto rows = connection.wait(asOperator.auditTail(life.instance, after, MAX_PAGE));
    if (rows.size() == 0) break;
    for (auto& row : rows) chain.add(row.record, row.headSignature);
    // A daemon that answers the same page for ever must not keep us for ever.
    if (chain.lastSequence() <= after) break;
    after = chain.lastSequence();
  }
  Json problems = Json::array();
  for (auto& sentence : chain.finish()) {
    problems.push_back(sentence.cStr());
    verdict.problems.push_back(hex(life.instance) + ": " + sentence.cStr());
  }
  verdict.records += chain.records();
  verdict.lives.push_back({{"instance", hex(life.instance)},
                           {"records", chain.records()},
                           {"heads", chain.heads()},
                           {"last", chain.lastSequence()},
                           {"problems", problems}});
  if (problems.empty()) {
    KJ_IF_MAYBE (head, chain.lastHead()) heads.note(*head);
  }
}

int verify(Invocation& invocation, Output& output) {
  Connection connection(invocation.globals, output);
  client::AuditHeads heads(connection.vaultKeys().audit);
  connection.state().loadHeads(heads);
  auto lives = connection.wait(connection.asOperator().auditInstances());
  Verdict verdict;
  for (auto& head : heads.all()) {
    bool there = false;
    for (auto& life : lives) there = there || life.instance == head.instance;
    if (!there) {
      verdict.problems.push_back(hex(head.instance) + ": the whole log of this life is gone; this client saw record " +
                                 std::to_string(head.sequence) + " signed");
    }
  }
  for (auto& life : lives) verifyLife(connection, heads, life, verdict);
  connection.state().saveHeads(heads);

  Json value = {{"whole", verdict.problems.empty()},
                {"records", verdict.records},
                {"problems", verdict.problems},
                {"instances", verdict.lives}};
  output.result(value, [&](std::ostream& out) {
    for (auto& problem : verdict.problems) out << "PROBLEM " << problem << "\n";
    out << verdict.records << " records of " << lives.size()
        << " vault lives: " << (verdict.problems.empty() ? "whole\n" : "NOT whole\n");
  });
  return verdict.problems.empty() ? EXIT_DONE : EXIT_FAILED;
}

}  // namespace

void addAudit(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "audit", "The audit log; for operators");

  auto options = std::make_shared<TailOptions>();
  auto* tailing = addCommand(*group, invocation, "tail", "Show the last records",
                             [&invocation, options](Output& output) { return tail(invocation, *options, output); });
  tailing->add_option("-n,--limit", options->limit, "How many")->check(CLI::Range(1u, MAX_PAGE))->capture_default_str();
  auto* instance =
      tailing->add_option("--instance", options->instance, "Of this life of the vault (default: the newest)");
  tailing->add_option("--after", options->after, "From the record after this one on")->needs(instance);

  addCommand(*group, invocation, "verify", "Check that no record was changed, left out or cut off",
             [&invocation](Output& output) { return verify(invocation, output); });
}

}  // namespace waas::cli
