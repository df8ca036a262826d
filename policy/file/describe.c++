#include "policy/file/describe.h"

#include "policy/file/names.h"
#include "policy/file/quantity.h"

namespace waas::policy::file {
namespace {

std::string hex(const Id& id) {
  constexpr char DIGITS[] = "0123456789abcdef";
  std::string out;
  for (std::uint8_t byte : id) {
    out += DIGITS[byte >> 4];
    out += DIGITS[byte & 15];
  }
  return out;
}

void join(std::string& list, const std::string& word) { list += (list.empty() ? "" : ", ") + word; }

const char* nameOf(Tables tables) {
  switch (tables) {
    case Tables::NONE: return "none";
    case Tables::STATIC: return "static";
    case Tables::CLAIMS: return "claims";
  }
  return "none";
}

}  // namespace

std::string Describer::address(solana::AddressView address) const {
  if (wallet != nullptr && solana::same(*wallet, address)) return "this wallet";
  if (auto name = programName(address); !name.empty()) return std::string(name);
  if (isWrappedSol(address)) return "wrapped SOL";
  for (const Mint& mint : policy.mints) {
    if (solana::same(policy.addresses[mint.address], address)) return std::string(policy.textOf(mint.symbol));
  }
  return std::string(solana::format(address).view());
}

std::string Describer::party(const Party& party) const {
  switch (party.from()) {
    case Party::From::NOWHERE: return "(unknown)";
    case Party::From::HIDDEN: return "(hidden in a lookup table)";
    case Party::From::CLAIM: return address(party.address()) + " (claimed of a lookup table)";
    default: return party ? address(party.address()) : "(unknown)";
  }
}

std::string Describer::assetName(Asset asset) const {
  return asset == SOL ? "SOL" : address(policy.addresses[asset - 1u]);
}

std::string Describer::amount(Asset asset, std::uint64_t amount) const {
  if (asset == SOL) return formatAmount(amount, 9) + " SOL";
  for (const Mint& mint : policy.mints) {
    if (mint.address == asset - 1) return formatAmount(amount, mint.decimals) + " " + assetName(asset);
  }
  return std::to_string(amount) + " units of " + assetName(asset);
}

std::string Describer::addresses(SetId id) const {
  const AddressSet& set = policy.addressSet(id);
  std::string out;
  if (set.any) join(out, "any");
  if (set.self) join(out, "self");
  if (set.sol) join(out, "SOL");
  for (Place place : Policy::part(policy.places, set.members)) join(out, address(policy.addresses[place]));
  return out;
}

std::string Describer::callers(SetId id) const {
  using Kind = CallerMatch::Kind;
  std::string out;
  for (const CallerMatch& match : Policy::part(policy.callers, policy.callerSets[id - 1u])) {
    switch (match.kind) {
      case Kind::ANY_PERSON: join(out, "person"); break;
      case Kind::PERSON: join(out, "person " + hex(match.id)); break;
      case Kind::ANY_SERVICE: join(out, "service"); break;
      case Kind::SERVICE: join(out, "service " + std::string(policy.textOf(match.name))); break;
      case Kind::OPERATOR: join(out, "operator"); break;
      case Kind::DAEMON: join(out, "daemon"); break;
      case Kind::UID: join(out, "uid " + std::to_string(match.uid)); break;
    }
  }
  return out;
}

std::string Describer::wallets(SetId id) const {
  using Kind = WalletMatch::Kind;
  std::string out;
  for (const WalletMatch& match : Policy::part(policy.wallets, policy.walletSets[id - 1u])) {
    switch (match.kind) {
      case Kind::ID: join(out, "id " + hex(match.id)); break;
      case Kind::ADDRESS: join(out, "address " + address(policy.addresses[match.address])); break;
      case Kind::NAME: join(out, "name " + std::string(policy.textOf(match.name))); break;
    }
  }
  return out;
}

std::string Describer::owners(SetId id) const {
  using Kind = OwnerMatch::Kind;
  std::string out;
  for (const OwnerMatch& match : Policy::part(policy.owners, policy.ownerSets[id - 1u])) {
    switch (match.kind) {
      case Kind::ANY_PERSON: join(out, "person"); break;
      case Kind::PERSON: join(out, "person " + hex(match.id)); break;
      case Kind::ANY_SERVICE: join(out, "service"); break;
      case Kind::SERVICE: join(out, "service " + std::string(policy.textOf(match.name))); break;
    }
  }
  return out;
}

std::vector<std::string> Describer::rule(const Rule& rule) const {
  std::vector<std::string> out;
  auto line = [&](std::string_view key, const std::string& value) { out.push_back(std::string(key) + ": " + value); };
  auto list = [&](std::string_view key, SetId set) {
    if (set != 0) line(key, addresses(set));
  };
  std::string actions, operations;
  for (unsigned i = 1; i <= ACTIONS; ++i) {
    if (rule.speaksOf(static_cast<Action>(i))) join(actions, std::string(policy::nameOf(static_cast<Action>(i))));
  }
  if (rule.operations == ALL_OPERATIONS) join(operations, "any");
  for (unsigned i = 0; i < OPERATIONS && rule.operations != ALL_OPERATIONS; ++i) {
    if (rule.names(static_cast<Operation>(i))) join(operations, std::string(policy::nameOf(static_cast<Operation>(i))));
  }
  line("actions", actions);
  line("callers", rule.callers == 0 ? "anybody" : callers(rule.callers));
  if (rule.owners != 0) line("owners", owners(rule.owners));
  if (rule.wallets != 0) line("wallets", wallets(rule.wallets));
  if (!operations.empty()) line("operations", operations);
  list("programs", rule.programs);
  list("blind", rule.blind);
  list("assets", rule.assets);
  list("destinations", rule.destinations);
  list("other-signers", rule.otherSigners);
  list("receive", rule.receive);
  if (rule.effect == RuleEffect::DENY || !rule.speaksOf(Action::SIGN_TRANSACTION)) return out;
  line("lookup-tables", nameOf(rule.tables));
  if (rule.names(Operation::SWAP)) {
    line("max-slippage", formatShare(rule.maxSlippage));
    line("max-platform-fee", formatShare(rule.maxPlatformFee));
  }
  line("max-fee", rule.maxFee == ANY_FEE ? "any" : amount(SOL, rule.maxFee));
  std::string amounts, limits;
  if (rule.amounts != 0) {
    for (const Amount& most : Policy::part(policy.amounts, policy.amountSets[rule.amounts - 1u])) {
      join(amounts, amount(most.asset, most.most));
    }
    line("max-amounts", amounts);
  }
  for (std::size_t i = 0; i < policy.limits.size(); ++i) {
    if ((rule.limits >> i & 1) != 0) join(limits, std::string(policy.textOf(policy.limits[i].name)));
  }
  if (!limits.empty()) line("limits", limits);
  return out;
}

std::string Describer::limit(const Limit& limit) const {
  std::string most = limit.countsUses ? std::to_string(limit.most) + " uses" : amount(limit.asset, limit.most);
  return std::string(policy.textOf(limit.name)) + ": " + most + " per " + formatDuration(limit.window);
}

std::string Describer::amountOf(const Effect& effect) const {
  if (!effect.amount) return "everything there is";
  if (effect.asset == AssetKind::SOL) return amount(SOL, *effect.amount);
  if (effect.asset == AssetKind::NONE) return formatAmount(*effect.amount, 9) + " SOL";
  return tokens(*effect.amount, effect.mint);
}

std::string Describer::tokens(std::uint64_t count, const Party& mint) const {
  if (!mint) return std::to_string(count) + " units of an unknown token";
  if (isWrappedSol(mint.address())) return amount(SOL, count);
  Place place = policy.placeOf(mint.address());
  if (place != NO_PLACE) return amount(static_cast<Asset>(place + 1), count);
  return std::to_string(count) + " units of " + party(mint);
}

std::string Describer::effect(const Effect& effect) const {
  std::string out = std::to_string(effect.instruction);
  if (effect.child != 0) out += "." + std::to_string(effect.child);
  Operation operation = operationOf(effect);
  std::string_view name = policy::nameOf(operation);
  out += ". " + std::string(effect.name);
  if (operation == Operation::UNKNOWN) return out + " (" + party(effect.program) + "): not understood";
  if (operation == Operation::NOTHING) return out;
  out += ": " + std::string(name);
  bool moves = operation == Operation::TRANSFER || operation == Operation::APPROVE || operation == Operation::SWAP ||
               operation == Operation::BURN || operation == Operation::MINT || operation == Operation::CREATE_ACCOUNT ||
               operation == Operation::CREATE_TOKEN_ACCOUNT;
  if (moves) out += " " + amountOf(effect);
  if (effect.from.from() != Party::From::NOWHERE) out += ", from " + party(effect.from);
  if (effect.fromOwner) out += " of " + party(effect.fromOwner);
  if (effect.to.from() != Party::From::NOWHERE) out += ", to " + party(effect.to);
  if (effect.toOwner) out += " of " + party(effect.toOwner);
  if (effect.authority) out += ", by " + party(effect.authority);
  if (operation == Operation::SWAP) {
    out += ", for at least " + tokens(effect.swap.minimumOut, effect.swap.outMint) + ", slippage " +
           formatShare(effect.swap.slippageBps) + ", platform fee " + formatShare(effect.swap.platformFeeBps);
  }
  return out;
}

}  // namespace waas::policy::file
