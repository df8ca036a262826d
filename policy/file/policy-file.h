#pragma once
// Policy files: TOML that an operator writes, docs/policy.md is their manual.
//
//   auto read = readPolicyFile(text);          // what the file says, and what is wrong with it
//   if (!read.failed()) bytes = compile(read.file);
//
// Everything that the file says is looked at: an unknown key is an error, with its line (P9).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/file/remark.h"
#include "policy/policy.h"
#include "solana/address.h"

namespace waas::policy::file {

inline constexpr std::size_t MAX_FILE_BYTES = std::size_t{1} << 20;

/// A list of addresses of one rule, with what a list can say besides.
struct Addresses {
  std::set<solana::Address> members;
  bool any = false, self = false, sol = false;

  bool empty() const { return members.empty() && !any && !self && !sol; }
  auto operator<=>(const Addresses&) const = default;
};

struct CallerName {
  CallerMatch::Kind kind = CallerMatch::Kind::ANY_PERSON;
  Id id{};
  std::uint32_t uid = 0;
  std::string name;
  auto operator<=>(const CallerName&) const = default;
};

struct WalletName {
  WalletMatch::Kind kind = WalletMatch::Kind::ID;
  Id id{};
  solana::Address address;
  std::string name;
  auto operator<=>(const WalletName&) const = default;
};

struct OwnerName {
  OwnerMatch::Kind kind = OwnerMatch::Kind::ANY_PERSON;
  Id id{};
  std::string name;
  auto operator<=>(const OwnerName&) const = default;
};

/// An asset: SOL, or a mint.
using AssetName = std::optional<solana::Address>;

struct AmountOf {
  AssetName asset;
  std::uint64_t most = 0;
  auto operator<=>(const AmountOf&) const = default;
};

struct MintEntry {
  unsigned line = 0;
  std::string symbol;
  solana::Address address;
  unsigned decimals = 0;
  bool used = false;
};

struct ListEntry {
  unsigned line = 0;
  std::set<solana::Address> members;
  bool used = false;
};

struct LabelEntry {
  unsigned line = 0;
  std::set<WalletName> members;
  bool used = false;
};

struct LimitEntry {
  unsigned line = 0;
  std::string name;
  std::uint64_t window = 0;
  std::uint64_t most = 0;
  bool countsUses = false;
  AssetName asset;
  bool used = false;
};

/// A rule as the file has it. A list that is not there is not said.
struct RuleEntry {
  unsigned line = 0;
  std::string name;
  RuleEffect effect = RuleEffect::DENY;
  std::set<Action> actions;
  std::optional<std::set<CallerName>> callers;
  std::optional<std::set<WalletName>> wallets;
  std::optional<std::set<OwnerName>> owners;
  std::set<Operation> operations;
  std::optional<Addresses> programs, blind, assets, destinations, otherSigners, receive;
  Tables tables = Tables::NONE;
  std::uint16_t maxSlippage = 0, maxPlatformFee = 0;
  std::uint64_t maxFee = 0;
  std::vector<AmountOf> amounts;
  std::set<std::size_t> limits;  // places in PolicyFile::limits

  bool speaksOfTransactions() const { return actions.contains(Action::SIGN_TRANSACTION); }
};

struct PolicyFile {
  std::string name;
  std::map<std::string, MintEntry> mints;
  std::map<std::string, ListEntry> lists;
  std::map<std::string, LabelEntry> labels;
  std::vector<LimitEntry> limits;
  std::vector<RuleEntry> rules;
};

struct FileRead {
  PolicyFile file;
  Remarks remarks;  // errors; lint() adds warnings

  bool failed() const { return !remarks.empty(); }
};

/// Reads a policy file. With errors, `file` holds what could be read, and is not to be compiled.
FileRead readPolicyFile(std::string_view text);

/// What is allowed and yet hardly meant: rules that can never match, rules in the shadow of others, lists that nobody
/// uses, bounds that can't bind. All are warnings. For a file without errors.
Remarks lint(const PolicyFile& file);

/// The compiled form (protocol/policy.capnp) of a file without errors. Nothing if it is larger than a bundle can hold.
std::optional<std::vector<std::uint8_t>> compile(const PolicyFile& file);

/// The number by which a wallet's windows know a limit: it follows from the limit's name, its asset and its window, so
/// that a limit whose bound is changed goes on from what was used, and one that measures something else begins anew.
std::uint64_t limitId(const LimitEntry& limit);

}  // namespace waas::policy::file
