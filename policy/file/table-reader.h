#pragma once
// One table of a policy file: every key has to be asked for, or it is an error.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include "policy/file/remark.h"

namespace waas::policy::file {

/// A text of the file, and where it stands.
struct Word {
  unsigned line = 0;
  std::string text;
};

inline unsigned lineOf(const toml::source_region& where) { return where.begin.line; }

class TableReader {
 public:
  /// `what` begins the remarks: "rule pay". Both must outlive the reader.
  TableReader(const toml::table& table, std::string what, Remarks& remarks)
      : table(table), what(std::move(what)), remarks(remarks) {}

  unsigned line() const { return lineOf(table.source()); }
  const std::string& name() const { return what; }

  /// The node of a key; null if it is not there.
  const toml::node* take(std::string_view key);
  /// A text that is not empty.
  std::optional<Word> text(std::string_view key);
  /// A list of texts; one text alone is a list of one. An empty list is an error.
  std::optional<std::vector<Word>> words(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
  /// A table; an error if there is something else.
  const toml::table* child(std::string_view key);
  /// The tables of `[[key]]`.
  std::vector<const toml::table*> children(std::string_view key);
  /// All keys with their nodes, for tables whose keys are names.
  std::vector<std::pair<Word, const toml::node*>> entries();

  bool has(std::string_view key) const { return table.contains(key); }
  void error(unsigned line, const std::string& text) { remarks.push_back({Remark::Kind::ERROR, line, what + text}); }
  /// Says which keys nobody asked for.
  void finish();

 private:
  const toml::table& table;
  std::string what;
  Remarks& remarks;
  std::set<std::string, std::less<>> known;
};

}  // namespace waas::policy::file
