#include <capnp/message.h>
#include <capnp/serialize.h>
#include <protocol/policy.capnp.h>

#include <algorithm>

#include "policy/file/policy-file.h"
#include "protocol/policy-bundle.h"
#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"
#include "solana/program-address.h"

namespace waas::policy::file {
namespace {

namespace rpc = protocol::compiled;

capnp::Text::Reader reader(const std::string& text) { return capnp::Text::Reader(text.c_str(), text.size()); }
capnp::Data::Reader reader(const Id& id) { return capnp::Data::Reader(id.data(), id.size()); }

/// Equal sets once, in the order in which rules name them first.
template <typename Set>
class Sets {
 public:
  /// The set's number, from 1.
  std::uint16_t number(const Set& set) {
    auto [found, added] = numbers.emplace(set, static_cast<std::uint16_t>(numbers.size() + 1));
    if (added) order.push_back(&found->first);
    return found->second;
  }
  std::uint16_t number(const std::optional<Set>& set) { return set ? number(*set) : std::uint16_t{0}; }
  const std::vector<const Set*>& all() const { return order; }

 private:
  std::map<Set, std::uint16_t> numbers;
  std::vector<const Set*> order;
};

class Compiler {
 public:
  explicit Compiler(const PolicyFile& file) : file(file) {}

  std::vector<std::uint8_t> compile() {
    collectAddresses();
    capnp::MallocMessageBuilder message(FIRST_SEGMENT_WORDS);
    auto policy = message.initRoot<rpc::Policy>();
    policy.setFormat(1);
    policy.setName(reader(file.name));
    writeAddresses(policy);
    auto rules = policy.initRules(size(file.rules));
    for (unsigned i = 0; i < rules.size(); ++i) writeRule(rules[i], file.rules[i]);
    writeSets(policy);
    auto limits = policy.initLimits(size(file.limits));
    for (unsigned i = 0; i < limits.size(); ++i) writeLimit(limits[i], file.limits[i]);
    auto mints = policy.initMints(size(file.mints));
    unsigned i = 0;
    for (auto& [symbol, mint] : file.mints) {
      auto out = mints[i++];
      out.setSymbol(reader(symbol));
      out.setAddress(place(mint.address));
      out.setDecimals(static_cast<std::uint8_t>(mint.decimals));
    }
    auto accounts = policy.initTokenAccounts(size(tokenAccounts));
    i = 0;
    for (auto& [account, owner] : tokenAccounts) {
      accounts[i].setAddress(place(account));
      accounts[i++].setOwner(place(owner));
    }
    return oneSegment(policy.asReader());
  }

 private:
  static constexpr unsigned FIRST_SEGMENT_WORDS = 1 << 14;

  const PolicyFile& file;
  std::set<solana::Address> collected;
  std::vector<solana::Address> addresses;
  std::map<solana::Address, solana::Address> tokenAccounts;  // account to owner
  Sets<Addresses> addressSets;
  Sets<std::set<CallerName>> callerSets;
  Sets<std::set<WalletName>> walletSets;
  Sets<std::set<OwnerName>> ownerSets;
  Sets<std::vector<AmountOf>> amountSets;

  template <typename Container>
  static unsigned size(const Container& container) {
    return static_cast<unsigned>(container.size());
  }

  void collectAddresses() {
    for (auto& [symbol, mint] : file.mints) collected.insert(mint.address);
    for (const LimitEntry& limit : file.limits) {
      if (limit.asset) collected.insert(*limit.asset);
    }
    for (const RuleEntry& rule : file.rules) {
      for (auto* list :
           {&rule.programs, &rule.blind, &rule.assets, &rule.destinations, &rule.otherSigners, &rule.receive}) {
        if (*list) collected.insert((*list)->members.begin(), (*list)->members.end());
      }
      for (const WalletName& wallet : rule.wallets.value_or(std::set<WalletName>())) {
        if (wallet.kind == WalletMatch::Kind::ADDRESS) collected.insert(wallet.address);
      }
      for (const AmountOf& amount : rule.amounts) {
        if (amount.asset) collected.insert(*amount.asset);
      }
    }
    for (const RuleEntry& rule : file.rules) collectTokenAccounts(rule);
    for (auto& [account, owner] : tokenAccounts) collected.insert(account);
    addresses.assign(collected.begin(), collected.end());
  }

  /// For the mints that a rule names, or for all that the file declares if it names none.
  void collectTokenAccounts(const RuleEntry& rule) {
    if (!rule.destinations) return;
    std::set<solana::Address> mints;
    bool all = !rule.assets || rule.assets->any;
    if (!all) mints = rule.assets->members;
    if (all || rule.assets->sol) mints.insert(solana::token::NATIVE_MINT);
    for (auto& [symbol, mint] : file.mints) {
      if (all) mints.insert(mint.address);
    }
    for (const solana::Address& owner : rule.destinations->members) {
      for (const solana::Address& mint : mints) {
        for (const solana::Address& program : {solana::token::PROGRAM, solana::token2022::PROGRAM}) {
          if (auto account = solana::associatedTokenAddress(owner, mint, program))
            tokenAccounts.emplace(*account, owner);
        }
      }
    }
  }

  std::uint16_t place(const solana::Address& address) const {
    return static_cast<std::uint16_t>(std::ranges::lower_bound(addresses, address) - addresses.begin());
  }
  std::uint16_t asset(const AssetName& name) const {
    return name ? static_cast<std::uint16_t>(place(*name) + 1) : std::uint16_t{0};
  }

  void writeAddresses(rpc::Policy::Builder policy) const {
    auto out = policy.initAddresses(size(addresses) * static_cast<unsigned>(solana::ADDRESS_SIZE));
    auto at = out.begin();
    for (const solana::Address& address : addresses) at = std::ranges::copy(address.bytes, at).out;
  }

  void writeRule(rpc::Rule::Builder out, const RuleEntry& rule) {
    out.setName(reader(rule.name));
    out.setEffect(rule.effect == RuleEffect::ALLOW ? rpc::Rule::Effect::ALLOW : rpc::Rule::Effect::DENY);
    unsigned actions = 0;
    for (Action action : rule.actions) actions |= 1u << (static_cast<unsigned>(action) - 1);
    out.setActions(static_cast<std::uint16_t>(actions));
    out.setCallers(callerSets.number(rule.callers));
    out.setWallets(walletSets.number(rule.wallets));
    out.setOwners(ownerSets.number(rule.owners));
    std::uint32_t operations = 0;
    for (Operation operation : rule.operations) operations |= 1u << static_cast<unsigned>(operation);
    out.setOperations(operations);
    out.setPrograms(addressSets.number(rule.programs));
    out.setAssets(addressSets.number(rule.assets));
    out.setDestinations(addressSets.number(rule.destinations));
    out.setOtherSigners(addressSets.number(rule.otherSigners));
    if (rule.effect == RuleEffect::ALLOW) writeAllow(out, rule);
  }

  void writeAllow(rpc::Rule::Builder out, const RuleEntry& rule) {
    out.setBlind(addressSets.number(rule.blind));
    out.setReceive(addressSets.number(rule.receive));
    switch (rule.tables) {
      case Tables::NONE: out.setTables(rpc::Rule::Tables::NONE); break;
      case Tables::STATIC: out.setTables(rpc::Rule::Tables::STATIC); break;
      case Tables::CLAIMS: out.setTables(rpc::Rule::Tables::CLAIMS); break;
    }
    out.setMaxSlippage(rule.maxSlippage);
    out.setMaxPlatformFee(rule.maxPlatformFee);
    out.setMaxFee(rule.maxFee);
    if (!rule.amounts.empty()) out.setAmounts(amountSets.number(rule.amounts));
    std::uint32_t limits = 0;
    for (std::size_t limit : rule.limits) limits |= 1u << limit;
    out.setLimits(limits);
  }

  void writeSets(rpc::Policy::Builder policy) const {
    auto lists = policy.initAddressSets(size(addressSets.all()));
    for (unsigned i = 0; i < lists.size(); ++i) {
      const Addresses& set = *addressSets.all()[i];
      lists[i].setAny(set.any);
      lists[i].setSelf(set.self);
      lists[i].setSol(set.sol);
      auto members = lists[i].initMembers(size(set.members));
      unsigned at = 0;
      for (const solana::Address& address : set.members) members.set(at++, place(address));
    }
    fill(policy.initCallerSets(size(callerSets.all())), callerSets.all(),
         [&](auto out, auto& in) { writeCaller(out, in); });
    fill(policy.initWalletSets(size(walletSets.all())), walletSets.all(),
         [&](auto out, auto& in) { writeWallet(out, in); });
    fill(policy.initOwnerSets(size(ownerSets.all())), ownerSets.all(),
         [&](auto out, auto& in) { writeOwner(out, in); });
    fill(policy.initAmountSets(size(amountSets.all())), amountSets.all(), [&](auto out, auto& in) {
      out.setAsset(asset(in.asset));
      out.setMost(in.most);
    });
  }

  template <typename List, typename Set, typename Write>
  static void fill(List lists, const std::vector<const Set*>& sets, Write write) {
    for (unsigned i = 0; i < lists.size(); ++i) {
      auto members = lists[i].initMembers(size(*sets[i]));
      unsigned at = 0;
      for (auto& member : *sets[i]) write(members[at++], member);
    }
  }

  template <typename Builder, typename Name>
  static void writeService(Builder out, const Name& in) {
    auto service = out.initService();
    service.setName(reader(in.name));
    service.setId(reader(in.id));
  }

  static void writeCaller(rpc::Caller::Builder out, const CallerName& in) {
    using Kind = CallerMatch::Kind;
    switch (in.kind) {
      case Kind::ANY_PERSON: out.setAnyPerson(); break;
      case Kind::PERSON: out.setPerson(reader(in.id)); break;
      case Kind::ANY_SERVICE: out.setAnyService(); break;
      case Kind::SERVICE: writeService(out, in); break;
      case Kind::OPERATOR: out.setOperator(); break;
      case Kind::DAEMON: out.setDaemon(); break;
      case Kind::UID: out.setUid(in.uid); break;
    }
  }

  void writeWallet(rpc::Wallet::Builder out, const WalletName& in) const {
    using Kind = WalletMatch::Kind;
    switch (in.kind) {
      case Kind::ID: out.setId(reader(in.id)); break;
      case Kind::ADDRESS: out.setAddress(place(in.address)); break;
      case Kind::NAME: out.setName(reader(in.name)); break;
    }
  }

  static void writeOwner(rpc::Owner::Builder out, const OwnerName& in) {
    using Kind = OwnerMatch::Kind;
    switch (in.kind) {
      case Kind::ANY_PERSON: out.setAnyPerson(); break;
      case Kind::PERSON: out.setPerson(reader(in.id)); break;
      case Kind::ANY_SERVICE: out.setAnyService(); break;
      case Kind::SERVICE: writeService(out, in); break;
    }
  }

  void writeLimit(rpc::Limit::Builder out, const LimitEntry& limit) const {
    out.setId(limitId(limit));
    out.setName(reader(limit.name));
    out.setWindow(limit.window);
    out.setMost(limit.most);
    if (limit.countsUses) {
      out.setUses();
    } else {
      out.setAsset(asset(limit.asset));
    }
  }

  /// The message once more, in one segment and without gaps, so that equal files make equal bytes.
  static std::vector<std::uint8_t> oneSegment(rpc::Policy::Reader policy) {
    auto words = capnp::canonicalize(policy);
    std::vector<std::uint8_t> out(8 + words.size() * sizeof(capnp::word));
    ByteWriter head{std::span<std::uint8_t>(out).first(8)};
    head.u32(0);
    head.u32(static_cast<std::uint32_t>(words.size()));
    std::ranges::copy(words.asBytes(), out.begin() + 8);
    return out;
  }
};

/// FNV-1a, 64 bits. What two limits share by chance is an error of the file, so nothing stronger is needed.
void hash(std::uint64_t& state, std::span<const std::uint8_t> bytes) {
  for (std::uint8_t byte : bytes) state = (state ^ byte) * 0x100000001b3u;
}

}  // namespace

std::uint64_t limitId(const LimitEntry& limit) {
  std::uint64_t state = 0xcbf29ce484222325u;
  std::uint8_t kind = limit.countsUses ? 0 : limit.asset ? 2 : 1;
  hash(state, {&kind, 1});
  if (limit.asset) hash(state, limit.asset->bytes);
  std::array<std::uint8_t, 8> window;
  ByteWriter(window).u64(limit.window);
  hash(state, window);
  hash(state, asBytes(limit.name.data(), limit.name.size()));
  return state == 0 ? 1 : state;
}

std::optional<std::vector<std::uint8_t>> compile(const PolicyFile& file) {
  std::vector<std::uint8_t> bytes = Compiler(file).compile();
  // A place has 16 bits; long before they are used up the body is too large.
  if (bytes.size() > MAX_POLICY_BODY_BYTES) return std::nullopt;
  return bytes;
}

}  // namespace waas::policy::file
