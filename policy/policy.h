#pragma once
// A policy as it is decided by: bounded, checked once, then only read.
//
// readPolicy() is the one door for the compiled form (protocol/policy.capnp). It checks every field (P7), so that
// nothing behind it has to: each place that a rule names is there, each list is sorted, each number in its bounds.
// Signature, number and date of the bundle are checked by who took it (protocol/policy-bundle.h); they are kept here
// because decisions speak of them.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "policy/operation.h"
#include "policy/request.h"
#include "policy/verdict.h"
#include "protocol/bytes.h"
#include "solana/address.h"

namespace waas::policy {

inline constexpr std::size_t MAX_RULES = 2'000;
inline constexpr std::size_t MAX_SETS = 1'024;      // of each kind
inline constexpr std::size_t MAX_MEMBERS = 16'384;  // of all sets together
inline constexpr std::size_t MAX_TOKEN_ACCOUNTS = 4'096;
inline constexpr std::size_t MAX_AMOUNTS = 16;  // of one rule
inline constexpr std::size_t MAX_NAME_BYTES = 64;
inline constexpr std::size_t MAX_SYMBOL_BYTES = 16;
inline constexpr std::uint64_t MIN_WINDOW_MS = 60'000;
inline constexpr std::uint64_t MAX_WINDOW_MS = 366ull * 24 * 3600 * 1000;
inline constexpr std::uint16_t MAX_BPS = 10'000;
inline constexpr std::uint64_t ANY_FEE = UINT64_MAX;

/// A set, by its number from 1. 0: the rule says nothing of the kind.
using SetId = std::uint16_t;
/// A place in Policy::addresses.
using Place = std::uint16_t;
inline constexpr Place NO_PLACE = UINT16_MAX;
/// What an amount is of: 0 = SOL, n = the mint at place n-1.
using Asset = std::uint16_t;
inline constexpr Asset SOL = 0;

/// A part of Policy's text or of one of its pools.
struct Slice {
  std::uint32_t begin = 0;
  std::uint32_t count = 0;
};

struct AddressSet {
  Slice members;  // of Policy::places, ascending
  bool any = false;
  bool self = false;
  bool sol = false;
};

struct CallerMatch {
  enum class Kind : std::uint8_t { ANY_PERSON, PERSON, ANY_SERVICE, SERVICE, OPERATOR, DAEMON, UID };
  Kind kind = Kind::ANY_PERSON;
  Id id{};
  std::uint32_t uid = 0;
  Slice name;  // a service's
};

struct WalletMatch {
  enum class Kind : std::uint8_t { ID, ADDRESS, NAME };
  Kind kind = Kind::ID;
  Id id{};
  Place address = 0;
  Slice name;
};

struct OwnerMatch {
  enum class Kind : std::uint8_t { ANY_PERSON, PERSON, ANY_SERVICE, SERVICE };
  Kind kind = Kind::ANY_PERSON;
  Id id{};
  Slice name;  // a service's
};

struct Amount {
  Asset asset = SOL;
  std::uint64_t most = 0;
};

struct Limit {
  std::uint64_t id = 0;
  Slice name;
  std::uint64_t window = 0;  // milliseconds
  std::uint64_t most = 0;
  bool countsUses = false;
  Asset asset = SOL;  // unless it counts uses
};

/// How people write amounts of a mint. Nothing is decided by it.
struct Mint {
  Slice symbol;
  Place address = 0;
  std::uint8_t decimals = 0;
};

/// An associated token account of an address that a rule names as a destination.
struct TokenAccountOf {
  Place address = 0;
  Place owner = 0;
};

enum class RuleEffect : std::uint8_t { ALLOW, DENY };
enum class Tables : std::uint8_t { NONE, STATIC, CLAIMS };

struct Rule {
  Slice name;
  RuleEffect effect = RuleEffect::DENY;
  Tables tables = Tables::STATIC;
  std::uint16_t actions = 0;
  SetId callers = 0, wallets = 0, owners = 0;
  std::uint32_t operations = 0;
  SetId programs = 0, blind = 0, assets = 0, destinations = 0, otherSigners = 0, receive = 0, amounts = 0;
  std::uint16_t maxSlippage = 0, maxPlatformFee = 0;
  std::uint64_t maxFee = 0;
  std::uint32_t limits = 0;

  bool speaksOf(Action action) const noexcept {
    return action != Action::UNKNOWN && (actions >> (static_cast<unsigned>(action) - 1) & 1) != 0;
  }
  bool names(Operation operation) const noexcept {
    return static_cast<unsigned>(operation) < OPERATIONS && (operations >> static_cast<unsigned>(operation) & 1) != 0;
  }
};

/// Move only: rules are many.
struct Policy {
  Policy() = default;
  Policy(Policy&&) = default;
  Policy& operator=(Policy&&) = default;

  std::uint64_t number = 0;    // of the bundle; 0: of none
  std::uint64_t notAfter = 0;  // of the bundle, Unix milliseconds; 0: of none, never over

  Slice name;
  std::vector<char> text;
  std::vector<solana::Address> addresses;  // ascending
  std::vector<Place> places;
  std::vector<AddressSet> addressSets;
  std::vector<Slice> callerSets, walletSets, ownerSets, amountSets;  // of the four pools below
  std::vector<CallerMatch> callers;
  std::vector<WalletMatch> wallets;
  std::vector<OwnerMatch> owners;
  std::vector<Amount> amounts;
  std::vector<Limit> limits;
  std::vector<Rule> rules;
  std::vector<Mint> mints;
  std::vector<TokenAccountOf> tokenAccounts;  // ascending by address

  std::string_view textOf(Slice slice) const noexcept { return {text.data() + slice.begin, slice.count}; }
  const AddressSet& addressSet(SetId set) const noexcept { return addressSets[set - 1u]; }
  template <typename T>
  static std::span<const T> part(const std::vector<T>& pool, Slice slice) noexcept {
    return {pool.data() + slice.begin, slice.count};
  }
  /// Where an address stands; NO_PLACE if no rule names it.
  Place placeOf(solana::AddressView address) const noexcept;
  /// Whose associated token account stands at a place; NO_PLACE if that is not known.
  Place ownerOf(Place tokenAccount) const noexcept;
  /// Whether a set has the address at a place. NO_PLACE is in none.
  bool has(const AddressSet& set, Place place) const noexcept;
};

/// Reads a compiled policy: the whole of `body`, which need not be aligned. Answers null, with `out` filled, or what is
/// wrong, as a literal. Allocates in proportion to the body, which has at most MAX_POLICY_BODY_BYTES. Throws
/// std::bad_alloc only.
const char* readPolicy(Bytes body, Policy& out);

}  // namespace waas::policy
