#include "policy/transaction-view.h"

#include <algorithm>
#include <memory>
#include <type_traits>

#include "solana/instruction/token-2022.h"
#include "solana/instruction/token.h"
#include "solana/program-address.h"

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

/// Recognizes associated token accounts of the wallet for mints that the policy names, where the message alone doesn't
/// tell which account it is. That costs hashes: so only a few accounts are looked at, and a few mints tried; of others
/// nothing is known.
class OwnAccounts {
 public:
  OwnAccounts(const Policy& policy, const Request& request) noexcept : policy(policy), request(request) {}

  /// The mint of which this is the wallet's account; null if it is none, or nobody looks any more.
  const Address* mintOf(const Party& account) noexcept {
    if (!account || left == 0) return nullptr;
    --left;
    if (isOwn(account, solana::token::NATIVE_MINT)) return &solana::token::NATIVE_MINT;
    for (const Mint& mint : std::span(policy.mints).first(std::min(policy.mints.size(), MAX_MINTS))) {
      const Address& address = policy.addresses[mint.address];
      if (isOwn(account, address)) return &address;
    }
    return nullptr;
  }

 private:
  static constexpr unsigned MAX_ACCOUNTS = 8;
  static constexpr std::size_t MAX_MINTS = 8;

  const Policy& policy;
  const Request& request;
  unsigned left = MAX_ACCOUNTS;

  bool isOwn(const Party& account, const Address& mint) const noexcept {
    for (AddressView program : {AddressView(solana::token::PROGRAM), AddressView(solana::token2022::PROGRAM)}) {
      if (solana::isAssociatedTokenAddress(account.address(), request.wallet.address, mint, program)) return true;
    }
    return false;
  }
};

Beneficiary beneficiaryOf(const Policy& policy, const Request& request, const Effect& effect, Operation operation,
                          OwnAccounts& own) noexcept {
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
  bool untold = withOwner && tokens && !effect.toOwner && !effect.mint && !effect.swap.outMint;
  if (untold && own.mintOf(effect.to) != nullptr) {
    out.self = true;
    out.ownerUnknown = false;
    return out;
  }
  out.self = effect.to.is(request.wallet.address) || (withOwner && effect.toOwner.is(request.wallet.address));
  return out;
}

AssetView assetOf(const Policy& policy, const Effect& effect, Operation operation, OwnAccounts& own) noexcept {
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
  if (effect.mint) {
    out.known = true;
    out.looked = effect.mint.looked();
    out.sol = isWrappedSol(effect.mint);
    out.mint = placeOf(policy, effect.mint);
  } else if (const Address* mint = own.mintOf(effect.from)) {
    // Its address was recognized: if that is a claim, so is the mint.
    out.known = true;
    out.looked = effect.from.looked();
    out.sol = *mint == solana::token::NATIVE_MINT;
    out.mint = policy.placeOf(*mint);
  }
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

static_assert(std::is_trivially_destructible_v<EffectView>);

namespace {

EffectView viewOf(const Policy& policy, const Request& request, const Effect& effect, OwnAccounts& own) noexcept {
  EffectView out;
  const PublicKey& wallet = request.wallet.address;
  out.effect = &effect;
  out.operation = operationOf(effect);
  out.program = placeOf(policy, effect.program);
  out.beneficiary = beneficiaryOf(policy, request, effect, out.operation, own);
  out.asset = assetOf(policy, effect, out.operation, own);
  out.takesFromOther = isOneOf(effect.authority, request.others) || isOneOf(effect.from, request.others) ||
                       isOneOf(effect.fromOwner, request.others);
  // A memo without signers speaks for the fee payer; whoever advances a nonce, what the wallet signs does not expire.
  out.concernsWallet = effect.signedByOurs || out.takesFromOther || out.operation == Operation::UNKNOWN ||
                       out.operation == Operation::MEMO || out.operation == Operation::ADVANCE_NONCE ||
                       effect.authority.is(wallet) || effect.from.is(wallet) || effect.fromOwner.is(wallet);
  return out;
}

}  // namespace

TransactionView::TransactionView(const Policy& policy, const Request& request, const Facts& facts) noexcept
    : source(facts),
      walletPays(facts.feePayer.is(request.wallet.address)),
      otherPays(isOneOf(facts.feePayer, request.others)) {
  OwnAccounts own(policy, request);
  for (const Effect& effect : facts.effects()) {
    EffectView& added = *std::construct_at(&store.views[count++], viewOf(policy, request, effect, own));
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
