#include <algorithm>

#include "policy/file/names.h"
#include "policy/file/quantity.h"
#include "policy/file/rule-reader.h"

namespace waas::policy::file {
namespace {

bool isShortName(std::string_view text) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !text.empty() && text.size() <= MAX_NAME_BYTES && std::ranges::all_of(text, allowed);
}

/// Words that mean something by themselves, so that no mint can be called so.
bool isTaken(std::string_view symbol) {
  return symbol == "SOL" || symbol == "lamports" || symbol == "any" || symbol == "self" || symbol == "list";
}

class FileReader {
 public:
  explicit FileReader(FileRead& out) : out(out), file(out.file) {}

  void read(const toml::table& root) {
    TableReader table(root, "", out.remarks);
    if (!table.has("format")) {
      table.error(1, "format is missing: write format = 1.");
    }
    table.integer("format", 1, 1);
    readName(table);
    // What rules refer to comes first, wherever it stands.
    if (auto mints = table.child("mints")) readMints(*mints);
    if (auto lists = table.child("lists")) readLists(*lists);
    if (auto labels = table.child("labels")) readLabels(*labels);
    if (auto limits = table.child("limits")) readLimits(*limits);
    for (const toml::table* rule : table.children("allow")) add(readRule(*rule, RuleEffect::ALLOW, file, out.remarks));
    for (const toml::table* rule : table.children("deny")) add(readRule(*rule, RuleEffect::DENY, file, out.remarks));
    table.finish();
    if (file.rules.size() > MAX_RULES) table.error(0, "there are more than 2,000 rules.");
    std::ranges::stable_sort(file.rules, {}, &RuleEntry::line);
  }

 private:
  FileRead& out;
  PolicyFile& file;

  void readName(TableReader& table) {
    auto name = table.text("name");
    if (!name) return;
    bool plain = std::ranges::all_of(name->text, [](char c) { return c >= 0x20 && c < 0x7f; });
    if (!plain || name->text.size() > MAX_NAME_BYTES) {
      return table.error(name->line, "name has at most 64 printable ASCII characters.");
    }
    file.name = name->text;
  }

  void readMints(const toml::table& node) {
    TableReader table(node, "mints: ", out.remarks);
    for (auto& [symbol, value] : table.entries()) {
      if (!isShortName(symbol.text) || symbol.text.size() > MAX_SYMBOL_BYTES || isTaken(symbol.text)) {
        table.error(symbol.line, "\"" + symbol.text +
                                     "\" can't be a symbol: up to 16 letters, digits, - _ and no word that "
                                     "means something else.");
        continue;
      }
      if (!value->is_table()) {
        table.error(symbol.line, symbol.text + " is written { address = \"...\", decimals = 6 }.");
        continue;
      }
      readMint(symbol, *value->as_table());
    }
  }

  void readMint(const Word& symbol, const toml::table& node) {
    TableReader table(node, "mint " + symbol.text + ": ", out.remarks);
    MintEntry mint{symbol.line, symbol.text, {}, 0, false};
    auto text = table.text("address");
    auto address = text ? Words::address(*text) : std::nullopt;
    if (!address) table.error(symbol.line, "address must be a mint's address in base58.");
    if (address && isWrappedSol(*address)) table.error(symbol.line, "wrapped SOL counts as SOL, and needs no mint.");
    if (!table.has("decimals")) table.error(symbol.line, "decimals is missing.");
    auto decimals = table.integer("decimals", 0, 19);
    table.finish();
    for (auto& [other, entry] : file.mints) {
      if (address && entry.address == *address) table.error(symbol.line, other + " has the same address.");
    }
    if (!address || !decimals) return;
    mint.address = *address;
    mint.decimals = static_cast<unsigned>(*decimals);
    file.mints.emplace(symbol.text, mint);
  }

  void readLists(const toml::table& node) {
    TableReader table(node, "lists: ", out.remarks);
    for (auto& [name, value] : table.entries()) {
      if (!isShortName(name.text)) table.error(name.line, "\"" + name.text + "\" can't be a list's name.");
      ListEntry list{name.line, {}, false};
      for (const Word& word : table.words(name.text).value_or(std::vector<Word>())) {
        auto address = Words::address(word);
        if (!address) {
          table.error(word.line, name.text + ": \"" + word.text + "\" is no address in base58.");
        } else if (!list.members.insert(*address).second) {
          table.error(word.line, name.text + ": " + word.text + " is there twice.");
        }
      }
      file.lists.emplace(name.text, list);
    }
  }

  void readLabels(const toml::table& node) {
    TableReader table(node, "labels: ", out.remarks);
    Words words(file);
    for (auto& [name, value] : table.entries()) {
      if (!isShortName(name.text)) table.error(name.line, "\"" + name.text + "\" can't be a label's name.");
      LabelEntry label{name.line, {}, false};
      for (const Word& word : table.words(name.text).value_or(std::vector<Word>())) {
        if (auto wallet = words.wallet(table, word)) label.members.insert(*wallet);
      }
      file.labels.emplace(name.text, label);
    }
  }

  void readLimits(const toml::table& node) {
    TableReader table(node, "limits: ", out.remarks);
    for (auto& [name, value] : table.entries()) {
      if (!isShortName(name.text)) table.error(name.line, "\"" + name.text + "\" can't be a limit's name.");
      if (!value->is_table()) {
        table.error(name.line, "a limit is written [limits." + name.text + "].");
        continue;
      }
      readLimit(name, *value->as_table());
    }
    if (file.limits.size() > MAX_LIMITS) table.error(lineOf(node.source()), "there are more than 32 limits.");
  }

  void readLimit(const Word& name, const toml::table& node) {
    TableReader table(node, "limit " + name.text + ": ", out.remarks);
    Words words(file);
    LimitEntry limit;
    limit.line = name.line;
    limit.name = name.text;
    auto amount = table.text("amount");
    auto uses = table.integer("uses", 1, INT64_MAX);
    if (table.has("amount") == table.has("uses")) {
      table.error(name.line, "a limit has either amount or uses.");
    } else if (amount) {
      if (auto most = words.amount(table, *amount)) {
        limit.asset = most->asset;
        limit.most = most->most;
      }
    } else if (uses) {
      limit.countsUses = true;
      limit.most = static_cast<std::uint64_t>(*uses);
    }
    auto per = table.text("per");
    auto window = per ? parseDuration(per->text) : std::nullopt;
    if (!window || *window < MIN_WINDOW_MS || *window > MAX_WINDOW_MS) {
      table.error(per ? per->line : name.line, "per is a time from \"1 minute\" to \"366 days\".");
    }
    limit.window = window.value_or(0);
    table.finish();
    for (const LimitEntry& other : file.limits) {
      if (limitId(other) == limitId(limit))
        table.error(name.line, "limit " + other.name + " can't be told from this one.");
    }
    file.limits.push_back(limit);
  }

  void add(RuleEntry rule) {
    for (const RuleEntry& other : file.rules) {
      if (other.name == rule.name && !rule.name.empty()) {
        out.remarks.push_back(
            {Remark::Kind::ERROR, rule.line,
             "rule \"" + rule.name + "\": the rule of line " + std::to_string(other.line) + " has the same name."});
      }
    }
    file.rules.push_back(std::move(rule));
  }
};

}  // namespace

FileRead readPolicyFile(std::string_view text) {
  FileRead out;
  if (text.size() > MAX_FILE_BYTES) {
    out.remarks.push_back({Remark::Kind::ERROR, 0, "The file is larger than 1 MiB."});
    return out;
  }
  try {
    toml::table root = toml::parse(text);
    FileReader(out).read(root);
  } catch (const toml::parse_error& error) {
    out.remarks.push_back({Remark::Kind::ERROR, lineOf(error.source()), std::string(error.description()) + "."});
  }
  std::ranges::stable_sort(out.remarks, {}, &Remark::line);
  return out;
}

}  // namespace waas::policy::file
