#pragma once
// A wallet's key: made, split and sealed at its birth; put together for the length of one signature.
//
// This is the only place where a seed exists. It lies in the caller's scratch, which must be secret memory, and is
// wiped on every path. Nothing here allocates, throws, or keeps anything from one call to the next.
#include "daemon/vault/envelope.h"
#include "daemon/vault/floor-book.h"
#include "daemon/vault/recovery-envelope.h"
#include "protocol/certificate.h"

#include <array>

namespace waas::vault {

constexpr uint8_t SHARES = 3;
constexpr uint8_t THRESHOLD = 3;

// Everything secret that making a wallet or one signature needs. One per worker: `SecretBox<WalletScratch>`.
struct WalletScratch {
  Secret<32> shares[SHARES];
  Secret<32> seed;
  Secret<64> signingKey;
  Secret<32> opened[SHARES];  // for the check of what was sealed
  Secret<32> openedSeed;
  Secret<32> added[SHARES];  // a sharing of zero
  Secret<32> fresh[SHARES];  // the next version's shares

  void wipe();
};

// A wallet as it rests in the stores, in views of somebody else's bytes. Fields other than the shares come out of a
// certificate whose MAC was checked (`certificateIsOurs`); shares are looked at by nobody before `signWith`.
struct WalletView {
  Id walletId{};
  OwnerId owner;
  PublicKey publicKey{};
  uint64_t epoch = 0;
  uint64_t tag = 0;
  std::array<Bytes, SHARES> shares;  // envelopes, index 1, 2, 3; empty = not found
  Bytes recovery{};                  // the recovery envelope, where it is needed
  uint8_t fromRecovery = 0;          // bit i: share i + 1 is taken from it, whatever stands in `shares`
};

enum class SignOutcome : uint8_t {
  FAULT = 0,           // the two computations differed (signatureFault)
  RECORD_REFUSED = 1,  // an envelope is not authentic for this wallet and version
  SHARE_MISSING = 2,
  KEY_VERSION_UNKNOWN = 3,
  SIGNED = 4,
  KEY_RETIRED = 5,          // an envelope names a key version that was retired
  RECOVERY_KEY_ABSENT = 6,  // the recovery envelope is needed, and custodians keep its key
  DONE = SIGNED,            // what else was asked for than a signature
};

struct SignResult {
  SignOutcome outcome = SignOutcome::FAULT;
  // Which envelope it is about: 1..3, or RECOVERY; 0 for FAULT and SIGNED.
  uint8_t share = 0;
  static constexpr uint8_t RECOVERY = 4;
};

// Opens the wallet's shares, each from its envelope or from the recovery envelope, whose shares have then given the
// wallet's public key: whoever knows the recovery public key could have made another one. DONE, or why not; `shares`
// are then not to be used.
SignResult openShares(const Keyring& keyring, const WalletView& wallet, std::span<Secret<32>, SHARES> shares);

// Signs `message` with the wallet's key under the public key that its envelopes are bound to. Everything, from the
// ciphertexts on, is computed twice and compared (docs/decisions/0001-compute-twice.md); `out` is zero unless SIGNED.
// A missing share is reported before a refused one, and the lowest index first.
SignResult signWith(const Keyring& keyring, const WalletView& wallet, Bytes message, WalletScratch& scratch,
                    Signature& out);

// The vault's MAC over a certificate, under the newest version of the record key.
Hash certificateMac(const Keyring& keyring, Bytes certificate);

// Whether `mac` is the vault's own over `certificate`, under any version of the record key. Only then may anything in
// the certificate be believed.
bool certificateIsOurs(const Keyring& keyring, Bytes certificate, Bytes mac);

// A new wallet, ready to be stored. Holds no secret.
struct NewWallet {
  Id walletId{};
  PublicKey publicKey{};
  uint64_t epoch = 0;
  uint64_t tag = 0;
  size_t certificateSize = 0;
  std::array<uint8_t, MAX_CERTIFICATE_BYTES> certificateBytes{};
  Signature signature{};
  Hash mac{};
  std::array<std::array<uint8_t, SHARE_ENVELOPE_BYTES>, SHARES> shares{};
  std::array<uint8_t, RECOVERY_ENVELOPE_BYTES> recovery{};
  FloorBytes floor{};

  Bytes certificate() const { return Bytes(certificateBytes).first(certificateSize); }
};

enum class MakeOutcome : uint8_t {
  FAULT = 0,         // what was sealed didn't open to what was meant; nothing may be stored
  NAME_REFUSED = 1,  // not a wallet name (protocol/certificate.h)
  MADE = 2,
  KEY_REFUSED = 3,  // the seed does not give the public key beside it
};

// Makes a wallet of epoch 1 for `owner`: a random seed, its three shares in envelopes, the recovery envelope, the
// certificate with the answer key's signature and the record key's MAC. Before it returns it opens every envelope
// again, puts the seed together from them, and checks that it gives the same public key; the recovery envelope is
// opened where this host has the private half. `wallet` is zero unless MADE. `now` is Unix time in milliseconds.
MakeOutcome makeWallet(const OwnerId& owner, std::string_view name, bool first, uint64_t now, const Keyring& keyring,
                       Random& random, WalletScratch& scratch, NewWallet& wallet);

// The same of a key that exists already: seed and public key, as solana-keygen writes them.
MakeOutcome makeWalletOf(const Secret<64>& keyPair, const OwnerId& owner, std::string_view name, bool first,
                         uint64_t now, const Keyring& keyring, Random& random, WalletScratch& scratch,
                         NewWallet& wallet);

}  // namespace waas::vault
