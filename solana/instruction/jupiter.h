#pragma once
// Jupiter's aggregator, version 6: its swaps, in both generations of their layout.
//
// In the older ones the amounts follow the route plan, whose steps have no length of their own: to find the amounts one
// has to know each exchange's parameters. It is tempting to read them from the end of the data instead, but the program
// reads from the front and ignores what is left over, so that somebody could append other amounts for us to see. So the
// plan is parsed (jupiter-route-plan.h), and a plan with an exchange that we don't know is not understood. In the newer
// ones ("V2") the amounts come first, and the plan, which says how a swap is made and not of how much, is not read.
//
// What a swap does besides is the program's promise: it takes no more than the amount from the source account, whose
// owner signs, and fails unless the minimum arrives.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::jupiter {

inline constexpr Address PROGRAM = knownAddress("JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4");

/// Reads one swap: route, exact_out_route, shared_accounts_route and shared_accounts_exact_out_route in both layouts,
/// and the two whose input amount stands in a token ledger. Everything else of the program is not understood.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::jupiter
