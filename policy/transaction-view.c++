#include "policy/transaction-view.h"

#include <algorithm>

#include "solana/instruction/token.h"

namespace waas::policy {
namespace {

Place placeOf(const Policy& policy, const Party& party) noexcept {
  return party ? policy.placeOf(party.address()) : NO_PLACE;
}

bool isOneOf(const Party& party, std::span<const Address> wallets) noexcept {
  return party && std::ranges::any_of(wallets, [&](const Address& wallet) { return party.is(wallet); });
}

bool hasBeneficiary(const Effect& effect, Operation operation) noexcept {
  switch (operation) {
    case Operation::TRANSFER:
    case Operation::APPROVE:
    case Operation::CLOSE_ACCOUNT:
    case Operation::CREATE_ACCOUNT:
    case Operation::CREATE_TOKEN_ACCOUNT:
    case Operation::MINT:
    case Operation::SWAP: return true;
    // To nobody: nobody gains.
    case Operation::SET_AUTHORITY:
    case Operation::OTHER: return effect.to.from() != Party::From::NOWHERE || effect.toOwner;
    default: return false;
  }
}

/// Whether `toOwner` says who can use what arrives, as a token account's owner does. Of an account that is made it is
/// the program.
bool ownerBenefits(Operation operation) noexcept {
  return operation != Operation::CREATE_ACCOUNT && operation != Operation::SET_AUTHORITY &&
         operation != Operation::APPROVE;
}

Beneficiary beneficiaryOf(const Policy& policy, const Request& request, const Effect& effect,
                          Operation operation) noexcept {
  Beneficiary out;
  out.there = hasBeneficiary(effect, operation);
  if (!out.there) return out;
  bool withOwner = ownerBenefits(operation);
  bool tokens =
      effect.asset == AssetKind::TOKEN || operation == Operation::SWAP || operation == Operation::CREATE_TOKEN_ACCOUNT;
  out.known = static_cast<bool>(effect.to) || (withOwner && effect.toOwner);
  out.ownerUnknown = withOwner && tokens && !effect.toOwner;
  out.looked = effect.to.looked() || (withOwner && effect.toOwner.looked());
  out.address = placeOf(policy, effect.to);
  if (withOwner && effect.toOwner) {
    out.owner = placeOf(policy, effect.toOwner);
  } else if (withOwner) {
    out.owner = policy.ownerOf(out.address);
    if (out.owner != NO_PLACE) out.ownerUnknown = false;
  }
  out.self = effect.to.is(request.wallet.address) || (withOwner && effect.toOwner.is(request.wallet.address));
  return out;
}

AssetView assetOf(const Policy& policy, const Effect& effect, Operation operation) noexcept {
  AssetView out;
  bool lamports = effect.asset == AssetKind::SOL || operation == Operation::CREATE_ACCOUNT ||
                  operation == Operation::CREATE_TOKEN_ACCOUNT || operation == Operation::CLOSE_ACCOUNT ||
                  (operation == Operation::OTHER && effect.amount && effect.asset == AssetKind::NONE) ||
                  (operation == Operation::SET_AUTHORITY && effect.role != Role::ACCOUNT_OWNER);
  bool tokens = effect.asset == AssetKind::TOKEN || operation == Operation::SWAP || operation == Operation::APPROVE ||
                operation == Operation::BURN || operation == Operation::MINT ||
                (operation == Operation::SET_AUTHORITY && effect.role == Role::ACCOUNT_OWNER);
  if (!lamports && !tokens) return out;
  out.there = true;
  if (lamports) {
    out.sol = out.known = true;
    return out;
  }
  out.known = static_cast<bool>(effect.mint);
  out.looked = effect.mint.looked();
  out.sol = isWrappedSol(effect.mint);
  out.mint = placeOf(policy, effect.mint);
  return out;
}

/// Whether something leaves the wallet by this effect, once it is known to concern it.
bool takesAway(const EffectView& view) noexcept {
  switch (view.operation) {
    case Operation::SWAP:
    case Operation::BURN: return true;
    case Operation::TRANSFER:
    case Operation::APPROVE:
    case Operation::CLOSE_ACCOUNT:
    case Operation::CREATE_ACCOUNT:
    case Operation::CREATE_TOKEN_ACCOUNT:
    case Operation::MINT: return !view.beneficiary.self;
    case Operation::OTHER: return view.asset.there && !view.beneficiary.self;
    case Operation::SET_AUTHORITY: return view.beneficiary.there && !view.beneficiary.self;
    default: return false;
  }
}

}  // namespace

bool isWrappedSol(const Party& mint) noexcept { return mint.is(solana::token::NATIVE_MINT); }

EffectView TransactionView::view(const Policy& policy, const Request& request, const Effect& effect) const noexcept {
  EffectView out;
  const PublicKey& wallet = request.wallet.address;
  out.effect = &effect;
  out.operation = operationOf(effect);
  out.program = placeOf(policy, effect.program);
  out.beneficiary = beneficiaryOf(policy, request, effect, out.operation);
  out.asset = assetOf(policy, effect, out.operation);
  out.takesFromOther = isOneOf(effect.authority, request.others) || isOneOf(effect.from, request.others) ||
                       isOneOf(effect.fromOwner, request.others);
  // A memo without signers speaks for the fee payer.
  out.concernsWallet = effect.signedByOurs || out.takesFromOther || out.operation == Operation::UNKNOWN ||
                       out.operation == Operation::MEMO || effect.authority.is(wallet) || effect.from.is(wallet) ||
                       effect.fromOwner.is(wallet);
  return out;
}

TransactionView::TransactionView(const Policy& policy, const Request& request, const Facts& facts) noexcept
    : source(facts),
      walletPays(facts.feePayer.is(request.wallet.address)),
      otherPays(isOneOf(facts.feePayer, request.others)) {
  for (const Effect& effect : facts.effects()) {
    EffectView& added = views[count++] = view(policy, request, effect);
    if (added.concernsWallet && takesAway(added) && added.asset.there && !added.asset.known) {
      unknownMint = effect.instruction;
    }
  }
  const solana::Message& message = *request.message;
  for (std::size_t i = 0; i < message.header().requiredSignatures && i < signers.size(); ++i) {
    AddressView signer = message.staticKey(i);
    if (!solana::same(signer, AddressView(request.wallet.address))) signers[signerCount++] = policy.placeOf(signer);
  }
}

Leaving TransactionView::leaving(Asset asset) const noexcept {
  Leaving out;
  out.sol = asset == SOL;
  out.mint = asset == SOL ? NO_PLACE : static_cast<Place>(asset - 1);
  for (const EffectView& view : effects()) {
    bool same = view.asset.there && (out.sol ? view.asset.sol : !view.asset.sol && view.asset.mint == out.mint);
    if (!same || !view.concernsWallet || !takesAway(view)) continue;
    out.instruction = view.effect->instruction;
    // What is given away with an account or an authority is all that is in it.
    bool whole = !view.effect->amount || view.operation == Operation::CLOSE_ACCOUNT ||
                 view.operation == Operation::SET_AUTHORITY;
    if (whole) {
      out.everything = view.effect->instruction;
    } else {
      std::uint64_t more = *view.effect->amount;
      out.amount = more > UINT64_MAX - out.amount ? UINT64_MAX : out.amount + more;
    }
  }
  return out;
}

}  // namespace waas::policy
