#include "policy/account-table.h"

namespace waas::policy {
namespace {

constexpr std::size_t MAX_ENTRIES = 256;  // of a lookup table

bool wellFormed(std::span<const TableClaim> claims) noexcept {
  if (claims.size() > AccountTable::MAX_CLAIMS) return false;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    Bytes entries = claims[i].entries;
    if (entries.size() % solana::ADDRESS_SIZE != 0 || entries.size() > MAX_ENTRIES * solana::ADDRESS_SIZE) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (same(claims[i].table, claims[j].table)) return false;
    }
  }
  return true;
}

const TableClaim* claimOf(std::span<const TableClaim> claims, AddressView table) noexcept {
  for (const TableClaim& claim : claims) {
    if (same(claim.table, table)) return &claim;
  }
  return nullptr;
}

}  // namespace

FactsOutcome AccountTable::fill(const solana::Message& message, std::span<const TableClaim> claims,
                                std::span<const Address> ours) noexcept {
  if (!wellFormed(claims)) return FactsOutcome::CLAIM_MALFORMED;
  statics = count = message.staticKeyCount();
  signers = message.header().requiredSignatures;
  for (std::size_t i = 0; i < statics; ++i) {
    parties[i] = Party(message.staticKey(i).data(), Party::From::MESSAGE);
    if (i >= signers) continue;
    for (const Address& own : ours) {
      if (parties[i].is(own)) ourSigners.set(i);
    }
  }
  // The order of a message's accounts: what all tables give writable, then what all give readonly.
  for (const solana::LookupTable& lookup : message.lookupTables()) {
    look(claimOf(claims, lookup.address()), lookup.writable);
  }
  for (const solana::LookupTable& lookup : message.lookupTables()) {
    look(claimOf(claims, lookup.address()), lookup.readonly);
  }
  return hasAccountTwice() ? FactsOutcome::ACCOUNT_TWICE : FactsOutcome::READ;
}

void AccountTable::look(const TableClaim* claim, Bytes indexes) noexcept {
  for (std::uint8_t index : indexes) {
    std::size_t at = index * solana::ADDRESS_SIZE;
    bool known = claim != nullptr && at < claim->entries.size();
    if (!known) ++hidden;
    parties[count++] =
        known ? Party(claim->entries.data() + at, Party::From::CLAIM) : Party(nullptr, Party::From::HIDDEN);
  }
}

bool AccountTable::hasAccountTwice() const noexcept {
  for (std::size_t i = statics; i < count; ++i) {
    if (!parties[i]) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (parties[j].is(parties[i].address())) return true;
    }
  }
  return false;
}

}  // namespace waas::policy
