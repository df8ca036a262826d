#pragma once
// The computation of one signature, twice and compared; a template, so that tests can put faults into it.
//
// A fault in an Ed25519 signature (a flipped bit in memory or in the processor) can reveal the private key to whoever
// sees it beside a good one. So nothing leaves unless two computations, each from the ciphertexts on, agree.
#include <algorithm>

#include "daemon/vault/shamir.h"
#include "daemon/vault/wallet-keys.h"

namespace waas::vault {

// What a fault may meet, in the order of the computation. PUBLIC_KEY is the half inside the signing key.
enum class FaultPoint : uint8_t { SHARE, SEED, PUBLIC_KEY, SIGNATURE };

// The product's fault: none. Inlines to nothing.
struct NoFault {
  void operator()(int /*round*/, FaultPoint, std::span<uint8_t>) const {}
};

constexpr std::array<uint8_t, SHARES> SHARE_COORDINATES = {1, 2, 3};

// Everything that is bound to a wallet's share of this index.
inline ShareContext shareContext(const WalletView& wallet, uint8_t index) {
  return {.walletId = wallet.walletId,
          .owner = wallet.owner,
          .publicKey = wallet.publicKey,
          .epoch = wallet.epoch,
          .tag = wallet.tag,
          .index = index,
          .threshold = THRESHOLD};
}

// One whole computation, from ciphertext to signature.
template <typename Fault>
SignResult signOnce(int round, const Keyring& keyring, const WalletView& wallet, Bytes message, WalletScratch& scratch,
                    Secret<64>& signature, Fault& fault) {
  constexpr SecretAccess ACCESS = SecretAccess::here();
  SignResult opened = openShares(keyring, wallet, scratch.shares);
  if (opened.outcome != SignOutcome::DONE) return opened;
  for (auto& share : scratch.shares) fault(round, FaultPoint::SHARE, share.fill(ACCESS));
  if (!combineShares(scratch.shares, SHARE_COORDINATES, scratch.seed)) return {};
  fault(round, FaultPoint::SEED, scratch.seed.fill(ACCESS));

  // libsodium's form of a private key. The public half is the one that all envelopes were just held against.
  auto key = scratch.signingKey.fill(ACCESS);
  std::copy_n(scratch.seed.reveal(ACCESS).data(), 32, key.data());
  std::copy_n(wallet.publicKey.data(), 32, key.data() + 32);
  fault(round, FaultPoint::PUBLIC_KEY, key.subspan(32));
  crypto_sign_detached(signature.fill(ACCESS).data(), nullptr, message.data(), message.size(), key.data());
  fault(round, FaultPoint::SIGNATURE, signature.fill(ACCESS));
  return {SignOutcome::SIGNED, 0};
}

template <typename Fault>
SignResult signTwice(const Keyring& keyring, const WalletView& wallet, Bytes message, WalletScratch& scratch,
                     Signature& out, Fault& fault) {
  out.fill(0);
  Secret<64> first, second;  // a wrong one is as good as the key: both stay in secret memory
  SignResult result = signOnce(1, keyring, wallet, message, scratch, first, fault);
  scratch.wipe();  // the second computation finds nothing of the first
  if (result.outcome != SignOutcome::SIGNED) return result;
  result = signOnce(2, keyring, wallet, message, scratch, second, fault);
  scratch.wipe();
  // What opened once and then didn't is a fault, too.
  if (result.outcome != SignOutcome::SIGNED || !first.matches(second)) return {SignOutcome::FAULT, 0};
  std::copy_n(second.reveal(SecretAccess::here()).data(), out.size(), out.data());
  return result;
}

}  // namespace waas::vault
