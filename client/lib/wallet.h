#pragma once
// A wallet as a client may believe in it, and the ways to name one.
#include <kj/array.h>
#include <kj/string.h>
#include <protocol/signer.capnp.h>

#include "protocol/bytes.h"
#include "protocol/certificate.h"

namespace waas::client {

// A wallet whose certificate was verified. The public key is the address.
struct Wallet {
  Id walletId{};
  OwnerId owner;
  PublicKey publicKey{};
  bool first = false;
  uint64_t createdAt = 0;  // Unix milliseconds
  kj::String name;
};

// Verifies a wallet's certificate and reads it (L1). `answerKey` is the one of vault.pub; `owner` is whose wallet it
// must be. Throws `addressUnproven` when the certificate is not the vault's, is another owner's, or can't be read.
Wallet verifiedWallet(protocol::WalletInfo::Reader info, const PublicKey& answerKey, const OwnerId& owner);

// Owner id of the local service with this name: the first 16 bytes of SHA-256("waas service " + name).
OwnerId serviceOwner(kj::StringPtr serviceName);

// Names one of the caller's own wallets.
struct Selector {
  // The values are those of the proof (protocol/proof.h).
  enum class Kind : uint8_t { FIRST = 0, ID = 1, NAME = 2, PUBLIC_KEY = 3 };

  Kind kind = Kind::FIRST;
  kj::Array<kj::byte> value;  // empty for FIRST

  static Selector first() { return {}; }
  static Selector byId(const Id& id);
  static Selector byName(kj::StringPtr name);
  static Selector byPublicKey(const PublicKey& key);

  void write(protocol::Selector::Builder to) const;
};

// The shares of one wallet, as the stores answered.
struct ShareStatus {
  using State = protocol::ShareStatus::ShareState;

  Id walletId{};
  OwnerId owner;
  PublicKey publicKey{};  // as the daemon says; not certified, so not to be paid to
  kj::String name;
  uint64_t epoch = 0;
  uint64_t expiresAt = 0;  // Unix milliseconds at which the first Redis share ends; 0 = none is there
  State shares[3] = {State::UNKNOWN, State::UNKNOWN, State::UNKNOWN};  // index 1, 2, 3
  bool needsRotation = false;
  bool deleted = false;
  bool leased = false;  // a rotation works on it at the moment
};

// Reads one row. Throws `unknown` when it is malformed.
ShareStatus readShareStatus(protocol::ShareStatus::Reader row);

// Copies exactly N bytes; throws `unknown` with this detail when the daemon sent another number of them.
template <size_t N>
std::array<uint8_t, N> exactly(capnp::Data::Reader data, kj::StringPtr what);

extern template std::array<uint8_t, 16> exactly<16>(capnp::Data::Reader, kj::StringPtr);
extern template std::array<uint8_t, 32> exactly<32>(capnp::Data::Reader, kj::StringPtr);
extern template std::array<uint8_t, 64> exactly<64>(capnp::Data::Reader, kj::StringPtr);
extern template std::array<uint8_t, 72> exactly<72>(capnp::Data::Reader, kj::StringPtr);

}  // namespace waas::client
