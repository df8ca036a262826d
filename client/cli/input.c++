#include "input.h"

#include <fcntl.h>
#include <kj/vector.h>
#include <unistd.h>

#include <cerrno>

#include "command.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

CommandError tooLong(const std::string& name) {
  return CommandError(EXIT_FAILED, "too_large", "The input " + name + " is longer than the limit.");
}

CommandError unreadable(const std::string& name) {
  return CommandError(EXIT_FAILED, "file_unreadable", "The file " + name + " can't be read.");
}

// Calls `take` with each piece that is read, until the end.
template <typename Take>
void readPieces(int fd, const std::string& name, kj::ArrayPtr<char> buffer, Take take) {
  for (;;) {
    ssize_t n = read(fd, buffer.begin(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw unreadable(name);
    if (n == 0) return;
    take(kj::arrayPtr(buffer.begin(), static_cast<size_t>(n)));
  }
}

}  // namespace

kj::AutoCloseFd openInput(const std::string& path) {
  kj::AutoCloseFd fd(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) throw unreadable(path);
  return fd;
}

kj::Array<kj::byte> readAll(int fd, const std::string& name, size_t limit) {
  kj::Vector<kj::byte> all;
  char buffer[4096];
  readPieces(fd, name, kj::arrayPtr(buffer, sizeof buffer), [&](kj::ArrayPtr<const char> piece) {
    if (piece.size() > limit - all.size()) throw tooLong(name);
    all.addAll(piece);
  });
  return all.releaseAsArray();
}

kj::Array<kj::byte> readInput(const std::string& path, size_t limit) {
  return readAll(openInput(path).get(), path, limit);
}

kj::Array<kj::byte> readTransaction(const std::string& path) {
  // Twice the size: room for base64 with line ends.
  auto given = readInput(path, 2 * MAX_TRANSACTION_BYTES);
  auto decoded = parseBase64(std::string_view(given.asChars().begin(), given.size()));
  if (decoded && !decoded->empty()) given = kj::heapArray<kj::byte>(decoded->data(), decoded->size());
  if (given.size() > MAX_TRANSACTION_BYTES) throw tooLong(path);
  return given;
}

client::SecretText readSecret(int fd, const std::string& name) {
  client::SecretText secret;
  Secret<512> buffer;
  auto bytes = buffer.fill(SecretAccess::here());
  auto chars = kj::arrayPtr(reinterpret_cast<char*>(bytes.data()), bytes.size());
  readPieces(fd, name, chars, [&](kj::ArrayPtr<const char> piece) {
    if (!secret.append(piece)) throw tooLong(name);
  });
  return secret;
}

}  // namespace waas::cli
