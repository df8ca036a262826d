#include "policy/token-owners.h"

#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"
#include "solana/program-address.h"

namespace waas::policy {
namespace {

constexpr const Address* TOKEN_PROGRAMS[] = {&solana::token::PROGRAM, &solana::token2022::PROGRAM};

}  // namespace

Party derived(AddressView address) noexcept { return Party(address.data(), Party::From::DERIVED); }

Party inherited(const Party& party) noexcept { return party.looked() || !party ? party : derived(party.address()); }

bool isTokenProgram(AddressView program) noexcept {
  return same(program, solana::token::PROGRAM) || same(program, solana::token2022::PROGRAM);
}

Party TokenOwners::ownerOf(std::uint8_t account, const Party& mint, const Party& tokenProgram) noexcept {
  const TokenAccount* learned = known.find(account);
  if (learned != nullptr && learned->owner) return inherited(learned->owner);
  if (!mint || !accounts[account]) return Party();
  for (const Address& own : ours) {
    for (const Address* program : TOKEN_PROGRAMS) {
      if (tokenProgram && isTokenProgram(tokenProgram.address()) && !tokenProgram.is(*program)) continue;
      if (!isDerived(account, own, mint, *program)) continue;
      // Only the account's address was compared: if that is a claim, so is whose it is.
      Party owner(own.bytes.data(), accounts[account].looked() ? Party::From::CLAIM : Party::From::DERIVED);
      known.learn({account, owner, mint, derived(*program)});
      return owner;
    }
  }
  return Party();
}

const TokenAccount* TokenOwners::associated(std::uint8_t account, const Party& owner, const Party& mint) noexcept {
  if (!owner || !mint || !accounts[account]) return nullptr;
  auto asSureAsTheAccount = [this, account](const Party& party) {
    return accounts[account].looked() ? Party(party.address().data(), Party::From::CLAIM) : party;
  };
  for (const Address* program : TOKEN_PROGRAMS) {
    if (!isDerived(account, owner.address(), mint, *program)) continue;
    known.learn({account, asSureAsTheAccount(owner), asSureAsTheAccount(mint), derived(*program)});
    return known.find(account);
  }
  return nullptr;
}

bool TokenOwners::isDerived(std::uint8_t account, AddressView owner, const Party& mint, AddressView program) noexcept {
  if (derivations == 0) return false;
  --derivations;
  return solana::isAssociatedTokenAddress(accounts[account].address(), owner, mint.address(), program);
}

}  // namespace waas::policy
