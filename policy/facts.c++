#include "policy/facts.h"

namespace waas::policy {

std::string_view describe(FactsOutcome outcome) noexcept {
  switch (outcome) {
    case FactsOutcome::UNKNOWN: break;
    case FactsOutcome::READ: return "The message was read.";
    case FactsOutcome::TOO_MANY_EFFECTS: return "The message does more things than are read of one message.";
    case FactsOutcome::CLAIM_MALFORMED: return "The contents of a lookup table are malformed, or given twice.";
    case FactsOutcome::ACCOUNT_TWICE: return "With these lookup tables an account would be there twice.";
  }
  return "The message was not read.";
}

/// Until programs are understood, every instruction is unknown.
FactsOutcome readFacts(const solana::Message& message, std::span<const TableClaim>, std::span<const Address>,
                       Facts& out) noexcept {
  out.effectCount = out.unknowns = 0;
  out.version = message.version();
  out.instructions = message.instructions().size();
  if (out.instructions > MAX_EFFECTS) return FactsOutcome::TOO_MANY_EFFECTS;
  for (const solana::Instruction& instruction : message.instructions()) {
    Effect& effect = out.effectStore[out.effectCount++] = Effect{};
    effect.instruction = static_cast<std::uint16_t>(out.effectCount);
    effect.program = Party(message.staticKey(instruction.program).data(), Party::From::MESSAGE);
    ++out.unknowns;
  }
  return FactsOutcome::READ;
}

Outflow outflowOfLamports(const Facts&, AddressView) noexcept { return {0, false}; }
Outflow outflowOfTokens(const Facts&, AddressView, AddressView) noexcept { return {0, false}; }

}  // namespace waas::policy
