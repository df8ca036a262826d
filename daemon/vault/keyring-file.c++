#include "daemon/vault/keyring-file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "daemon/vault/root-credential.h"
#include "daemon/vault/secret-stack.h"

namespace waas::vault {
namespace {

// A descriptor that is closed when it goes out of scope.
struct File {
  File(int folder, const char* name, int flags) : fd(openat(folder, name, flags | O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd >= 0) close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const int fd;
};

std::string cannot(const char* what, const std::string& path) {
  return std::string("can't ") + what + " " + path + ": " + strerror(errno);
}

// Reads at most `room` bytes; SIZE_MAX on error.
size_t readUpTo(int fd, std::span<uint8_t> room) {
  size_t size = 0;
  while (size < room.size()) {
    ssize_t n = read(fd, room.data() + size, room.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SIZE_MAX;
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  return size;
}

}  // namespace

std::string loadKeyring(const char* folderPath, Keyring& keyring) {
  const std::string base = std::string(folderPath) + "/";
  File folder(AT_FDCWD, folderPath, O_DIRECTORY);
  if (folder.fd < 0) return cannot("open the credentials folder", folderPath);
  File credential(folder.fd, ROOT_CREDENTIAL_NAME, 0);
  if (credential.fd < 0) return cannot("open the root credential", base + ROOT_CREDENTIAL_NAME);
  File file(folder.fd, KEYRING_NAME, 0);
  if (file.fd < 0) return cannot("open the keyring", base + KEYRING_NAME);

  std::array<uint8_t, MAX_KEYRING_BYTES + 1> wrapped;
  size_t size = readUpTo(file.fd, wrapped);
  if (size == SIZE_MAX) return cannot("read the keyring", base + KEYRING_NAME);

  SecretRegion stack(SECRET_STACK_BYTES);
  CredentialRead read = CredentialRead::UNREADABLE;
  KeyringLoaded loaded = KeyringLoaded::REFUSED;
  bool ran = callOnSecretStack(stack, [&] {
    CredentialScratch scratch;
    Secret<32> root;
    read = readRootCredential(credential.fd, scratch, root);
    if (read == CredentialRead::READ) loaded = keyring.load(Bytes(wrapped).first(size), root);
  });

  if (!ran) return cannot("use a stack in secret memory for", "the keyring");
  if (read == CredentialRead::UNREADABLE) return cannot("read the root credential", base + ROOT_CREDENTIAL_NAME);
  if (read == CredentialRead::MALFORMED) {
    return base + ROOT_CREDENTIAL_NAME + " must be 64 hexadecimal characters, with or without a newline";
  }
  if (loaded == KeyringLoaded::REFUSED) {
    return base + KEYRING_NAME + " does not open: it is damaged, or was wrapped under another root credential";
  }
  if (loaded == KeyringLoaded::MALFORMED) return base + KEYRING_NAME + " is not a keyring that this vault understands";
  return {};
}

}  // namespace waas::vault
