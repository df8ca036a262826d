#include "daemon/vault/root-credential.h"

#include <unistd.h>

#include <cerrno>

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr size_t HEX_BYTES = 64;

// Reads to the end of the file or of the room, whichever comes first.
bool readAll(int fd, std::span<uint8_t> room, size_t& size) {
  size = 0;
  while (size < room.size()) {
    ssize_t n = read(fd, room.data() + size, room.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

CredentialRead readRootCredential(int fd, CredentialScratch& scratch, Secret<32>& root) {
  root.wipe();
  auto text = scratch.text.fill(ACCESS);
  size_t size = 0;
  CredentialRead result = CredentialRead::UNREADABLE;
  if (readAll(fd, text, size)) {
    result = CredentialRead::MALFORMED;
    bool fits = size == HEX_BYTES || (size == HEX_BYTES + 1 && text[HEX_BYTES] == '\n');
    size_t bytes = 0;
    if (fits &&
        sodium_hex2bin(root.fill(ACCESS).data(), 32, reinterpret_cast<const char*>(text.data()), HEX_BYTES, nullptr,
                       &bytes, nullptr) == 0 &&
        bytes == 32) {
      result = CredentialRead::READ;
    }
  }
  scratch.text.wipe();
  if (result != CredentialRead::READ) root.wipe();
  return result;
}

}  // namespace waas::vault
