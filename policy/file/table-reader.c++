#include "policy/file/table-reader.h"

namespace waas::policy::file {

const toml::node* TableReader::take(std::string_view key) {
  known.emplace(key);
  return table.get(key);
}

std::optional<Word> TableReader::text(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  auto value = node->value_exact<std::string>();
  if (!value || value->empty()) {
    error(lineOf(node->source()), std::string(key) + " must be a text that is not empty.");
    return std::nullopt;
  }
  return Word{lineOf(node->source()), *value};
}

std::optional<std::vector<Word>> TableReader::words(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (node->is_string()) {
    auto word = text(key);
    return word ? std::optional(std::vector{*word}) : std::nullopt;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr || array->empty()) {
    error(lineOf(node->source()), std::string(key) + " must be a list of texts that is not empty.");
    return std::nullopt;
  }
  std::vector<Word> words;
  for (const toml::node& item : *array) {
    auto value = item.value_exact<std::string>();
    if (!value || value->empty()) {
      error(lineOf(item.source()), std::string(key) + " must hold texts only.");
      continue;
    }
    words.push_back({lineOf(item.source()), *value});
  }
  return words;
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  auto value = node->value_exact<std::int64_t>();
  if (value && *value >= least && *value <= most) return value;
  error(lineOf(node->source()), std::string(key) + " must be a whole number from " + std::to_string(least) + " to " +
                                    std::to_string(most) + ".");
  return std::nullopt;
}

const toml::table* TableReader::child(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) error(lineOf(node->source()), std::string(key) + " must be a table.");
  return node->as_table();
}

std::vector<const toml::table*> TableReader::children(std::string_view key) {
  std::vector<const toml::table*> tables;
  const toml::node* node = take(key);
  if (node == nullptr) return tables;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    error(lineOf(node->source()), std::string(key) + " is written [[" + std::string(key) + "]].");
    return tables;
  }
  for (const toml::node& item : *array) {
    if (item.is_table()) {
      tables.push_back(item.as_table());
    } else {
      error(lineOf(item.source()), std::string(key) + " is written [[" + std::string(key) + "]].");
    }
  }
  return tables;
}

std::vector<std::pair<Word, const toml::node*>> TableReader::entries() {
  std::vector<std::pair<Word, const toml::node*>> all;
  for (auto&& [key, node] : table) {
    known.emplace(key.str());
    all.emplace_back(Word{lineOf(key.source()), std::string(key.str())}, &node);
  }
  return all;
}

void TableReader::finish() {
  for (auto&& [key, node] : table) {
    if (!known.contains(key.str())) error(lineOf(key.source()), "unknown key " + std::string(key.str()) + ".");
  }
}

}  // namespace waas::policy::file
