#include "policy-key.h"

#include <fcntl.h>
#include <kj/io.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "command.h"
#include "input.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

constexpr std::string_view HEAD = "waas-policy-key 1\npublic ";
constexpr std::string_view SEED = "\nseed ";
constexpr size_t KEY_HEX = 64;
constexpr size_t FILE_BYTES = HEAD.size() + KEY_HEX + SEED.size() + KEY_HEX + 1;

CommandError unusable(const std::string& path, const char* why) {
  return CommandError(EXIT_FAILED, "policy_key_unusable", "The policy key " + path + " can't be used: " + why);
}

void writeAll(int fd, const std::string& path, std::span<const char> text) {
  while (!text.empty()) {
    ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw unusable(path, "it can't be written.");
    text = text.subspan(static_cast<size_t>(n));
  }
  if (fsync(fd) != 0) throw unusable(path, "it can't be written.");
}

bool readHex(std::string_view text, std::span<uint8_t> out) {
  size_t length = 0;
  const char* end = nullptr;
  return sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, &end) == 0 &&
         length == out.size() && end == text.data() + text.size();
}

}  // namespace

PublicKey PolicyKey::make(const std::string& path) {
  PublicKey verifying;
  Secret<32> seed;
  Secret<64> signing;
  randombytes_buf(seed.fill(SecretAccess::here()).data(), seed.SIZE);
  crypto_sign_seed_keypair(verifying.data(), signing.fill(SecretAccess::here()).data(),
                           seed.reveal(SecretAccess::here()).data());
  std::string head = std::string(HEAD) + hex(verifying) + std::string(SEED);
  Secret<KEY_HEX + 1> text;
  auto chars = reinterpret_cast<char*>(text.fill(SecretAccess::here()).data());
  sodium_bin2hex(chars, KEY_HEX + 1, seed.reveal(SecretAccess::here()).data(), seed.SIZE);
  chars[KEY_HEX] = '\n';

  kj::AutoCloseFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400));
  if (fd.get() < 0) {
    throw unusable(path, errno == EEXIST ? "there is such a file already." : "it can't be made.");
  }
  writeAll(fd.get(), path, head);
  writeAll(fd.get(), path, std::span<const char>(chars, KEY_HEX + 1));
  return verifying;
}

PolicyKey::PolicyKey(const std::string& path) {
  kj::AutoCloseFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (fd.get() < 0) throw unusable(path, "it can't be read.");
  struct stat info {};
  if (fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) throw unusable(path, "it is no file.");
  if ((info.st_mode & 077) != 0) throw unusable(path, "others may read it; its mode must be 0400.");
  client::SecretText text = readSecret(fd.get(), path);
  auto chars = text.reveal(SecretAccess::here());
  std::string_view all(chars.begin(), chars.size());
  Secret<32> seed;
  PublicKey written;
  bool whole = all.size() == FILE_BYTES && all.starts_with(HEAD) && all.back() == '\n' &&
               all.substr(HEAD.size() + KEY_HEX).starts_with(SEED) &&
               readHex(all.substr(HEAD.size(), KEY_HEX), written) &&
               readHex(all.substr(HEAD.size() + KEY_HEX + SEED.size(), KEY_HEX), seed.fill(SecretAccess::here()));
  if (!whole) throw unusable(path, "it is no key of `waas policy key`.");
  crypto_sign_seed_keypair(verifying.data(), signing.fill(SecretAccess::here()).data(),
                           seed.reveal(SecretAccess::here()).data());
  if (verifying != written) throw unusable(path, "its halves do not fit.");
}

Signature PolicyKey::sign(Bytes bytes) const {
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(),
                       signing.reveal(SecretAccess::here()).data());
  return signature;
}

}  // namespace waas::cli
