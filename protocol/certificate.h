#pragma once
// A wallet's certificate: the vault's signed word that this address belongs to this owner.
//
//   payload = version (1) = 1 | wallet id (16) | owner kind (1) | owner id (16) | public key (32)
//           | first (1) = 0 or 1 | created at, Unix ms (8) | name length (1) | name
//   signature = Ed25519(answer key, "waas wallet certificate 1" | payload)
//
// Clients verify the signature before they show or use the address, so that no rewritten row can redirect a deposit.
#include "bytes.h"

#include <string>
#include <string_view>

namespace waas {

constexpr size_t MAX_WALLET_NAME_BYTES = 64;
constexpr size_t MAX_CERTIFICATE_BYTES = 1 + 16 + OwnerId::SIZE + 32 + 1 + 8 + 1 + MAX_WALLET_NAME_BYTES;
constexpr std::string_view CERTIFICATE_DOMAIN = "waas wallet certificate 1";

// 1..64 bytes of well-formed UTF-8 without control characters (C0, DEL, C1).
bool isWalletName(std::string_view name);

struct Certificate {
  Id walletId{};
  OwnerId owner;
  PublicKey publicKey{};
  bool first = false;
  uint64_t createdAt = 0;
  std::string_view name;  // points into the parsed bytes, or wherever the maker keeps it

  // Reads a payload. False when it is not exactly one canonical certificate.
  [[nodiscard]] bool parse(Bytes payload);

  // Writes the payload; returns its size, 0 when `out` is too small or the name is not allowed.
  size_t write(std::span<uint8_t> out) const;
};

// Whether `signature` is the vault's over `payload`. `answerKey` comes from vault.pub, never from the socket.
bool verifyCertificate(Bytes payload, Bytes signature, const PublicKey& answerKey);

}  // namespace waas
