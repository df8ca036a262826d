#pragma once
// The Memo programs: text in the log, and proof that its accounts signed.

#include "solana/instruction/action.h"
#include "solana/instruction/program-id.h"

namespace waas::solana::memo {

inline constexpr Address PROGRAM = knownAddress("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
/// The one that came after it in 2026.
inline constexpr Address PROGRAM_4 = knownAddress("Memo4c2pN8afCj432Lb7RMVKi9PbQnnW7ewFFaV3oAH");
/// The first one, which asks for no signature of the accounts that it is given.
inline constexpr Address PROGRAM_1 = knownAddress("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo");

/// Reads one instruction: the data is the text, which must be UTF-8; its accounts are signers.
[[nodiscard]] bool read(Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana::memo
