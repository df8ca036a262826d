#pragma once
// Start-up's way to the keys: the credentials folder.
#include "daemon/vault/keyring.h"

#include <string>

namespace waas::vault {

constexpr const char* ROOT_CREDENTIAL_NAME = "mpc_encryption_key";
constexpr const char* KEYRING_NAME = "keyring";

// Fills `keyring` from `folder`: reads the root credential straight into secret memory, the wrapped keyring into an
// ordinary buffer (it is ciphertext), unwraps it, wipes the credential. Works on a secret stack of its own; all files
// are closed on return. Empty when all went well, else a sentence for the start-up's last words (no secret in it).
std::string loadKeyring(const char* folder, Keyring& keyring);

}  // namespace waas::vault
