// P1 to P3 on any message: facts speak of addresses that are there, count what is not understood, mark what is claimed.
// Input: which signers are ours, number of entries that the first lookup table is claimed to have, message.

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "fuzz-check.h"
#include "policy/facts.h"

using namespace waas::policy;
using waas::solana::Message;

namespace {

/// The only places that an address may be taken from, besides constants.
struct Places {
  Bytes message, claim, ours;

  static bool within(const std::uint8_t* at, Bytes whole) {
    return at >= whole.data() && at + waas::solana::ADDRESS_SIZE <= whole.data() + whole.size();
  }

  void check(const Party& party) const {
    FUZZ_CHECK(static_cast<bool>(party) ==
               (party.from() != Party::From::NOWHERE && party.from() != Party::From::HIDDEN));
    if (!party) return;
    const std::uint8_t* at = party.address().data();
    if (party.from() == Party::From::MESSAGE) FUZZ_CHECK(within(at, message));
    if (party.from() == Party::From::CLAIM) FUZZ_CHECK(within(at, claim) || within(at, ours));
    if (within(at, claim)) FUZZ_CHECK(party.looked());
  }
};

void checkEffect(const Effect& effect, const Message& message, const Places& places) {
  FUZZ_CHECK(effect.instruction >= 1 && effect.instruction <= message.instructions().size());
  FUZZ_CHECK(effect.name != nullptr && *effect.name != '\0');
  FUZZ_CHECK(effect.program && !effect.program.looked());
  for (const Party& party : {effect.program, effect.from, effect.to, effect.authority, effect.fromOwner, effect.toOwner,
                             effect.mint, effect.tokenProgram, effect.swap.outMint, effect.swap.feeAccount}) {
    places.check(party);
  }
  if (effect.kind == EffectKind::UNKNOWN) FUZZ_CHECK(!effect.amount && !effect.from && !effect.to);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  if (size < 2) return 0;
  // A copy of exactly its size, so that the sanitizer sees every byte too far.
  std::vector<std::uint8_t> bytes(input + 2, input + size);
  auto message = waas::solana::decodeMessage(bytes);
  if (!message) return 0;

  std::vector<Address> ours;
  for (std::size_t i = 0; i < message->header().requiredSignatures && i < 8; ++i) {
    if (input[0] >> i & 1) ours.push_back(waas::solana::copy(message->staticKey(i)));
  }
  std::vector<std::uint8_t> entries(input[1] * waas::solana::ADDRESS_SIZE);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = static_cast<std::uint8_t>(i / 32 + 1);
  std::vector<TableClaim> claims;
  if (!message->lookupTables().empty())
    claims.push_back({waas::solana::copy((*message->lookupTables().begin()).address()), entries});

  static auto facts = std::make_unique<Facts>();
  FactsOutcome outcome = readFacts(*message, claims, ours, *facts);
  FUZZ_CHECK(outcome != FactsOutcome::UNKNOWN && !describe(outcome).empty());
  if (outcome != FactsOutcome::READ) return 0;

  Bytes oursBytes(ours.empty() ? nullptr : ours.front().bytes.data(), ours.size() * waas::solana::ADDRESS_SIZE);
  Places places{bytes, entries, oursBytes};
  FUZZ_CHECK(facts->ourSigners == ours.size() || message->header().requiredSignatures > 8);
  FUZZ_CHECK(facts->effects().size() <= MAX_EFFECTS);
  FUZZ_CHECK(facts->fee.totalLamports >= facts->fee.priorityLamports);
  auto isUnknown = [](const Effect& effect) { return effect.kind == EffectKind::UNKNOWN; };
  FUZZ_CHECK(facts->unknowns == static_cast<std::size_t>(std::ranges::count_if(facts->effects(), isUnknown)));
  std::size_t seen = 0;
  for (const Effect& effect : facts->effects()) {
    checkEffect(effect, *message, places);
    if (effect.instruction != seen) FUZZ_CHECK(effect.instruction == ++seen);  // none is left out
  }
  FUZZ_CHECK(seen == message->instructions().size());
  for (const Address& wallet : ours) {
    Outflow lamports = outflowOfLamports(*facts, wallet);
    FUZZ_CHECK(!lamports.bounded || !facts->feePayer.is(wallet) || lamports.amount >= facts->fee.totalLamports);
    outflowOfTokens(*facts, wallet, message->feePayer());
  }
  return 0;
}
