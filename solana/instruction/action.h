#pragma once
// What one instruction of a known program says: the common form into which each program's decoder (system.h, token.h,
// …) puts it, and the table rows by which most of them do so.
//
// A decoder understands an instruction wholly or not at all: the data is read to its last byte and the number of
// accounts is one that the program's own clients make. Programs on the chain are more lenient (they ignore trailing
// bytes and accounts); what they ignore could mean something to another reader, so we don't.
//
// Accounts are named by their position in the instruction, since a decoder sees no addresses.

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "solana/address.h"
#include "solana/byte-cursor.h"

namespace waas::solana {

/// What an instruction does, see policy/facts.h for what each means to a wallet.
enum class ActionKind : std::uint8_t {
  UNKNOWN,
  TRANSFER,
  APPROVE,
  REVOKE,
  SET_AUTHORITY,
  CLOSE_ACCOUNT,
  CREATE_ACCOUNT,
  CREATE_TOKEN_ACCOUNT,
  NONCE,
  MINT,
  BURN,
  FREEZE,
  THAW,
  SWAP,
  MEMO,
  COMPUTE_BUDGET,
  HARMLESS,
  OTHER,
};

enum class AssetKind : std::uint8_t { NONE, SOL, TOKEN };

/// What SET_AUTHORITY gives away.
enum class Role : std::uint8_t {
  NONE,
  PROGRAM,
  ACCOUNT_OWNER,
  CLOSE_AUTHORITY,
  MINT_AUTHORITY,
  FREEZE_AUTHORITY,
  EXTENSION,
  NONCE,
  STAKER,
  WITHDRAWER,
  VOTER,
  LOOKUP_TABLE,
};

/// Position of an account that an action doesn't have.
inline constexpr std::uint8_t ABSENT = 0xff;
/// As many accounts as one likes.
inline constexpr std::uint8_t ANY = 0xff;

/// Positions of the accounts that mean something.
struct Positions {
  std::uint8_t from = ABSENT;
  std::uint8_t to = ABSENT;
  std::uint8_t authority = ABSENT;
  std::uint8_t mint = ABSENT;
  std::uint8_t toOwner = ABSENT;
  std::uint8_t fromOwner = ABSENT;
  std::uint8_t tokenProgram = ABSENT;
};

/// Numbers and further accounts of a swap.
struct SwapTerms {
  std::uint64_t quotedOut = 0;
  std::uint64_t minimumOut = 0;
  std::uint16_t slippageBps = 0;
  std::uint16_t platformFeeBps = 0;
  std::uint16_t positiveSlippageFeeBps = 0;
  bool exactOut = false;
  bool fromLedger = false;
  std::uint8_t outMint = ABSENT;
  std::uint8_t feeAccount = ABSENT;  // absent as well where the account is the called program
  std::uint8_t toInstead = ABSENT;   // takes the place of `to` unless it is the called program
};

/// One instruction, understood. A view into its data.
struct Action {
  ActionKind kind = ActionKind::UNKNOWN;
  AssetKind asset = AssetKind::NONE;
  Role role = Role::NONE;
  const char* name = "";
  Positions at;
  /// Accounts that the instruction needs. Those after it are signers of a multisignature, a transfer hook's, or
  /// references that a payment carries.
  std::uint8_t needed = 0;
  std::optional<std::uint64_t> amount;
  std::optional<std::uint8_t> decimals;
  std::uint64_t withheld = 0;
  Bytes toKey;     // 32 bytes in the data that stand for `to`; empty = none
  Bytes ownerKey;  // likewise for `toOwner`
  Bytes text;
  /// The instruction is about wrapped SOL.
  bool nativeMint = false;
  SwapTerms swap;
};

/// How one instruction looks. Rows make a program's table; what no row names is not understood.
struct Row {
  std::uint32_t tag = 0;
  /// Second tag of Token-2022's extensions, in one byte; -1 = none.
  std::int16_t sub = -1;
  const char* name = "";
  /// The data after the tags, one letter for each field:
  ///   n amount u64 · N optional amount · d decimals u8 · f withheld fee u64
  ///   k key of `to` · K optional key of `to` · o key of `toOwner`
  ///   b u8 · ? bool · h u16 · w u32 · q u64 · x 32 bytes · X optional 32 bytes · C 36 bytes · E 64 bytes
  ///   R u32, 1 = the role is WITHDRAWER instead · Q optional u64 · F field of token metadata · s string with a length
  ///   of u64 · t string with a length of u32 r everything that is left
  const char* data = "";
  ActionKind kind = ActionKind::OTHER;
  AssetKind asset = AssetKind::NONE;
  Role role = Role::NONE;
  /// Number of accounts: at least, and at most (0 = the same; ANY = no bound).
  std::uint8_t accounts = 0;
  std::uint8_t most = 0;
  Positions at = {};
};

/// Fills `out` by a row. False, and `out` of no use, if data or accounts are not as the row says. `data` is what
/// follows the tags.
[[nodiscard]] bool readByRow(const Row& row, Bytes data, std::size_t accounts, Action& out) noexcept;

/// Finds the row with these tags: `sub` is looked at only where the row has one. Null if there is none.
const Row* findRow(std::span<const Row> rows, std::uint32_t tag, std::optional<std::uint8_t> sub) noexcept;

/// Reads an instruction whose tag is a u32, as of the programs that are built into the runtime.
[[nodiscard]] bool readByWideTag(std::span<const Row> rows, Bytes data, std::size_t accounts, Action& out) noexcept;

}  // namespace waas::solana
