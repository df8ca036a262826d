#pragma once
// What a transaction does, in the words that rules are written in.
//
// readFacts() walks a decoded message once and writes down, instruction by instruction, what would happen if it were
// executed: a list of *effects*. Rules look at effects, never at bytes. Everything here is a value or a view into the
// message, the claims and `ours`, all of which must outlive the Facts and must not change.
//
// # What facts are, and what they are not
//   - They never guess (P1). What the message alone can't tell, such as the mint and the owner of a token account, is
//     absent, unless it follows from the message: the account's address recomputes from owner and mint (an associated
//     token account), or an instruction of this very message fails unless it is so (TransferChecked names its mint).
//     A failing instruction undoes the whole transaction, except for its fee.
//   - An instruction of a program that we do not know, or one that we know but can't read to its last byte, is an
//   effect
//     of kind UNKNOWN (P2). Nothing may be concluded about what it does, to whichever account.
//   - An amount is the most that moves. No amount = everything that is there, or more than the message tells.
//   - Accounts of lookup tables are what the caller *claims* (P3): each Party says whether it comes from a claim, and
//     whether there is none (`hidden`).
//   - They speak of what instructions of known programs do with the signatures of this transaction. A program that is
//     called gets the signatures of its own instruction's accounts along: UNKNOWN effects say whether one of ours is
//     among them (`signedByOurs`).
//
// # Memory
// Nothing is allocated. Facts are about 40 KiB: keep one for each worker or put it on a stack that has the room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "solana/address.h"
#include "solana/instruction/action.h"
#include "solana/message.h"

namespace waas::policy {

using solana::Address;
using solana::AddressView;
using solana::Bytes;

/// What the caller says that an address lookup table holds: 32 bytes an entry, in the table's order. A claim: nobody
/// has checked it against the chain.
struct TableClaim {
  Address table;
  Bytes entries;
};

/// An account (or a program, an owner, a mint) of an effect. Value type, a view.
class Party {
 public:
  /// Where the address was taken from.
  enum class From : std::uint8_t {
    NOWHERE,  // there is none: not said, not known
    MESSAGE,  // static account of the message, or bytes of an instruction's data
    CLAIM,    // account of a lookup table, as the caller claims it
    HIDDEN,   // account of a lookup table whose content nobody claims: it exists, its address is not known
    DERIVED,  // follows from the message, see above: an owner or a mint
  };

  Party() = default;
  Party(const std::uint8_t* key, From from) noexcept : key(key), origin(from) {}

  From from() const noexcept { return origin; }
  /// Whether the address is known.
  explicit operator bool() const noexcept { return key != nullptr; }
  /// The address. Only if it is known.
  AddressView address() const noexcept { return AddressView(key, solana::ADDRESS_SIZE); }
  /// Whether the address is known and is this one.
  bool is(AddressView other) const noexcept { return key != nullptr && solana::same(address(), other); }
  /// Whether it depends on a lookup table: claimed or hidden.
  bool looked() const noexcept { return origin == From::CLAIM || origin == From::HIDDEN; }

 private:
  const std::uint8_t* key = nullptr;
  From origin = From::NOWHERE;
};

/// What one instruction does. `name` says which instruction it is; the members that a kind does not name are absent.
///   UNKNOWN        Not understood. `program`.
///   TRANSFER       Moves `amount` of `asset` from account `from` (of `fromOwner`) to `to` (of `toOwner`), by
///   `authority`.
///                  For SOL the accounts hold the lamports themselves; nonce and stake withdrawals are here as well.
///                  Not there: `authority` where it isn't known (stake), so look at `signedByOurs`.
///   APPROVE        Lets `to` (the delegate) spend `amount` of the tokens in `from`, by `authority`.
///   REVOKE         Takes the delegate away from `from`.
///   SET_AUTHORITY  Gives the `role` over account `from` to `to`; to nobody, for ever, if `to` is not there (with
///   stake: or
///                  to one that isn't known). The System program's Assign is here too: role PROGRAM, `to` = the program
///                  that owns the account from then on.
///   CLOSE_ACCOUNT  Closes account `from` and gives all its lamports to `to`, by `authority`.
///   CREATE_ACCOUNT Makes account `to` with `amount` lamports of `from`; it will belong to program `toOwner`. If `to`
///   is one
///                  of ours, which has lamports of its own perhaps, a SET_AUTHORITY of that instruction follows.
///   CREATE_TOKEN_ACCOUNT  Makes or initializes token account `to` for `toOwner` and `mint`, under `tokenProgram`;
///   `from`
///                  pays at most `amount` lamports (no `from`: the account was paid for by another effect).
///   NONCE          Advances durable nonce `from` by `authority`.
///   MINT, BURN     Makes or destroys `amount` tokens of `mint` in `to` or `from`.
///   FREEZE, THAW   Freezes or thaws token account `from`.
///   SWAP           Swaps at most `amount` tokens of `from` for at least `swap.minimumOut` of `swap.outMint` in `to`,
///   by
///                  `authority`. `mint` is there only if it is proved: what the instruction says of it is no proof.
///   MEMO           Text in the log: `text`.
///   COMPUTE_BUDGET See Facts::fee.
///   HARMLESS       Changes nothing of value whoever calls it: SyncNative, GetAccountDataSize, AmountToUiAmount, …
///   OTHER          Understood, and none of the above: `name`; `from`, `to`, `authority`, `mint` where they mean
///   something,
///                  `amount` lamports that `from` pays at most.
using EffectKind = solana::ActionKind;
using solana::AssetKind;
/// What SET_AUTHORITY gives away. EXTENSION is one of Token-2022's, which more than a transfer's worth may depend on.
using solana::Role;

/// Numbers of a swap, besides Effect::amount (the most that leaves).
struct Swap {
  std::uint64_t quotedOut = 0;   // exact in: what the route promised; exact out: what shall arrive
  std::uint64_t minimumOut = 0;  // the least that arrives, by the program's own check
  std::uint16_t slippageBps = 0;
  std::uint16_t platformFeeBps = 0;          // taken from what arrives (exact in) or leaves (exact out)
  std::uint16_t positiveSlippageFeeBps = 0;  // of what arrives above the quote
  bool exactOut = false;
  /// Whether the program takes the input amount from a token ledger instead of the instruction: `amount` is absent
  /// then.
  bool fromLedger = false;
  Party outMint;     // as the instruction says; proved if Effect::toOwner is there
  Party feeAccount;  // who gets the platform fee; not there = nobody
};

/// One effect of one instruction. Most instructions have one; Batch has one for each of its children.
struct Effect {
  EffectKind kind = EffectKind::UNKNOWN;
  AssetKind asset = AssetKind::NONE;
  Role role = Role::NONE;
  /// Counted from 1, as people and refusals count.
  std::uint16_t instruction = 0;
  /// Index within a Batch, counted from 1; 0 = not in one.
  std::uint8_t child = 0;
  /// Whether one of `ours` signs for this effect: it is the authority, one of the signers that follow (of a
  /// multisignature), or, where no authority is known (UNKNOWN, some of stake), any account
  /// of the instruction that signs.
  bool signedByOurs = false;
  /// Whether accounts follow those that the instruction needs: signers of a multisignature, or, in Token-2022's
  /// transfers, what a transfer hook gets. Where neither is possible, such an instruction is UNKNOWN.
  bool extraAccounts = false;
  /// Token-2022's transfers: whether an extra account is no signer, so that it can only be for a transfer hook.
  bool hook = false;
  /// Name of program and instruction for people, as "System Transfer". A literal; never null.
  const char* name = "";

  /// The most that moves. Nothing: everything that is there, or it isn't said.
  std::optional<std::uint64_t> amount;
  /// Decimals, where the instruction says them (…Checked).
  std::optional<std::uint8_t> decimals;
  /// Token-2022 TransferCheckedWithFee: the fee that is kept back from `amount`.
  std::uint64_t withheld = 0;

  Party program;
  Party from, to, authority;
  Party fromOwner, toOwner;
  Party mint;
  Party tokenProgram;
  /// MEMO: the text, valid UTF-8.
  Bytes text;
  Swap swap;
};

/// What the transaction costs its fee payer.
struct Fee {
  std::uint64_t baseLamports = 0;      // by signature, those that precompiled programs check included
  std::uint64_t priorityLamports = 0;  // at most; UINT64_MAX where the true number is larger than that
  /// Both; UINT64_MAX where the sum would be larger.
  std::uint64_t totalLamports = 0;
  /// As it is in force: said by the message, or the runtime's default (at most) where it says none.
  std::uint32_t computeUnitLimit = 0;
  bool limitSaid = false;
  /// Micro-lamports by compute unit. Version 1 has none: its header names the priority fee as a whole.
  std::optional<std::uint64_t> microLamportsPerUnit;
  std::optional<std::uint32_t> heapSize;
  std::optional<std::uint32_t> loadedAccountsDataSizeLimit;
};

/// Most effects that are read of one message: more and it is refused. A message of 1,232 bytes that does something
/// useful has a dozen.
inline constexpr std::size_t MAX_EFFECTS = 96;

struct Facts {
  solana::Version version = solana::Version::LEGACY;
  Party feePayer;
  bool feePayerIsOurs = false;
  /// Signatures that the message requires, and how many of them are of `ours`.
  std::uint8_t signers = 0;
  std::uint8_t ourSigners = 0;
  /// Recent blockhash; the nonce's value if `durableNonce`.
  Party lifetime;
  /// Whether the first instruction advances a nonce, so that the message may be executed at any time.
  bool durableNonce = false;
  Fee fee;

  std::size_t instructions = 0;
  /// Lookup tables that the message names; accounts that it takes from them; those of them without a claim.
  std::size_t tables = 0;
  std::size_t lookedAccounts = 0;
  std::size_t hiddenAccounts = 0;
  /// Number of effects of kind UNKNOWN.
  std::size_t unknowns = 0;

  std::size_t effectCount = 0;
  std::array<Effect, MAX_EFFECTS> effectStore;

  std::span<const Effect> effects() const noexcept { return {effectStore.data(), effectCount}; }
};

/// READ: the facts are complete. Everything else means that there are none, and that the message must be refused.
enum class FactsOutcome : std::uint8_t {
  UNKNOWN,
  READ,
  TOO_MANY_EFFECTS,
  /// A claim has no whole number of entries, or more than 256, or two claims speak of one table.
  CLAIM_MALFORMED,
  /// By the claims an account would be there twice, which the runtime refuses: at least one of them is false.
  ACCOUNT_TWICE,
};

/// Says the outcome in one sentence, without any byte of the input.
std::string_view describe(FactsOutcome outcome) noexcept;

/// Reads what `message` does. `ours` are the wallets on whose behalf is asked: usually the one whose signature is
/// wanted, and the others that would sign it as well. Claims of tables that the message doesn't name are ignored. `out`
/// is written anew; it is of use only if the answer is READ. Allocates nothing; takes time in proportion to the
/// message.
FactsOutcome readFacts(const solana::Message& message, std::span<const TableClaim> claims,
                       std::span<const Address> ours, Facts& out) noexcept;

/// What leaves one wallet, by the facts.
struct Outflow {
  /// Sum of what is known, UINT64_MAX if that overflows.
  std::uint64_t amount = 0;
  /// Whether this is all that can leave. Not so if something is UNKNOWN, or an amount or a mint isn't known.
  bool bounded = true;
};

/// What leaves `wallet` at most in lamports, fee included: transfers, deposits for accounts that are made, and so on.
/// Counted without regard to what comes in.
Outflow outflowOfLamports(const Facts& facts, AddressView wallet) noexcept;

/// What leaves `wallet` at most of one token: of the accounts that it owns, or that it may spend from. Tokens that go
/// to an account of its own (by address, see DERIVED) are not counted.
Outflow outflowOfTokens(const Facts& facts, AddressView wallet, AddressView mint) noexcept;

}  // namespace waas::policy
