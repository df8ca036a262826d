#include "policy/facts.h"

#include <algorithm>
#include <bitset>
#include <memory>

#include "policy/account-table.h"
#include "policy/fee-facts.h"
#include "policy/program-table.h"
#include "policy/token-owners.h"
#include "solana/instruction/system.h"
#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"

namespace waas::policy {
namespace {

using solana::ABSENT;
using solana::Action;

bool isZero(Bytes bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

/// One instruction, or one child of a Batch.
struct Call {
  AddressView program;
  const Program* known = nullptr;  // null: a program that is not known
  Bytes accounts;                  // indexes among the message's accounts
  Bytes data;
  std::uint16_t instruction = 0;
  std::uint8_t child = 0;
};

/// Reads one message. Lives as long as one call of readFacts().
class FactsReader {
 public:
  FactsReader(const solana::Message& message, std::span<const Address> ours, Facts& out) noexcept
      : message(message), ours(ours), out(out), owners(accounts, ours) {}

  FactsOutcome read(std::span<const TableClaim> claims) noexcept {
    FactsOutcome outcome = accounts.fill(message, claims, ours);
    if (outcome != FactsOutcome::READ) return outcome;
    readWhole();
    findPrograms();
    std::uint16_t number = 0;
    for (const solana::Instruction& instruction : message.instructions()) {
      Call call{message.staticKey(instruction.program),
                programOf(instruction),
                instruction.accounts,
                instruction.data,
                ++number,
                0};
      bool batch = call.known != nullptr && call.known->isToken && solana::token::isBatch(call.data);
      bool room = batch ? readBatch(call) : readCall(call);
      if (!room) return FactsOutcome::TOO_MANY_EFFECTS;
    }
    return FactsOutcome::READ;
  }

 private:
  const solana::Message& message;
  std::span<const Address> ours;
  Facts& out;
  AccountTable accounts;
  TokenOwners owners;
  /// Accounts that an instruction of a program of tokens uses: only these are worth a look whether they are wrapped
  /// SOL.
  std::bitset<solana::MAX_ACCOUNTS> tokenAccounts;
  /// By the index of their static key, of which no message has more than version 1 allows; null = not known.
  std::array<const Program*, solana::MAX_V1_ADDRESSES> programs{};
  /// ComputeBudget settings that were there, by their tag: each may come once.
  std::bitset<8> settings;

  void readWhole() noexcept {
    out.version = message.version();
    out.feePayer = accounts[0];
    out.feePayerIsOurs = accounts.isOurSigner(0);
    out.signers = message.header().requiredSignatures;
    out.ourSigners = static_cast<std::uint8_t>(accounts.ourSignerCount());
    out.lifetime = Party(message.lifetime().data(), Party::From::MESSAGE);
    out.fee = readFee(message);
    out.instructions = message.instructions().size();
    out.tables = message.lookupTables().size();
    out.lookedAccounts = message.accountCount() - message.staticKeyCount();
    out.hiddenAccounts = accounts.hiddenCount();
    out.unknowns = out.effectCount = 0;
    out.durableNonce = false;
    if (out.instructions == 0) return;
    const solana::Instruction first = *message.instructions().begin();
    out.durableNonce =
        same(message.staticKey(first.program), solana::system::PROGRAM) && solana::system::advancesNonce(first.data);
  }

  const Program* programOf(const solana::Instruction& instruction) const noexcept {
    return programs[instruction.program];
  }

  /// Finds each program once, and the accounts that those which handle tokens use.
  void findPrograms() noexcept {
    for (const solana::Instruction& instruction : message.instructions()) {
      const Program*& known = programs[instruction.program];
      if (known == nullptr) known = findProgram(message.staticKey(instruction.program));
      if (known == nullptr || !known->handlesTokens) continue;
      for (std::uint8_t account : instruction.accounts) tokenAccounts.set(account);
    }
  }

  /// Each of these answers false if there is no room for the effect.
  bool readBatch(const Call& batch) noexcept {
    solana::token::Batch children(batch.data, batch.accounts);
    Call call = batch;
    while (auto child = children.next()) {
      call.accounts = child->accounts;
      call.data = child->data;
      ++call.child;
      if (!readCall(call)) return false;
    }
    // The programs refuse an empty one as well.
    if (children.whole() && call.child > 0) return true;
    ++call.child;
    call.accounts = batch.accounts;
    return addUnknown(call, "Token Batch, not whole");
  }

  bool readCall(const Call& call) noexcept {
    Action action;
    if (call.known == nullptr) return addUnknown(call, "a program that is not known");
    if (!call.known->read(call.data, call.accounts.size(), action)) return addUnknown(call, call.known->notUnderstood);
    if (action.kind == EffectKind::COMPUTE_BUDGET && isRepeated(call))
      return addUnknown(call, "ComputeBudget, said twice");
    return addEffect(call, action);
  }

  bool isRepeated(const Call& call) noexcept {
    std::size_t tag = call.data[0] % settings.size();
    bool before = settings.test(tag);
    settings.set(tag);
    return before;
  }

  Effect* append(const Call& call, const char* name) noexcept {
    if (out.effectCount == MAX_EFFECTS) return nullptr;
    // In its place, so that nothing is copied.
    Effect* effect = std::construct_at(&out.effectStore[out.effectCount++]);
    effect->instruction = call.instruction;
    effect->child = call.child;
    effect->name = name;
    effect->program = Party(call.program.data(), Party::From::MESSAGE);
    return effect;
  }

  bool addUnknown(const Call& call, const char* name) noexcept {
    Effect* effect = append(call, name);
    if (effect == nullptr) return false;
    effect->signedByOurs = anyOurSigner(call.accounts);
    ++out.unknowns;
    // It may have done anything with the accounts that it got.
    owners.knowledge().forgetAll();
    return true;
  }

  bool anyOurSigner(Bytes indexes) const noexcept {
    return std::any_of(indexes.begin(), indexes.end(), [this](std::uint8_t i) { return accounts.isOurSigner(i); });
  }

  Party partyAt(const Call& call, std::uint8_t position) const noexcept {
    return position < call.accounts.size() ? accounts[call.accounts[position]] : Party();
  }

  bool addEffect(const Call& call, const Action& action) noexcept {
    Effect* effect = append(call, action.name);
    if (effect == nullptr) return false;
    fillPlain(action, *effect);
    fillParties(call, action, *effect);
    if (effect->kind == EffectKind::SWAP) fillSwap(call, action, *effect);
    fillSigners(call, action, *effect);
    fillCost(*effect);
    fillOwners(call, action, *effect);
    learn(call, action, *effect);
    return effect->kind != EffectKind::CREATE_ACCOUNT || !isOurs(call, action.at.to) || addGivenAway(call, *effect);
  }

  /// Making an account of one of ours gives it to a program, with all that is in it (CreateAccountAllowPrefund):
  /// besides what is paid for it, that is an authority given away.
  bool addGivenAway(const Call& call, const Effect& made) noexcept {
    Effect* effect = append(call, made.name);
    if (effect == nullptr) return false;
    effect->kind = EffectKind::SET_AUTHORITY;
    effect->role = Role::PROGRAM;
    effect->from = effect->authority = made.to;
    effect->to = made.toOwner;
    effect->signedByOurs = true;
    return true;
  }

  bool isOurs(const Call& call, std::uint8_t position) const noexcept {
    return position < call.accounts.size() && accounts.isOurSigner(call.accounts[position]);
  }

  static void fillPlain(const Action& action, Effect& effect) noexcept {
    effect.kind = action.kind;
    effect.asset = action.asset;
    effect.role = action.role;
    effect.amount = action.amount;
    effect.decimals = action.decimals;
    effect.withheld = action.withheld;
    effect.text = action.text;
  }

  void fillParties(const Call& call, const Action& action, Effect& effect) const noexcept {
    effect.from = partyAt(call, action.at.from);
    effect.to = partyAt(call, action.at.to);
    effect.authority = partyAt(call, action.at.authority);
    effect.mint = partyAt(call, action.at.mint);
    effect.fromOwner = partyAt(call, action.at.fromOwner);
    effect.toOwner = partyAt(call, action.at.toOwner);
    effect.tokenProgram = partyAt(call, action.at.tokenProgram);
    if (action.at.tokenProgram == ABSENT && call.known->isToken) effect.tokenProgram = effect.program;
    // An authority over an extension is written as zero bytes where there shall be none.
    bool nobody = action.role == Role::EXTENSION && isZero(action.toKey);
    if (!action.toKey.empty() && !nobody) effect.to = Party(action.toKey.data(), Party::From::MESSAGE);
    if (!action.ownerKey.empty()) effect.toOwner = Party(action.ownerKey.data(), Party::From::MESSAGE);
    if (action.nativeMint) effect.mint = derived(solana::token::NATIVE_MINT);
  }

  void fillSwap(const Call& call, const Action& action, Effect& effect) const noexcept {
    const solana::SwapTerms& terms = action.swap;
    Swap& swap = effect.swap;
    swap.quotedOut = terms.quotedOut;
    swap.minimumOut = terms.minimumOut;
    swap.slippageBps = terms.slippageBps;
    swap.platformFeeBps = terms.platformFeeBps;
    swap.positiveSlippageFeeBps = terms.positiveSlippageFeeBps;
    swap.exactOut = terms.exactOut;
    swap.fromLedger = terms.fromLedger;
    swap.outMint = partyAt(call, terms.outMint);
    // The called program itself stands where an optional account isn't given.
    Party instead = partyAt(call, terms.toInstead);
    if (instead.from() != Party::From::NOWHERE && !instead.is(call.program)) effect.to = instead;
    Party feeAccount = partyAt(call, terms.feeAccount);
    if (!feeAccount.is(call.program)) swap.feeAccount = feeAccount;
  }

  void fillSigners(const Call& call, const Action& action, Effect& effect) const noexcept {
    Bytes extra = call.accounts.subspan(std::min<std::size_t>(action.needed, call.accounts.size()));
    effect.extraAccounts = !extra.empty();
    bool transfersBy2022 = effect.kind == EffectKind::TRANSFER && same(call.program, solana::token2022::PROGRAM);
    effect.hook = transfersBy2022 && std::any_of(extra.begin(), extra.end(),
                                                 [this](std::uint8_t index) { return !accounts.isSigner(index); });
    if (action.at.authority >= call.accounts.size()) {
      effect.signedByOurs = anyOurSigner(call.accounts);
      return;
    }
    effect.signedByOurs = isOurs(call, action.at.authority) || anyOurSigner(extra);
  }

  /// What an associated account costs isn't said, but known.
  static void fillCost(Effect& effect) noexcept {
    if (effect.kind != EffectKind::CREATE_TOKEN_ACCOUNT || !effect.from) return;
    if (effect.tokenProgram.is(solana::token::PROGRAM)) effect.amount = solana::token::ACCOUNT_RENT;
    if (effect.tokenProgram.is(solana::token2022::PROGRAM)) effect.amount = solana::token2022::MAX_ACCOUNT_RENT;
  }

  /// Index of the account that `party` was taken from by position, if it was.
  static std::optional<std::uint8_t> indexAt(const Call& call, std::uint8_t position) noexcept {
    if (position >= call.accounts.size()) return std::nullopt;
    return call.accounts[position];
  }

  void fillOwners(const Call& call, const Action& action, Effect& effect) noexcept {
    auto from = indexAt(call, action.at.from);
    auto to = indexAt(call, action.at.to);
    if (effect.kind == EffectKind::SWAP && action.swap.toInstead != ABSENT) {
      auto instead = indexAt(call, action.swap.toInstead);
      if (instead && !accounts[*instead].is(call.program)) to = instead;
    }
    const TokenAccount* source = from ? owners.knowledge().find(*from) : nullptr;
    const TokenAccount* target = to && action.toKey.empty() ? owners.knowledge().find(*to) : nullptr;
    switch (effect.kind) {
      case EffectKind::TRANSFER:
        if (effect.asset == AssetKind::SOL) return fillWrapped(to, target, effect);
        if (!effect.mint && source) effect.mint = inherited(source->mint);
        if (!effect.mint && target) effect.mint = inherited(target->mint);
        if (source && !effect.fromOwner) effect.fromOwner = inherited(source->owner);
        // Unwrapped lamports go to the account itself.
        if (!effect.toOwner && !action.nativeMint) effect.toOwner = ownerOf(to, effect.mint, effect.tokenProgram);
        return;
      case EffectKind::SWAP:
        if (source == nullptr && from) source = owners.associated(*from, effect.authority, effect.mint);
        // What the instruction says of a mint is proved by the accounts only.
        if (source && (!effect.mint || effect.mint.is(source->mint.address()))) {
          effect.mint = inherited(source->mint);
          effect.fromOwner = inherited(source->owner);
        } else {
          effect.mint = Party();
        }
        if (target && effect.swap.outMint && !effect.swap.outMint.is(target->mint.address())) return;
        effect.toOwner = ownerOf(to, effect.swap.outMint, effect.tokenProgram);
        return;
      case EffectKind::CLOSE_ACCOUNT:
        if (call.known->isToken) fillClosed(from, source, effect);
        return;
      case EffectKind::APPROVE:
      case EffectKind::REVOKE:
      case EffectKind::SET_AUTHORITY:
      case EffectKind::BURN:
        if (source && source->owner) effect.fromOwner = inherited(source->owner);
        if (source && !effect.mint && source->mint) effect.mint = inherited(source->mint);
        return;
      default: return;
    }
  }

  Party ownerOf(std::optional<std::uint8_t> account, const Party& mint, const Party& tokenProgram) noexcept {
    return account ? owners.ownerOf(*account, mint, tokenProgram) : Party();
  }

  /// Lamports that go to a token account: where SOL is wrapped. In accounts of other mints they are nobody's plainly: a
  /// frozen one can't be closed.
  void fillWrapped(std::optional<std::uint8_t> to, const TokenAccount* known, Effect& effect) noexcept {
    if (effect.toOwner || !to || !tokenAccounts.test(*to)) return;
    const Party native = derived(solana::token::NATIVE_MINT);
    if (known && !known->mint.is(native.address())) return;
    effect.toOwner = ownerOf(to, native, derived(solana::token::PROGRAM));
  }

  void fillClosed(std::optional<std::uint8_t> from, const TokenAccount* known, Effect& effect) noexcept {
    Party native = derived(solana::token::NATIVE_MINT);
    effect.fromOwner = ownerOf(from, native, effect.tokenProgram);
    if (known && known->mint) {
      effect.mint = inherited(known->mint);
    } else if (effect.fromOwner) {
      effect.mint = native;
    }
  }

  void learn(const Call& call, const Action& action, const Effect& effect) noexcept {
    auto from = indexAt(call, action.at.from);
    auto to = indexAt(call, action.at.to);
    if (effect.kind == EffectKind::CREATE_TOKEN_ACCOUNT && to && effect.toOwner && effect.mint) {
      owners.knowledge().learn({*to, effect.toOwner, effect.mint, effect.tokenProgram});
    }
    bool changesHands = effect.kind == EffectKind::SET_AUTHORITY && effect.role == Role::ACCOUNT_OWNER;
    if (from && (effect.kind == EffectKind::CLOSE_ACCOUNT || changesHands)) owners.knowledge().forget(*from);
  }
};

}  // namespace

std::string_view describe(FactsOutcome outcome) noexcept {
  switch (outcome) {
    case FactsOutcome::UNKNOWN: break;
    case FactsOutcome::READ: return "The message was read.";
    case FactsOutcome::TOO_MANY_EFFECTS: return "The message does more things than are read of one message.";
    case FactsOutcome::CLAIM_MALFORMED: return "The contents of a lookup table are malformed, or given twice.";
    case FactsOutcome::ACCOUNT_TWICE: return "With these lookup tables an account would be there twice.";
  }
  return "The message was not read.";
}

FactsOutcome readFacts(const solana::Message& message, std::span<const TableClaim> claims,
                       std::span<const Address> ours, Facts& out) noexcept {
  return FactsReader(message, ours, out).read(claims);
}

}  // namespace waas::policy
