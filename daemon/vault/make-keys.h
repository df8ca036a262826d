#pragma once
// `waas-vault --make-keys DIR --public FILE`: makes the keys of a new installation.
#include "daemon/vault/random.h"

#include <string>

namespace waas::vault {

// Makes `folder` (mode 0700) when it isn't there, and in it the root credential (mode 0400, 64 hexadecimal characters
// and a newline) and the keyring wrapped under it (0400); and `publicFile` (0444, protocol/public-keys.h). All three
// are written to temporary names, flushed to disk, and only then linked to their own, which fails if there is such a
// file: nothing is ever overwritten, and after an error none of the three is left. Keys never touch ordinary memory.
//
// Empty when all went well, else a sentence that says what failed.
std::string makeKeys(const std::string& folder, const std::string& publicFile, Random& random);

}  // namespace waas::vault
