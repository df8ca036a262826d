#pragma once
// Compiles instructions into a message. For clients and tests: it uses the heap and may run out of it (std::bad_alloc);
// the vault has no use for it.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "solana/message.h"

namespace waas::solana {

enum class Access : std::uint8_t { READONLY, WRITABLE, READONLY_SIGNER, WRITABLE_SIGNER };

struct AccountUse {
  Address address;
  Access access = Access::READONLY;
};

/// One call of a program, by addresses.
struct InstructionCall {
  Address program;
  std::vector<AccountUse> accounts;
  std::vector<std::uint8_t> data;
};

/// A lookup table as it is on the chain: at most 256 addresses are of use.
struct TableContent {
  Address table;
  std::vector<Address> addresses;
};

/// What to compile.
struct MessageDraft {
  Version version = Version::V0;
  Address feePayer;
  Address lifetime;  // recent blockhash
  std::vector<InstructionCall> calls;
  std::vector<TableContent>
      tables;     // v0 only: accounts that neither sign nor are called are taken from here if they can be
  Config config;  // v1 only
};

/// Compiles the draft: keys in the order of their classes, in each class in the order of their first use; an account
/// that is used in several ways gets the strongest. Answers the message's bytes, or nothing if they would not decode
/// (too large, too many accounts, configuration out of range, ...).
std::optional<std::vector<std::uint8_t>> compileMessage(const MessageDraft& draft);

}  // namespace waas::solana
