#pragma once
// Reading what a command is given: files and standard input, with a limit (C3).
#include <kj/array.h>
#include <kj/io.h>

#include <string>

#include "client/lib/secret-text.h"

namespace waas::cli {

// What the daemon takes at most (protocol/signer.capnp).
constexpr size_t MAX_TRANSACTION_BYTES = 4096, MAX_MESSAGE_BYTES = 65515;

// Opens a file for reading, or standard input for "-". Throws CommandError when it can't be opened.
kj::AutoCloseFd openInput(const std::string& path);

// Reads all of it. Throws CommandError, which calls it `name`, when it can't be read or is longer than `limit`.
kj::Array<kj::byte> readAll(int fd, const std::string& name, size_t limit);
kj::Array<kj::byte> readInput(const std::string& path, size_t limit);

// Reads a transaction, in base64 text or in binary. Text is base64 with padding, blanks and line ends ignored; whatever
// is not wholly that is binary. No transaction can be mistaken for text: its first byte is below 0x14 or from 0x80 on.
kj::Array<kj::byte> readTransaction(const std::string& path);

// Reads a secret; nothing but the returned object keeps it. Throws as readAll.
client::SecretText readSecret(int fd, const std::string& name);

}  // namespace waas::cli
