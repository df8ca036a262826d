#include <limits>

#include "policy/facts.h"
#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"

namespace waas::policy {
namespace {

void add(std::uint64_t amount, Outflow& out) noexcept {
  if (__builtin_add_overflow(out.amount, amount, &out.amount)) {
    out.amount = std::numeric_limits<std::uint64_t>::max();
    out.bounded = false;
  }
}

void add(const std::optional<std::uint64_t>& amount, Outflow& out) noexcept {
  amount ? add(*amount, out) : static_cast<void>(out.bounded = false);
}

/// Whether the effect happens by the wallet's signature, as far as one can tell.
bool isBy(const Effect& effect, AddressView wallet) noexcept {
  if (effect.authority.is(wallet)) return true;
  return effect.signedByOurs && (!effect.authority || effect.extraAccounts);
}

bool staysWith(const Effect& effect, AddressView wallet) noexcept {
  return effect.to.is(wallet) || effect.toOwner.is(wallet);
}

bool isOfTokenProgram(const Effect& effect) noexcept {
  return effect.program.is(solana::token::PROGRAM) || effect.program.is(solana::token2022::PROGRAM);
}

void addLamports(const Effect& effect, AddressView wallet, Outflow& out) noexcept {
  bool by = isBy(effect, wallet);
  bool pays = effect.from.is(wallet);
  switch (effect.kind) {
    case EffectKind::TRANSFER:
      if (effect.asset == AssetKind::SOL && (pays || by) && !staysWith(effect, wallet)) add(effect.amount, out);
      return;
    case EffectKind::CREATE_ACCOUNT:
      // A wallet that is made into an account of a program's is lost to its owner.
      if (effect.to.is(wallet)) out.bounded = false;
      if (pays) add(effect.amount, out);
      return;
    case EffectKind::CREATE_TOKEN_ACCOUNT:
      if (pays) add(effect.amount, out);
      return;
    case EffectKind::CLOSE_ACCOUNT:
      if (by && !staysWith(effect, wallet)) out.bounded = false;
      return;
    case EffectKind::OTHER:
      if (pays && effect.amount) return add(effect.amount, out);
      [[fallthrough]];
    case EffectKind::UNKNOWN:
    case EffectKind::SET_AUTHORITY:
      if (by || pays) out.bounded = false;
      return;
    default: return;
  }
}

void addTokens(const Effect& effect, AddressView wallet, AddressView mint, Outflow& out) noexcept {
  if (!isBy(effect, wallet)) return;
  switch (effect.kind) {
    case EffectKind::TRANSFER:
      if (effect.asset != AssetKind::TOKEN || effect.toOwner.is(wallet)) return;
      break;
    case EffectKind::SWAP:
    case EffectKind::APPROVE:
    case EffectKind::BURN: break;
    case EffectKind::CLOSE_ACCOUNT:
      // Only wrapped SOL can be closed with something in it; it becomes lamports.
      if (same(mint, solana::token::NATIVE_MINT) && (!effect.mint || effect.mint.is(mint)) &&
          isOfTokenProgram(effect)) {
        out.bounded = false;
      }
      return;
    case EffectKind::OTHER:
      if (isOfTokenProgram(effect)) out.bounded = false;
      return;
    case EffectKind::UNKNOWN:
    case EffectKind::SET_AUTHORITY: out.bounded = false; return;
    default: return;
  }
  if (!effect.mint) out.bounded = false;
  if (effect.mint.is(mint)) add(effect.amount, out);
}

}  // namespace

Outflow outflowOfLamports(const Facts& facts, AddressView wallet) noexcept {
  Outflow out;
  if (facts.feePayer.is(wallet)) add(facts.fee.totalLamports, out);
  for (const Effect& effect : facts.effects()) addLamports(effect, wallet, out);
  return out;
}

Outflow outflowOfTokens(const Facts& facts, AddressView wallet, AddressView mint) noexcept {
  Outflow out;
  for (const Effect& effect : facts.effects()) addTokens(effect, wallet, mint, out);
  return out;
}

}  // namespace waas::policy
