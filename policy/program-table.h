#pragma once
// The programs whose instructions are understood.

#include "policy/facts.h"

namespace waas::policy {

struct Program {
  Address address;
  /// Reads one instruction from its data and the number of its accounts; false = not understood.
  bool (*read)(Bytes data, std::size_t accounts, solana::Action& out) noexcept;
  /// How people are told that an instruction of it wasn't.
  const char* notUnderstood;
  /// Whether its instructions use token accounts.
  bool handlesTokens = false;
  /// Whether it is one of the token programs themselves.
  bool isToken = false;
};

/// Null if the program isn't known.
const Program* findProgram(AddressView address) noexcept;

}  // namespace waas::policy
