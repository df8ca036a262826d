#pragma once
// Files that must not be half written or read by others: wrapped keyrings, keys, custodians' parts.
#include <kj/array.h>

#include <string>

#include "client/lib/secret-text.h"

namespace waas::cli {

// Makes a file that must not be there yet, mode 0600, flushed to disk. Throws CommandError.
void writeNewFile(const std::string& path, kj::ArrayPtr<const kj::byte> bytes);

// Puts a file in another one's place, in one step: readers see the old or the new one. Mode and owner are those of the
// old one, or 0400. Flushed to disk, the folder too. Throws CommandError; the old file stands then.
void replaceFile(const std::string& path, kj::ArrayPtr<const kj::byte> bytes);

// Writes a secret to a new file as above, or to standard output for "-".
void writeSecret(const std::string& path, const client::SecretText& text);

}  // namespace waas::cli
