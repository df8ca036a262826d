#include "policy/program-table.h"

#include "solana/instruction/associated-token.h"
#include "solana/instruction/compute-budget.h"
#include "solana/instruction/jupiter.h"
#include "solana/instruction/lookup-table.h"
#include "solana/instruction/memo.h"
#include "solana/instruction/stake.h"
#include "solana/instruction/system.h"
#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"
#include "solana/instruction/vote.h"

namespace waas::policy {
namespace {

constexpr Program PROGRAMS[] = {
    {solana::compute_budget::PROGRAM, solana::compute_budget::read, "ComputeBudget, not understood"},
    {solana::system::PROGRAM, solana::system::read, "System, not understood"},
    {solana::token::PROGRAM, solana::token::read, "Token, not understood", true, true},
    {solana::associated_token::PROGRAM, solana::associated_token::read, "AssociatedToken, not understood", true},
    {solana::jupiter::PROGRAM, solana::jupiter::read, "Jupiter, not understood", true},
    {solana::token2022::PROGRAM, solana::token2022::read, "Token-2022, not understood", true, true},
    {solana::memo::PROGRAM, solana::memo::read, "Memo, not understood"},
    {solana::memo::PROGRAM_4, solana::memo::read, "Memo, not understood"},
    {solana::memo::PROGRAM_1, solana::memo::read, "Memo, not understood"},
    {solana::lookup_table::PROGRAM, solana::lookup_table::read, "LookupTable, not understood"},
    {solana::stake::PROGRAM, solana::stake::read, "Stake, not understood"},
    {solana::vote::PROGRAM, solana::vote::read, "Vote, not understood"},
};

}  // namespace

const Program* findProgram(AddressView address) noexcept {
  for (const Program& program : PROGRAMS) {
    if (same(program.address, address)) return &program;
  }
  return nullptr;
}

}  // namespace waas::policy
