#pragma once
// The vault's public keys as clients get them: through a root-owned file (/etc/waas/vault.pub), never through the
// socket, where a broken-into broker could put its own in their place.
//
// Text, one key a line, base64 of 32 bytes; lines may end in "# comment"; all three lines must be there, once:
//
//   waas-vault 1
//   sealing <base64>      X25519: what clients seal to
//   answers <base64>      Ed25519: wallet certificates
//   audit   <base64>      Ed25519: audit heads
#include "bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace waas {

struct VaultPublicKeys {
  PublicKey sealing{};
  PublicKey answers{};
  PublicKey audit{};

  static std::optional<VaultPublicKeys> parse(std::string_view text);
  std::string print() const;
};

}  // namespace waas
