#include "policy/file/names.h"

#include <array>

#include "solana/instruction/program-id.h"
#include "solana/instruction/token.h"

namespace waas::policy::file {
namespace {

using solana::knownAddress;

struct Program {
  std::string_view name;
  Address address;
};

constexpr std::array<Program, 10> PROGRAMS = {{
    {"system", Address{}},
    {"token", knownAddress("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")},
    {"token-2022", knownAddress("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")},
    {"associated-token", knownAddress("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")},
    {"compute-budget", knownAddress("ComputeBudget111111111111111111111111111111")},
    {"memo", knownAddress("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")},
    {"address-lookup-table", knownAddress("AddressLookupTab1e1111111111111111111111111")},
    {"stake", knownAddress("Stake11111111111111111111111111111111111111")},
    {"vote", knownAddress("Vote111111111111111111111111111111111111111")},
    {"jupiter", knownAddress("JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4")},
}};

}  // namespace

std::optional<Address> programNamed(std::string_view name) {
  for (const Program& program : PROGRAMS) {
    if (program.name == name) return program.address;
  }
  return std::nullopt;
}

std::string_view programName(AddressView address) {
  for (const Program& program : PROGRAMS) {
    if (solana::same(program.address, address)) return program.name;
  }
  return {};
}

std::optional<Operation> operationNamed(std::string_view name) {
  for (unsigned i = 0; i < OPERATIONS; ++i) {
    if (nameOf(static_cast<Operation>(i)) == name) return static_cast<Operation>(i);
  }
  return std::nullopt;
}

std::optional<Action> actionNamed(std::string_view name) {
  for (unsigned i = 1; i <= ACTIONS; ++i) {
    if (nameOf(static_cast<Action>(i)) == name) return static_cast<Action>(i);
  }
  return std::nullopt;
}

bool isWrappedSol(AddressView mint) { return solana::same(solana::token::NATIVE_MINT, mint); }

}  // namespace waas::policy::file
