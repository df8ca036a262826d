#include "policy/policy.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <protocol/policy.capnp.h>

#include <algorithm>
#include <bit>

#include "policy/limits.h"
#include "protocol/certificate.h"
#include "protocol/policy-bundle.h"

namespace waas::policy {
namespace {

namespace rpc = protocol::compiled;

constexpr std::uint64_t TRAVERSAL_WORDS = 4 * MAX_POLICY_BODY_BYTES / sizeof(capnp::word);
constexpr int NESTING = 8;
constexpr std::size_t MAX_SERVICE_BYTES = 32;
constexpr std::uint8_t MAX_DECIMALS = 19;
constexpr std::uint16_t FORMAT = 1;

/// What is wrong; a literal.
struct Wrong {
  const char* says;
};

void require(bool holds, const char* says) {
  if (!holds) throw Wrong{says};
}

bool isPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string_view view(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

/// Fills one Policy, part by part. Throws Wrong.
class PolicyReader {
 public:
  PolicyReader(rpc::Policy::Reader root, Policy& out) : root(root), out(out) {}

  void read() {
    require(root.getFormat() == FORMAT, "the policy's format is not known");
    out.name = plainText(root.getName(), 0, MAX_NAME_BYTES, "the policy's name");
    readAddresses();
    for (auto set : counted(root.getAddressSets(), MAX_SETS, "too many sets of addresses")) readAddressSet(set);
    readSets(root.getCallerSets(), out.callerSets, out.callers, [&](auto member) { return callerMatch(member); });
    readSets(root.getWalletSets(), out.walletSets, out.wallets, [&](auto member) { return walletMatch(member); });
    readSets(root.getOwnerSets(), out.ownerSets, out.owners, [&](auto member) { return ownerMatch(member); });
    readSets(root.getAmountSets(), out.amountSets, out.amounts, [&](auto member) { return amount(member); });
    checkAmountSets();
    for (auto limit : counted(root.getLimits(), MAX_LIMITS, "too many limits")) readLimit(limit);
    for (auto mint : counted(root.getMints(), MAX_SETS, "too many mints")) readMint(mint);
    for (auto account : counted(root.getTokenAccounts(), MAX_TOKEN_ACCOUNTS, "too many token accounts")) {
      readTokenAccount(account);
    }
    for (auto rule : counted(root.getRules(), MAX_RULES, "too many rules")) readRule(rule);
    checkRuleNames();
  }

 private:
  rpc::Policy::Reader root;
  Policy& out;
  std::size_t members = 0;

  template <typename List>
  static List counted(List list, std::size_t most, const char* says) {
    require(list.size() <= most, says);
    return list;
  }

  /// Members of all sets are counted together, so that what is read stays in proportion.
  template <typename List>
  List countedMembers(List list) {
    require(list.size() <= MAX_MEMBERS - members, "too many members of sets");
    members += list.size();
    return list;
  }

  Slice keep(std::string_view text) {
    Slice slice{static_cast<std::uint32_t>(out.text.size()), static_cast<std::uint32_t>(text.size())};
    out.text.insert(out.text.end(), text.begin(), text.end());
    return slice;
  }

  Slice plainText(capnp::Text::Reader text, std::size_t least, std::size_t most, const char*) {
    std::string_view chars = view(text);
    require(chars.size() >= least && chars.size() <= most && isPlain(chars), "a name is not plain, or too long");
    return keep(chars);
  }

  Slice serviceName(capnp::Text::Reader text) {
    std::string_view chars = view(text);
    bool plain =
        std::ranges::all_of(chars, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    require(!chars.empty() && chars.size() <= MAX_SERVICE_BYTES && plain, "a service's name is malformed");
    return keep(chars);
  }

  static Id id(capnp::Data::Reader data) {
    Id id;
    require(data.size() == id.size(), "an id has 16 bytes");
    std::copy(data.begin(), data.end(), id.begin());
    return id;
  }

  Place place(std::uint16_t value) const {
    require(value < out.addresses.size(), "an address is named that is not there");
    return value;
  }

  Asset asset(std::uint16_t value) const {
    if (value != SOL) place(static_cast<std::uint16_t>(value - 1));
    return value;
  }

  void readAddresses() {
    auto data = root.getAddresses();
    require(data.size() % solana::ADDRESS_SIZE == 0, "the addresses are cut");
    std::size_t count = data.size() / solana::ADDRESS_SIZE;
    require(count < NO_PLACE, "too many addresses");
    out.addresses.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(data.begin() + i * solana::ADDRESS_SIZE, solana::ADDRESS_SIZE, out.addresses[i].bytes.begin());
      require(i == 0 || out.addresses[i - 1] < out.addresses[i], "the addresses are not in order");
    }
  }

  void readAddressSet(rpc::AddressSet::Reader in) {
    AddressSet set{{static_cast<std::uint32_t>(out.places.size()), 0}, in.getAny(), in.getSelf(), in.getSol()};
    for (auto member : countedMembers(in.getMembers())) {
      require(set.members.count == 0 || out.places.back() < member, "a set is not in order");
      out.places.push_back(place(member));
      ++set.members.count;
    }
    out.addressSets.push_back(set);
  }

  template <typename Sets, typename Match, typename Read>
  void readSets(Sets sets, std::vector<Slice>& slices, std::vector<Match>& pool, Read read) {
    for (auto set : counted(sets, MAX_SETS, "too many sets")) {
      auto list = countedMembers(set.getMembers());
      slices.push_back({static_cast<std::uint32_t>(pool.size()), list.size()});
      for (auto member : list) pool.push_back(read(member));
    }
  }

  CallerMatch callerMatch(rpc::Caller::Reader in) {
    using Kind = CallerMatch::Kind;
    switch (in.which()) {
      case rpc::Caller::ANY_PERSON: return {Kind::ANY_PERSON, {}, 0, {}};
      case rpc::Caller::PERSON: return {Kind::PERSON, id(in.getPerson()), 0, {}};
      case rpc::Caller::ANY_SERVICE: return {Kind::ANY_SERVICE, {}, 0, {}};
      case rpc::Caller::SERVICE: {
        auto service = in.getService();
        return {Kind::SERVICE, id(service.getId()), 0, serviceName(service.getName())};
      }
      case rpc::Caller::OPERATOR: return {Kind::OPERATOR, {}, 0, {}};
      case rpc::Caller::DAEMON: return {Kind::DAEMON, {}, 0, {}};
      case rpc::Caller::UID: return {Kind::UID, {}, in.getUid(), {}};
    }
    throw Wrong{"a caller of an unknown kind"};
  }

  WalletMatch walletMatch(rpc::Wallet::Reader in) {
    using Kind = WalletMatch::Kind;
    switch (in.which()) {
      case rpc::Wallet::ID: return {Kind::ID, id(in.getId()), 0, {}};
      case rpc::Wallet::ADDRESS: return {Kind::ADDRESS, {}, place(in.getAddress()), {}};
      case rpc::Wallet::NAME:
        require(isWalletName(view(in.getName())), "a wallet's name is malformed");
        return {Kind::NAME, {}, 0, keep(view(in.getName()))};
    }
    throw Wrong{"a wallet of an unknown kind"};
  }

  OwnerMatch ownerMatch(rpc::Owner::Reader in) {
    using Kind = OwnerMatch::Kind;
    switch (in.which()) {
      case rpc::Owner::ANY_PERSON: return {Kind::ANY_PERSON, {}, {}};
      case rpc::Owner::PERSON: return {Kind::PERSON, id(in.getPerson()), {}};
      case rpc::Owner::ANY_SERVICE: return {Kind::ANY_SERVICE, {}, {}};
      case rpc::Owner::SERVICE: {
        auto service = in.getService();
        return {Kind::SERVICE, id(service.getId()), serviceName(service.getName())};
      }
    }
    throw Wrong{"an owner of an unknown kind"};
  }

  Amount amount(rpc::Amount::Reader in) { return {asset(in.getAsset()), in.getMost()}; }

  void checkAmountSets() const {
    for (Slice slice : out.amountSets) {
      auto set = Policy::part(out.amounts, slice);
      require(set.size() <= MAX_AMOUNTS, "too many amounts in one set");
      for (std::size_t i = 1; i < set.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) require(set[i].asset != set[j].asset, "an asset has two amounts");
      }
    }
  }

  void readLimit(rpc::Limit::Reader in) {
    Limit limit{.id = in.getId(),
                .name = plainText(in.getName(), 1, MAX_NAME_BYTES, "a limit's name"),
                .window = in.getWindow(),
                .most = in.getMost(),
                .countsUses = in.isUses(),
                .asset = SOL};
    require(in.isUses() || in.isAsset(), "a limit of an unknown kind");
    if (in.isAsset()) limit.asset = asset(in.getAsset());
    require(limit.window >= MIN_WINDOW_MS && limit.window <= MAX_WINDOW_MS,
            "a limit's window is too short or too long");
    require(limit.id != 0 && std::ranges::find(out.limits, limit.id, &Limit::id) == out.limits.end(),
            "two limits are alike");
    out.limits.push_back(limit);
  }

  void readMint(rpc::Mint::Reader in) {
    require(in.getDecimals() <= MAX_DECIMALS, "a mint has too many decimals");
    out.mints.push_back(
        {plainText(in.getSymbol(), 1, MAX_SYMBOL_BYTES, "a mint's symbol"), place(in.getAddress()), in.getDecimals()});
  }

  void readTokenAccount(rpc::TokenAccount::Reader in) {
    TokenAccountOf account{place(in.getAddress()), place(in.getOwner())};
    require(out.tokenAccounts.empty() || out.tokenAccounts.back().address < account.address,
            "the token accounts are not in order");
    out.tokenAccounts.push_back(account);
  }

  static SetId set(std::uint16_t value, std::size_t count) {
    require(value <= count, "a rule names a set that is not there");
    return value;
  }
  SetId addressSet(std::uint16_t value) const { return set(value, out.addressSets.size()); }

  void readRule(rpc::Rule::Reader in) {
    Rule rule;
    rule.name = plainText(in.getName(), 1, MAX_NAME_BYTES, "a rule's name");
    rule.actions = in.getActions();
    require(rule.actions != 0 && rule.actions >> ACTIONS == 0, "a rule speaks of no action, or of an unknown one");
    rule.callers = set(in.getCallers(), out.callerSets.size());
    rule.wallets = set(in.getWallets(), out.walletSets.size());
    rule.owners = set(in.getOwners(), out.ownerSets.size());
    rule.operations = in.getOperations();
    require((rule.operations & ~ALL_OPERATIONS) == 0, "a rule names an unknown operation");
    rule.programs = addressSet(in.getPrograms());
    rule.assets = addressSet(in.getAssets());
    rule.destinations = addressSet(in.getDestinations());
    rule.otherSigners = addressSet(in.getOtherSigners());
    switch (in.getEffect()) {
      case rpc::Rule::Effect::ALLOW: readAllow(in, rule); break;
      case rpc::Rule::Effect::DENY: readDeny(in, rule); break;
      default: throw Wrong{"a rule neither allows nor denies"};
    }
    out.rules.push_back(rule);
  }

  void readAllow(rpc::Rule::Reader in, Rule& rule) const {
    rule.effect = RuleEffect::ALLOW;
    rule.blind = addressSet(in.getBlind());
    rule.receive = addressSet(in.getReceive());
    rule.amounts = set(in.getAmounts(), out.amountSets.size());
    rule.maxSlippage = in.getMaxSlippage();
    rule.maxPlatformFee = in.getMaxPlatformFee();
    require(rule.maxSlippage <= MAX_BPS && rule.maxPlatformFee <= MAX_BPS, "more than 100 %");
    rule.maxFee = in.getMaxFee();
    rule.limits = in.getLimits();
    require(out.limits.size() == MAX_LIMITS || rule.limits >> out.limits.size() == 0,
            "a rule names a limit that is not there");
    switch (in.getTables()) {
      case rpc::Rule::Tables::NONE: rule.tables = Tables::NONE; break;
      case rpc::Rule::Tables::STATIC: rule.tables = Tables::STATIC; break;
      case rpc::Rule::Tables::CLAIMS: rule.tables = Tables::CLAIMS; break;
      default: throw Wrong{"a rule has an unknown word on lookup tables"};
    }
  }

  /// What only widens has no place in a rule that denies.
  static void readDeny(rpc::Rule::Reader in, Rule& rule) {
    rule.effect = RuleEffect::DENY;
    require(in.getBlind() == 0 && in.getReceive() == 0 && in.getAmounts() == 0 && in.getMaxSlippage() == 0 &&
                in.getMaxPlatformFee() == 0 && in.getMaxFee() == 0 && in.getLimits() == 0 &&
                in.getTables() == rpc::Rule::Tables::NONE,
            "a rule that denies says what only an allowing one can");
  }

  void checkRuleNames() const {
    std::vector<std::string_view> names;
    names.reserve(out.rules.size());
    for (const Rule& rule : out.rules) names.push_back(out.textOf(rule.name));
    std::ranges::sort(names);
    require(std::ranges::adjacent_find(names) == names.end(), "two rules have the same name");
  }
};

}  // namespace

Place Policy::placeOf(solana::AddressView address) const noexcept {
  auto compare = [](const solana::Address& a, solana::AddressView b) {
    return std::memcmp(a.bytes.data(), b.data(), solana::ADDRESS_SIZE) < 0;
  };
  auto found = std::lower_bound(addresses.begin(), addresses.end(), address, compare);
  if (found == addresses.end() || !solana::same(*found, address)) return NO_PLACE;
  return static_cast<Place>(found - addresses.begin());
}

Place Policy::ownerOf(Place tokenAccount) const noexcept {
  auto found = std::ranges::lower_bound(tokenAccounts, tokenAccount, {}, &TokenAccountOf::address);
  return found == tokenAccounts.end() || found->address != tokenAccount ? NO_PLACE : found->owner;
}

bool Policy::has(const AddressSet& set, Place place) const noexcept {
  if (place == NO_PLACE) return false;
  auto members = part(places, set.members);
  return std::ranges::binary_search(members, place);
}

const char* readPolicy(Bytes body, Policy& out) {
  if (body.empty() || body.size() > MAX_POLICY_BODY_BYTES || body.size() % sizeof(capnp::word) != 0) {
    return "the policy has no size that one can have";
  }
  auto words = kj::heapArray<capnp::word>(body.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), body.data(), body.size());
  try {
    capnp::FlatArrayMessageReader reader(words, capnp::ReaderOptions{TRAVERSAL_WORDS, NESTING});
    if (reader.getEnd() != words.end()) return "something follows the policy";
    Policy policy;
    PolicyReader(reader.getRoot<rpc::Policy>(), policy).read();
    out = std::move(policy);
    return nullptr;
  } catch (const Wrong& wrong) {
    return wrong.says;
  } catch (const kj::Exception&) {
    return "the policy is no message that can be read";
  }
}

}  // namespace waas::policy
