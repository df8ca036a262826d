#pragma once
// `waas-vault --make-keys DIR --public FILE`: makes the keys of a new installation.
#include "daemon/vault/random.h"

#include <string>
#include <vector>

#include "protocol/bytes.h"

namespace waas::vault {

// Custodians of the recovery key, from the beginning on; none: the vault keeps it itself.
struct CustodyPlan {
  uint8_t threshold = 0;
  std::vector<PublicKey> custodians;
};

// Makes `folder` (mode 0700) when it isn't there, and in it the root credential (mode 0400, 64 hexadecimal characters
// and a newline) and the keyring wrapped under it (0400); and `publicFile` (0444, protocol/public-keys.h). All three
// are written to temporary names, flushed to disk, and only then linked to their own, which fails if there is such a
// file: nothing is ever overwritten, and after an error none of the three is left. Keys never touch ordinary memory.
//
// With custodians, the keyring holds the recovery key's public half only, and `folder` gets a file custody-part-<n>
// (0400) for each of them, sealed to him (protocol/key-box.h).
//
// Empty when all went well, else a sentence that says what failed.
std::string makeKeys(const std::string& folder, const std::string& publicFile, Random& random,
                     const CustodyPlan& plan = {});

}  // namespace waas::vault
