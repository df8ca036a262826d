#pragma once
// A transaction as rules look at it: worked out once for a request, so that a thousand rules cost little.

#include <array>
#include <optional>
#include <span>

#include "policy/facts.h"
#include "policy/policy.h"
#include "policy/request.h"

namespace waas::policy {

/// Whether this is wrapped SOL's mint: lamports as tokens, which rules take for SOL.
bool isWrappedSol(const Party& mint) noexcept;

/// Whom an effect benefits: who gets what it moves, or the power that it gives.
struct Beneficiary {
  bool there = false;  // the kind of effect has one
  bool known = false;  // its address is known
  /// A token account whose owner is not known: it could be anybody's.
  bool ownerUnknown = false;
  bool self = false;    // the wallet itself, or a token account that it owns
  bool looked = false;  // depends on a lookup table
  Place address = NO_PLACE;
  Place owner = NO_PLACE;
};

/// What an effect is about.
struct AssetView {
  bool there = false;
  bool sol = false;     // lamports and wrapped SOL are one asset
  bool known = false;   // the mint is known; always for SOL
  bool looked = false;  // depends on a lookup table
  Place mint = NO_PLACE;
};

struct EffectView {
  const Effect* effect = nullptr;
  Operation operation = Operation::UNKNOWN;
  /// Whether the wallet's signature is at work here, or something of the wallet's is: then a rule has to cover it. What
  /// other signers do with their own is no business of ours.
  bool concernsWallet = false;
  /// Whether another wallet of ours would lose by it.
  bool takesFromOther = false;
  Place program = NO_PLACE;
  Beneficiary beneficiary;
  AssetView asset;
};

/// What leaves the wallet of one asset. What goes to the wallet itself does not leave it.
struct Leaving {
  bool sol = false;
  Place mint = NO_PLACE;          // NO_PLACE besides !sol: of a mint that no rule names, or that is not known
  std::uint64_t amount = 0;       // UINT64_MAX if the sum would be larger
  std::uint16_t everything = 0;   // an instruction that takes all that is there, or doesn't say how much; 0 = none
  std::uint16_t instruction = 0;  // the last one that adds to it
};

class TransactionView {
 public:
  /// Looks through all effects. What it is given must outlive it.
  TransactionView(const Policy& policy, const Request& request, const Facts& facts) noexcept;

  std::span<const EffectView> effects() const noexcept { return {store.views.data(), count}; }
  const Facts& facts() const noexcept { return source; }

  /// What leaves of one asset.
  Leaving leaving(Asset asset) const noexcept;
  /// An instruction by which something of a mint that is not known leaves; 0 if there is none.
  std::uint16_t unknownMintLeaves() const noexcept { return unknownMint; }

  /// Lamports of fee that the wallet pays; 0 if another pays.
  std::uint64_t fee() const noexcept { return walletPays ? source.fee.totalLamports : 0; }
  bool otherOfOursPays() const noexcept { return otherPays; }

  /// Whether another signer than the wallet is required, by its place in the policy; `member` is asked for each.
  template <typename Ask>
  bool anyOtherSigner(Ask ask) const noexcept {
    for (std::size_t i = 0; i < signerCount; ++i) {
      if (ask(signers[i])) return true;
    }
    return false;
  }

 private:
  /// Not filled beforehand: most transactions have a handful, and clearing places for all would cost more than these.
  union Store {
    Store() noexcept {}
    std::array<EffectView, MAX_EFFECTS> views;
  };

  const Facts& source;
  Store store;
  std::size_t count = 0;
  std::array<Place, 256> signers;  // others than the wallet
  std::size_t signerCount = 0;
  std::uint16_t unknownMint = 0;
  bool walletPays = false;
  bool otherPays = false;
};

}  // namespace waas::policy
