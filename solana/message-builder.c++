#include "solana/message-builder.h"

#include <algorithm>

#include "solana/limits.h"
#include "solana/message-writer.h"

namespace waas::solana {
namespace {

struct Key {
  Address address;
  bool signer = false;
  bool writable = false;
  bool program = false;
};

bool isSigner(Access access) { return access == Access::READONLY_SIGNER || access == Access::WRITABLE_SIGNER; }
bool isWritable(Access access) { return access == Access::WRITABLE || access == Access::WRITABLE_SIGNER; }

Key& keyFor(std::vector<Key>& keys, const Address& address) {
  auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.address == address; });
  if (found != keys.end()) return *found;
  return keys.emplace_back(Key{address});
}

std::vector<Key> collectKeys(const MessageDraft& draft) {
  std::vector<Key> keys{Key{draft.feePayer, true, true, false}};
  for (const InstructionCall& call : draft.calls) {
    for (const AccountUse& use : call.accounts) {
      Key& key = keyFor(keys, use.address);
      key.signer = key.signer || isSigner(use.access);
      key.writable = key.writable || isWritable(use.access);
    }
    keyFor(keys, call.program).program = true;
  }
  return keys;
}

/// Accounts taken from one table, in the order in which they are loaded.
struct Lookup {
  Address table;
  std::vector<std::uint8_t> writable;
  std::vector<std::uint8_t> readonly;
  std::vector<Address> writableAddresses;
  std::vector<Address> readonlyAddresses;
};

std::vector<Lookup> extractLookups(const MessageDraft& draft, std::vector<Key>& keys) {
  std::vector<Lookup> lookups;
  if (draft.version != Version::V0) return lookups;
  for (const TableContent& content : draft.tables) {
    Lookup lookup{content.table, {}, {}, {}, {}};
    auto end =
        content.addresses.begin() + static_cast<std::ptrdiff_t>(std::min(content.addresses.size(), MAX_ACCOUNTS));
    auto takenFromHere = [&](const Key& key) {
      if (key.signer || key.program) return false;
      auto found = std::find(content.addresses.begin(), end, key.address);
      if (found == end) return false;
      auto index = static_cast<std::uint8_t>(found - content.addresses.begin());
      (key.writable ? lookup.writable : lookup.readonly).push_back(index);
      (key.writable ? lookup.writableAddresses : lookup.readonlyAddresses).push_back(key.address);
      return true;
    };
    std::erase_if(keys, takenFromHere);
    if (!lookup.writable.empty() || !lookup.readonly.empty()) lookups.push_back(std::move(lookup));
  }
  return lookups;
}

int classOf(const Key& key) { return (key.signer ? 0 : 2) + (key.writable ? 0 : 1); }

/// All accounts in the order of their indexes.
std::vector<Address> accountOrder(const std::vector<Key>& keys, const std::vector<Lookup>& lookups) {
  std::vector<Address> order;
  for (const Key& key : keys) order.push_back(key.address);
  for (const Lookup& lookup : lookups) {
    order.insert(order.end(), lookup.writableAddresses.begin(), lookup.writableAddresses.end());
  }
  for (const Lookup& lookup : lookups) {
    order.insert(order.end(), lookup.readonlyAddresses.begin(), lookup.readonlyAddresses.end());
  }
  return order;
}

std::uint8_t countClass(const std::vector<Key>& keys, int wanted) {
  return static_cast<std::uint8_t>(
      std::count_if(keys.begin(), keys.end(), [&](const Key& key) { return classOf(key) == wanted; }));
}

std::uint8_t indexOf(const std::vector<Address>& order, const Address& address) {
  return static_cast<std::uint8_t>(std::find(order.begin(), order.end(), address) - order.begin());
}

std::optional<std::vector<std::uint8_t>> write(const MessageDraft& draft, const std::vector<Key>& keys,
                                               const std::vector<Lookup>& lookups) {
  std::vector<Address> order = accountOrder(keys, lookups);
  if (order.size() > MAX_ACCOUNTS) return std::nullopt;
  std::vector<std::vector<std::uint8_t>> accounts;  // what the instructions below look into
  std::vector<Instruction> instructions;
  accounts.reserve(draft.calls.size());
  for (const InstructionCall& call : draft.calls) {
    auto& indexes = accounts.emplace_back();
    for (const AccountUse& use : call.accounts) indexes.push_back(indexOf(order, use.address));
    instructions.push_back({indexOf(order, call.program), indexes, call.data});
  }
  std::vector<LookupTable> tables;
  for (const Lookup& lookup : lookups) tables.push_back({lookup.table.bytes, lookup.writable, lookup.readonly});

  MessageParts parts;
  parts.version = draft.version;
  parts.header.requiredSignatures = static_cast<std::uint8_t>(countClass(keys, 0) + countClass(keys, 1));
  parts.header.readonlySigned = countClass(keys, 1);
  parts.header.readonlyUnsigned = countClass(keys, 3);
  parts.keys = std::span(order).first(keys.size());
  parts.lifetime = draft.lifetime;
  parts.instructions = instructions;
  parts.lookupTables = tables;
  parts.config = draft.config;

  std::vector<std::uint8_t> bytes(MAX_V1_TRANSACTION_SIZE);
  auto size = writeMessage(parts, bytes);
  if (!size) return std::nullopt;
  bytes.resize(*size);
  return bytes;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> compileMessage(const MessageDraft& draft) {
  bool hasConfig = draft.config != Config{};
  if (hasConfig && draft.version != Version::V1) return std::nullopt;
  std::vector<Key> keys = collectKeys(draft);
  std::vector<Lookup> lookups = extractLookups(draft, keys);
  std::stable_sort(keys.begin(), keys.end(),
                   [](const Key& left, const Key& right) { return classOf(left) < classOf(right); });
  auto bytes = write(draft, keys, lookups);
  if (!bytes || !decodeMessage(*bytes)) return std::nullopt;
  return bytes;
}

}  // namespace waas::solana
