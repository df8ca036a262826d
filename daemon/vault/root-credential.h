#pragma once
// Reading the root credential: 64 hexadecimal characters, with or without a newline at the end.
#include "secret/secret.h"

namespace waas::vault {

enum class CredentialRead : uint8_t { UNREADABLE = 0, MALFORMED = 1, READ = 2 };

// Room for the file's text and for one byte more, to notice a longer file. To be placed in secret memory.
struct CredentialScratch {
  Secret<66> text;
};

// Reads the credential from `fd` with read(2), straight into `scratch` (no stdio, no copy), and decodes it into `root`.
// The text is wiped on every path, `root` unless READ.
CredentialRead readRootCredential(int fd, CredentialScratch& scratch, Secret<32>& root);

}  // namespace waas::vault
