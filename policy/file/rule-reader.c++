#include "policy/file/rule-reader.h"

#include <algorithm>

#include "policy/file/names.h"
#include "policy/file/quantity.h"

namespace waas::policy::file {
namespace {

bool isName(std::string_view text) {
  bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  return plain && text.size() <= MAX_NAME_BYTES && text.front() != ' ' && text.back() != ' ';
}

/// What only rules that speak of transactions can say, and which of it a deny rule can.
constexpr std::string_view DENY_CONTENT[] = {"operations", "programs", "assets", "destinations", "other-signers"};
constexpr std::string_view ALLOW_CONTENT[] = {"blind",        "receive",          "lookup-tables", "max-fee",
                                              "max-slippage", "max-platform-fee", "max-amounts"};

class RuleReader {
 public:
  RuleReader(const toml::table& table, RuleEffect effect, PolicyFile& file, Remarks& remarks)
      : table(table, titleOf(table, effect), remarks), words(file) {
    rule.effect = effect;
    rule.line = lineOf(table.source());
  }

  RuleEntry read() {
    readName();
    readActions();
    readWhose();
    bool content = readContent();
    if (rule.effect == RuleEffect::ALLOW) {
      readAllow();
    } else {
      for (std::string_view key : ALLOW_CONTENT) refuse(key, " belongs to rules that allow.");
      refuse("limits", " belong to rules that allow.");
      if (rule.actions.empty()) denyAll(content);
    }
    table.finish();
    return rule;
  }

 private:
  TableReader table;
  Words words;
  RuleEntry rule;

  /// How remarks name the rule.
  static std::string titleOf(const toml::table& table, RuleEffect effect) {
    auto name = table["name"].value_exact<std::string>();
    if (name && !name->empty() && isName(*name)) return "rule \"" + *name + "\": ";
    return effect == RuleEffect::ALLOW ? "allow: " : "deny: ";
  }

  void error(const std::string& text) { table.error(rule.line, text); }

  /// A key that is known, and has no place here.
  void refuse(std::string_view key, const std::string& why) {
    if (const toml::node* node = table.take(key)) table.error(lineOf(node->source()), std::string(key) + why);
  }

  void readName() {
    auto name = table.text("name");
    if (!name) return error("a rule needs a name.");
    if (!isName(name->text)) return table.error(name->line, "a name has at most 64 printable ASCII characters.");
    rule.name = name->text;
  }

  void readActions() {
    auto list = table.words("actions");
    if (!list) {
      if (rule.effect == RuleEffect::ALLOW) error("actions says what the rule allows; it is missing.");
      return;
    }
    for (const Word& word : *list) {
      if (auto action = actionNamed(word.text)) {
        rule.actions.insert(*action);
      } else {
        table.error(word.line, "there is no action " + word.text + ".");
      }
    }
  }

  /// A deny rule that names no action speaks of all; of what is in a transaction only transactions have any.
  void denyAll(bool content) {
    if (content) {
      rule.actions.insert(Action::SIGN_TRANSACTION);
      return;
    }
    for (unsigned i = 1; i <= ACTIONS; ++i) rule.actions.insert(static_cast<Action>(i));
  }

  void readWhose() {
    if (auto list = table.words("callers")) {
      bool anybody = std::ranges::any_of(*list, [](const Word& word) { return word.text == "anybody"; });
      if (anybody && list->size() > 1) table.error(list->front().line, "anybody stands alone.");
      if (!anybody) {
        rule.callers.emplace();
        for (const Word& word : *list) {
          if (auto caller = words.caller(table, word)) rule.callers->insert(*caller);
        }
      }
    } else if (rule.effect == RuleEffect::ALLOW) {
      error("callers says whom the rule allows it; it is missing. Write \"anybody\" if that is meant.");
    }
    if (auto list = table.words("wallets")) rule.wallets = words.wallets(table, *list);
    if (auto list = table.words("owners")) {
      rule.owners.emplace();
      for (const Word& word : *list) {
        if (auto owner = words.owner(table, word)) rule.owners->insert(*owner);
      }
    }
  }

  std::optional<Addresses> addresses(std::string_view key, Words::Kind kind) {
    auto list = table.words(key);
    return list ? std::optional(words.addresses(table, *list, kind)) : std::nullopt;
  }

  /// What rules of both effects can say of a transaction. Answers whether there is any of it.
  bool readContent() {
    bool any = std::ranges::any_of(DENY_CONTENT, [&](auto key) { return table.has(key); });
    if (any && !rule.actions.empty() && !rule.speaksOfTransactions()) {
      for (std::string_view key : DENY_CONTENT) {
        refuse(key, " is about transactions, and the rule's actions have no sign-transaction.");
      }
      return false;
    }
    if (auto list = table.words("operations")) {
      for (const Word& word : *list) addOperation(word);
    }
    rule.programs = addresses("programs", Words::Kind::PROGRAMS);
    rule.assets = addresses("assets", Words::Kind::ASSETS);
    rule.destinations = addresses("destinations", Words::Kind::DESTINATIONS);
    rule.otherSigners = addresses("other-signers", Words::Kind::SIGNERS);
    return any;
  }

  void addOperation(const Word& word) {
    if (word.text == "any") {
      for (unsigned i = 0; i < OPERATIONS; ++i) rule.operations.insert(static_cast<Operation>(i));
    } else if (auto operation = operationNamed(word.text)) {
      rule.operations.insert(*operation);
    } else {
      table.error(word.line, "there is no operation " + word.text + ".");
    }
  }

  void readAllow() {
    readLimits();
    if (!rule.speaksOfTransactions()) {
      for (std::string_view key : ALLOW_CONTENT) {
        refuse(key, " is about transactions, and the rule's actions have no sign-transaction.");
      }
      return;
    }
    rule.blind = addresses("blind", Words::Kind::PROGRAMS);
    rule.receive = addresses("receive", Words::Kind::ASSETS);
    if (rule.operations.empty() && !rule.blind) error("operations says what a transaction may do; it is missing.");
    // Whatever goes anywhere else has to be named.
    if (!rule.destinations) rule.destinations.emplace().self = true;
    readTables();
    readFee();
    rule.maxSlippage = share("max-slippage");
    rule.maxPlatformFee = share("max-platform-fee");
    readAmounts();
    checkSwaps();
  }

  void readLimits() {
    auto list = table.words("limits");
    if (!list) return;
    rule.limits = words.limits(table, *list);
    for (Action action : rule.actions) {
      bool signature =
          action == Action::SIGN_TRANSACTION || action == Action::SIGN_MESSAGE || action == Action::SIGN_DEGRADED;
      if (!signature) {
        table.error(list->front().line, "limits are of signatures, and the rule speaks of " +
                                            std::string(policy::nameOf(action)) + " as well.");
      }
    }
  }

  void readTables() {
    rule.tables = Tables::STATIC;
    auto word = table.text("lookup-tables");
    if (!word) return;
    if (word->text == "none") {
      rule.tables = Tables::NONE;
    } else if (word->text == "claims") {
      rule.tables = Tables::CLAIMS;
    } else if (word->text != "static") {
      table.error(word->line, "lookup-tables is \"none\", \"static\" or \"claims\".");
    }
  }

  void readFee() {
    auto word = table.text("max-fee");
    if (!word) return error("max-fee is missing: write an amount as \"0.001 SOL\", or \"any\".");
    if (word->text == "any") {
      rule.maxFee = ANY_FEE;
    } else if (auto fee = words.amount(table, *word)) {
      if (fee->asset || fee->most == ANY_FEE) return table.error(word->line, "fees are paid in SOL.");
      rule.maxFee = fee->most;
    }
  }

  std::uint16_t share(std::string_view key) {
    auto word = table.text(key);
    if (!word) return 0;
    if (auto points = parseShare(word->text)) return *points;
    table.error(word->line, std::string(key) + " is written \"1 %\", \"0.25 %\" or \"25 bps\".");
    return 0;
  }

  void readAmounts() {
    auto list = table.words("max-amounts");
    if (!list) return;
    for (const Word& word : *list) {
      auto amount = words.amount(table, word);
      if (!amount) continue;
      if (std::ranges::find(rule.amounts, amount->asset, &AmountOf::asset) != rule.amounts.end()) {
        table.error(word.line, "max-amounts names one asset twice.");
      }
      rule.amounts.push_back(*amount);
    }
    if (rule.amounts.size() > MAX_AMOUNTS) table.error(list->front().line, "max-amounts has more than 16 amounts.");
  }

  void checkSwaps() {
    if (rule.operations.contains(Operation::SWAP)) {
      if (!rule.receive) error("receive says what a swap may give; it is missing.");
      if (!table.has("max-slippage")) error("max-slippage is missing.");
      return;
    }
    for (std::string_view key : {"receive", "max-slippage", "max-platform-fee"}) {
      refuse(key, " is about swaps, and operations has no swap.");
    }
  }
};

}  // namespace

RuleEntry readRule(const toml::table& table, RuleEffect effect, PolicyFile& file, Remarks& remarks) {
  return RuleReader(table, effect, file, remarks).read();
}

}  // namespace waas::policy::file
