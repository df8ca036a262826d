#pragma once
// Reading one rule of a policy file.

#include "policy/file/policy-file.h"
#include "policy/file/table-reader.h"

namespace waas::policy::file {

/// Reads the words of a file whose mints, lists, labels and limits are known already, and marks what is used.
class Words {
 public:
  explicit Words(PolicyFile& file) : file(file) {}

  /// An address in base58.
  static std::optional<solana::Address> address(const Word& word);
  /// "1.5 SOL", "100 USDC", "5000 lamports".
  std::optional<AmountOf> amount(TableReader& table, const Word& word);
  std::optional<WalletName> wallet(TableReader& table, const Word& word);
  std::optional<CallerName> caller(TableReader& table, const Word& word);
  std::optional<OwnerName> owner(TableReader& table, const Word& word);

  /// What the words of one kind of list may be, besides addresses and "list NAME".
  enum class Kind { PROGRAMS, ASSETS, DESTINATIONS, SIGNERS };
  Addresses addresses(TableReader& table, const std::vector<Word>& words, Kind kind);
  /// Wallets, with labels written out.
  std::set<WalletName> wallets(TableReader& table, const std::vector<Word>& words);
  std::set<std::size_t> limits(TableReader& table, const std::vector<Word>& words);

 private:
  PolicyFile& file;

  bool special(const std::string& text, Kind kind, Addresses& out);
};

/// Reads one [[allow]] or [[deny]].
RuleEntry readRule(const toml::table& table, RuleEffect effect, PolicyFile& file, Remarks& remarks);

}  // namespace waas::policy::file
