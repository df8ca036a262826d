#pragma once
// Proof of possession: what a person's client computes over each call, and the vault checks.
//
//   mac = HMAC-SHA256(k, "waas proof 1" | token id (16) | time (8) | call (1) | { length (4) | bytes } per field)
//
// k is the 32-byte session key that the client chose at sign-in. Integers are little endian. The fields of each call:
//
//   RESUME, REFRESH, WALLETS, SHARE_STATUS   none
//   SIGN_OUT                                 one byte: 0 here, 1 everywhere
//   CREATE_WALLET                            the name
//   SIGN                                     per item: selector kind (1 byte: 0 first, 1 id, 2 name, 3 public key),
//                                            selector bytes (empty for first), payload kind (1 byte: 0 transaction,
//                                            1 message), payload; then for each lookup table that is shown with it its
//                                            address (32 bytes) and its entries
//   ROTATE                                   selector kind, selector bytes, one byte: 1 also if it is not due
//   IMPORT_WALLET                            the name, the box (protocol/key-box.h)
//   EXPORT_WALLET                            selector kind, selector bytes, the client's key that it is sealed to
//   DELETE_WALLET                            selector kind, selector bytes
#include "bytes.h"

#include <sodium.h>

namespace waas {

enum class Call : uint8_t {
  RESUME = 1,
  REFRESH = 2,
  SIGN_OUT = 3,
  WALLETS = 4,
  CREATE_WALLET = 5,
  SIGN = 6,
  SHARE_STATUS = 7,
  ROTATE = 8,
  IMPORT_WALLET = 9,
  EXPORT_WALLET = 10,
  DELETE_WALLET = 11,
};

// How far the time of a proof may be from the vault's clock, in milliseconds.
constexpr uint64_t PROOF_WINDOW_MS = 60'000;

// Computes one proof. Holds a key schedule: in the vault an object of this class lives on a secret stack only.
class ProofBuilder {
 public:
  ProofBuilder(std::span<const uint8_t, 32> key, const Id& tokenId, uint64_t timeMs, Call call);
  ~ProofBuilder();
  ProofBuilder(const ProofBuilder&) = delete;
  ProofBuilder& operator=(const ProofBuilder&) = delete;

  void field(Bytes bytes);
  void field(uint8_t value) { field(Bytes(&value, 1)); }

  // Ends the computation. Nothing may be added afterwards.
  Hash finish();

 private:
  crypto_auth_hmacsha256_state state;
};

}  // namespace waas
