#include <algorithm>
#include <charconv>

#include "policy/file/names.h"
#include "policy/file/quantity.h"
#include "policy/file/rule-reader.h"
#include "protocol/certificate.h"
#include "protocol/service-owner.h"

namespace waas::policy::file {
namespace {

/// The rest of a text after its first word, if that is `word`.
std::optional<std::string> after(const std::string& text, std::string_view word) {
  if (!text.starts_with(word) || text.size() <= word.size() + 1 || text[word.size()] != ' ') return std::nullopt;
  return text.substr(word.size() + 1);
}

std::optional<Id> parseId(std::string_view text) {
  Id id;
  if (text.size() != 2 * id.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); ++i) {
    auto [end, error] = std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, id[i], 16);
    if (error != std::errc() || end != text.data() + 2 * i + 2) return std::nullopt;
  }
  return id;
}

std::optional<std::uint32_t> parseUid(std::string_view text) {
  std::uint32_t uid = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), uid);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return uid;
}

}  // namespace

std::optional<solana::Address> Words::address(const Word& word) { return solana::parseAddress(word.text); }

std::optional<AmountOf> Words::amount(TableReader& table, const Word& word) {
  auto quantity = splitQuantity(word.text);
  if (!quantity) {
    table.error(word.line, "\"" + word.text + "\" is no amount: write a number, a blank and a unit, as \"1.5 SOL\".");
    return std::nullopt;
  }
  AmountOf amount;
  unsigned decimals = 9;
  if (quantity->unit == "lamports") {
    decimals = 0;
  } else if (quantity->unit != "SOL") {
    auto mint = file.mints.find(std::string(quantity->unit));
    if (mint == file.mints.end()) {
      table.error(word.line, "there is no mint " + std::string(quantity->unit) + ": declare it under [mints].");
      return std::nullopt;
    }
    mint->second.used = true;
    amount.asset = mint->second.address;
    decimals = mint->second.decimals;
  }
  auto most = parseAmount(quantity->number, decimals);
  if (!most) {
    table.error(word.line, "\"" + word.text + "\" is no exact amount of " + std::string(quantity->unit) +
                               ", which has " + std::to_string(decimals) + " decimals and 64 bits.");
    return std::nullopt;
  }
  amount.most = *most;
  return amount;
}

std::optional<CallerName> Words::caller(TableReader& table, const Word& word) {
  using Kind = CallerMatch::Kind;
  CallerName out;
  if (word.text == "person") return CallerName{Kind::ANY_PERSON, {}, 0, {}};
  if (word.text == "service") return CallerName{Kind::ANY_SERVICE, {}, 0, {}};
  if (word.text == "operator") return CallerName{Kind::OPERATOR, {}, 0, {}};
  if (word.text == "daemon") return CallerName{Kind::DAEMON, {}, 0, {}};
  if (auto text = after(word.text, "uid")) {
    if (auto uid = parseUid(*text)) return CallerName{Kind::UID, {}, *uid, {}};
  } else if (auto owner = this->owner(table, word)) {
    out.kind = owner->kind == OwnerMatch::Kind::PERSON ? Kind::PERSON : Kind::SERVICE;
    out.id = owner->id;
    out.name = owner->name;
    return out;
  } else {
    return std::nullopt;
  }
  table.error(word.line, "\"" + word.text + "\" is no caller: uid is followed by a number.");
  return std::nullopt;
}

std::optional<OwnerName> Words::owner(TableReader& table, const Word& word) {
  using Kind = OwnerMatch::Kind;
  if (word.text == "person") return OwnerName{Kind::ANY_PERSON, {}, {}};
  if (word.text == "service") return OwnerName{Kind::ANY_SERVICE, {}, {}};
  if (auto text = after(word.text, "person")) {
    if (auto id = parseId(*text)) return OwnerName{Kind::PERSON, *id, {}};
    table.error(word.line, "\"" + word.text + "\": a person is named by a user id of 32 hex digits.");
    return std::nullopt;
  }
  if (auto name = after(word.text, "service")) {
    if (isServiceName(*name)) return OwnerName{Kind::SERVICE, serviceOwner(*name).id, *name};
    table.error(word.line, "\"" + word.text + "\": a service's name has up to 32 of a-z, 0-9 and -.");
    return std::nullopt;
  }
  table.error(word.line, "\"" + word.text + "\" is nobody that a rule can name.");
  return std::nullopt;
}

std::optional<WalletName> Words::wallet(TableReader& table, const Word& word) {
  using Kind = WalletMatch::Kind;
  if (auto text = after(word.text, "id")) {
    if (auto id = parseId(*text)) return WalletName{Kind::ID, *id, {}, {}};
  } else if (auto base58 = after(word.text, "address")) {
    if (auto found = address({word.line, *base58})) return WalletName{Kind::ADDRESS, {}, *found, {}};
  } else if (auto name = after(word.text, "name")) {
    if (isWalletName(*name)) return WalletName{Kind::NAME, {}, {}, *name};
  }
  table.error(word.line, "\"" + word.text +
                             "\" is no wallet: write \"id <32 hex digits>\", \"address <base58>\", "
                             "\"name <name>\" or, in a rule, \"label <label>\".");
  return std::nullopt;
}

std::set<WalletName> Words::wallets(TableReader& table, const std::vector<Word>& words) {
  std::set<WalletName> out;
  for (const Word& word : words) {
    if (auto name = after(word.text, "label")) {
      auto label = file.labels.find(*name);
      if (label == file.labels.end()) {
        table.error(word.line, "there is no label " + *name + ": declare it under [labels].");
        continue;
      }
      label->second.used = true;
      out.insert(label->second.members.begin(), label->second.members.end());
    } else if (auto found = wallet(table, word)) {
      out.insert(*found);
    }
  }
  return out;
}

bool Words::special(const std::string& text, Kind kind, Addresses& out) {
  if (text == "any") {
    out.any = true;
    return true;
  }
  if (kind == Kind::DESTINATIONS && text == "self") {
    out.self = true;
    return true;
  }
  if (kind == Kind::ASSETS && text == "SOL") {
    out.sol = true;
    return true;
  }
  if (kind == Kind::PROGRAMS) {
    if (auto program = programNamed(text)) {
      out.members.insert(*program);
      return true;
    }
  }
  if (kind == Kind::ASSETS) {
    if (auto mint = file.mints.find(text); mint != file.mints.end()) {
      mint->second.used = true;
      out.members.insert(mint->second.address);
      return true;
    }
  }
  return false;
}

Addresses Words::addresses(TableReader& table, const std::vector<Word>& words, Kind kind) {
  Addresses out;
  for (const Word& word : words) {
    if (special(word.text, kind, out)) continue;
    if (auto name = after(word.text, "list")) {
      auto list = file.lists.find(*name);
      if (list == file.lists.end()) {
        table.error(word.line, "there is no list " + *name + ": declare it under [lists].");
        continue;
      }
      list->second.used = true;
      out.members.insert(list->second.members.begin(), list->second.members.end());
    } else if (auto found = address(word)) {
      out.members.insert(*found);
    } else {
      table.error(word.line, "\"" + word.text + "\" is no address, no \"list NAME\" and no word that is known here.");
    }
  }
  // Lamports as tokens are lamports.
  if (kind == Kind::ASSETS && std::erase_if(out.members, [](auto& mint) { return isWrappedSol(mint); }) > 0) {
    out.sol = true;
  }
  return out;
}

std::set<std::size_t> Words::limits(TableReader& table, const std::vector<Word>& words) {
  std::set<std::size_t> out;
  for (const Word& word : words) {
    auto limit = std::ranges::find(file.limits, word.text, &LimitEntry::name);
    if (limit == file.limits.end()) {
      table.error(word.line, "there is no limit " + word.text + ": declare it as [limits." + word.text + "].");
      continue;
    }
    limit->used = true;
    out.insert(static_cast<std::size_t>(limit - file.limits.begin()));
  }
  return out;
}

}  // namespace waas::policy::file
