#include "private-file.h"

#include <fcntl.h>
#include <kj/io.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "command.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

CommandError unwritable(const std::string& path) {
  return CommandError(EXIT_FAILED, "file_unwritable",
                      "The file " + path + " can't be written: " + strerror(errno) + ".");
}

bool writeAll(int fd, kj::ArrayPtr<const kj::byte> bytes) {
  while (bytes.size() > 0) {
    ssize_t n = write(fd, bytes.begin(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.slice(static_cast<size_t>(n), bytes.size());
  }
  return fsync(fd) == 0;
}

bool flushFolderOf(const std::string& path) {
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  kj::AutoCloseFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.get() >= 0 && fsync(fd.get()) == 0;
}

// Makes `path`, or throws; takes it away again when what follows fails.
kj::AutoCloseFd make(const std::string& path, mode_t mode) {
  kj::AutoCloseFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (fd.get() < 0) throw unwritable(path);
  return fd;
}

}  // namespace

void writeNewFile(const std::string& path, kj::ArrayPtr<const kj::byte> bytes) {
  auto fd = make(path, 0600);
  if (writeAll(fd.get(), bytes) && flushFolderOf(path)) return;
  auto error = unwritable(path);
  unlink(path.c_str());
  throw error;
}

void writeSecret(const std::string& path, const client::SecretText& text) {
  auto chars = text.reveal(SecretAccess::here());
  if (path != "-") return writeNewFile(path, chars.asBytes());
  for (auto rest = chars.asBytes(); rest.size() > 0;) {
    ssize_t n = write(STDOUT_FILENO, rest.begin(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw unwritable(path);
    rest = rest.slice(static_cast<size_t>(n), rest.size());
  }
}

void replaceFile(const std::string& path, kj::ArrayPtr<const kj::byte> bytes) {
  struct stat old {};
  bool exists = stat(path.c_str(), &old) == 0;
  const std::string fresh = path + ".new-" + std::to_string(getpid());
  auto fd = make(fresh, 0600);
  bool owned = !exists || fchown(fd.get(), old.st_uid, old.st_gid) == 0;
  bool written = owned && fchmod(fd.get(), exists ? old.st_mode & 0777 : 0400) == 0 && writeAll(fd.get(), bytes) &&
                 rename(fresh.c_str(), path.c_str()) == 0;
  if (!written) {
    auto error = unwritable(path);
    unlink(fresh.c_str());
    throw error;
  }
  if (!flushFolderOf(path)) throw unwritable(path);
}

}  // namespace waas::cli
