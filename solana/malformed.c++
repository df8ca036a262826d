#include "solana/malformed.h"

namespace waas::solana {

std::string_view describe(Malformed reason) noexcept {
  switch (reason) {
    case Malformed::NONE: return "Nothing is wrong.";
    case Malformed::TRUNCATED: return "The bytes end too early.";
    case Malformed::TRAILING_BYTES: return "There are bytes after the end.";
    case Malformed::TOO_LARGE: return "It is larger than its version allows.";
    case Malformed::LENGTH_NOT_CANONICAL: return "A length is not written in its shortest form.";
    case Malformed::UNKNOWN_VERSION: return "The version is not known: only legacy, 0 and 1 are.";
    case Malformed::NO_SIGNER: return "It requires no signature.";
    case Malformed::READONLY_FEE_PAYER: return "The fee payer is not writable.";
    case Malformed::TOO_FEW_KEYS: return "The header counts more keys than there are.";
    case Malformed::DUPLICATE_KEY: return "A key is listed twice.";
    case Malformed::PROGRAM_IS_FEE_PAYER: return "An instruction names the fee payer as its program.";
    case Malformed::PROGRAM_OUT_OF_RANGE: return "An instruction names a program that is not among the static keys.";
    case Malformed::ACCOUNT_OUT_OF_RANGE: return "An instruction names an account that is not there.";
    case Malformed::TOO_MANY_ACCOUNTS: return "There are more than 256 accounts.";
    case Malformed::EMPTY_LOOKUP: return "A lookup table is named and not used.";
    case Malformed::DUPLICATE_LOOKUP: return "A lookup table, or an entry of one, is named twice.";
    case Malformed::TOO_MANY_SIGNATURES: return "It requires more than 12 signatures.";
    case Malformed::TOO_MANY_ADDRESSES: return "There are more than 64 addresses.";
    case Malformed::TOO_MANY_INSTRUCTIONS: return "There are more than 64 instructions.";
    case Malformed::UNKNOWN_CONFIG: return "The configuration has a field that is not known.";
    case Malformed::HALF_PRIORITY_FEE: return "Only one of the two bits of the priority fee is set.";
    case Malformed::HEAP_SIZE: return "The heap size is no multiple of 1024 between 32 and 256 KiB.";
    case Malformed::SIGNATURE_COUNT: return "The number of signatures differs from the number that is required.";
    case Malformed::AMBIGUOUS: return "The bytes can be read as a transaction and as a bare message.";
    case Malformed::NOT_OFFCHAIN: return "It does not begin like an off-chain message.";
    case Malformed::UNKNOWN_FORMAT: return "The text format is not known, or not the smallest that fits.";
    case Malformed::SIGNERS_NOT_SORTED: return "The signers are not in strictly ascending order.";
    case Malformed::EMPTY_TEXT: return "The text is empty.";
    case Malformed::NOT_UTF8: return "The text is not valid UTF-8.";
    case Malformed::TEXT_NOT_PLAIN: return "The text has a NUL character or begins with a byte order mark.";
  }
  return "Unknown reason.";
}

}  // namespace waas::solana
