#pragma once
// The Memo programs: text in the log, and proof that its accounts signed.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::memo {

inline constexpr Address PROGRAM = knownAddress("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
/// The first one, which does the same.
inline constexpr Address PROGRAM_1 = knownAddress("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo");

/// Reads one instruction: the data is the text, which must be UTF-8; each account is a signer.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::memo
