#include "daemon/vault/make-keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include "daemon/vault/custody.h"
#include "daemon/vault/keyring-file.h"
#include "daemon/vault/secret-stack.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();

std::string cannot(const char* what, const std::string& path) {
  return std::string("can't ") + what + " " + path + ": " + strerror(errno);
}

std::string folderOf(const std::string& path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool writeAll(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

// A file that has its own name only once everything else is on disk, too. Takes back what it made unless `keep` is
// said.
class NewFile {
 public:
  explicit NewFile(std::string name) : path(std::move(name)), temporary(path) {
    std::array<uint8_t, 8> random;
    std::array<char, 17> hex;
    randombytes_buf(random.data(), random.size());
    sodium_bin2hex(hex.data(), hex.size(), random.data(), random.size());
    temporary += ".new-";
    temporary += hex.data();
  }
  ~NewFile() {
    if (fd >= 0) close(fd);
    if (made) unlink(temporary.c_str());
    if (linked && !kept) unlink(path.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  bool exists() const {
    struct stat info;
    return lstat(path.c_str(), &info) == 0;
  }
  bool create() {
    fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    made = fd >= 0;
    return made;
  }
  bool fill(Bytes bytes) { return writeAll(fd, bytes); }
  bool flush(mode_t mode) { return fchmod(fd, mode) == 0 && fsync(fd) == 0; }
  // Fails when a file of this name came into being meanwhile.
  bool publish() {
    linked = link(temporary.c_str(), path.c_str()) == 0;
    return linked;
  }
  void keep() { kept = true; }

  const std::string path;

 private:
  std::string temporary;
  int fd = -1;
  bool made = false, linked = false, kept = false;
};

bool flushFolder(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  bool flushed = fsync(fd) == 0;
  close(fd);
  return flushed;
}

// The folder for the credentials; removed again unless it was there before or `keep` is said.
class Folder {
 public:
  explicit Folder(std::string name) : path(std::move(name)) {
    made = mkdir(path.c_str(), 0700) == 0;
    there = made || errno == EEXIST;
  }
  ~Folder() {
    if (made && !kept) rmdir(path.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  bool usable() const { return there; }
  void keep() { kept = true; }

 private:
  const std::string path;
  bool made = false, there = false, kept = false;
};

// What is made on the secret stack, and may leave it: ciphertext and public halves.
struct Made {
  bool complete = false;
  std::array<uint8_t, MAX_KEYRING_BYTES> wrapped;
  size_t wrappedSize = 0;
  VaultPublicKeys publicKeys;
  std::vector<SealedPart> parts;
};

bool giveToCustodians(const CustodyPlan& plan, Random& random, Keyring& keyring, Made& made) {
  if (plan.custodians.empty()) return true;
  return splitRecoveryKey(keyring, plan.threshold, plan.custodians, random, made.parts) == SplitOutcome::SPLIT &&
         keyring.forgetRecovery() == KeyringChange::DONE;
}

// Makes the keys; writes the root credential to its file from here, so that it never leaves secret memory otherwise.
void makeAll(const CustodyPlan& plan, NewFile& credential, Random& random, Keyring& keyring, Made& made) {
  Secret<32> root;
  Secret<65> text;  // 64 characters and a newline, where sodium_bin2hex first puts its final zero
  random.fill(root.fill(ACCESS));
  char* hex = reinterpret_cast<char*>(text.fill(ACCESS).data());
  sodium_bin2hex(hex, 65, root.reveal(ACCESS).data(), 32);
  hex[64] = '\n';
  if (!keyring.generate(random) || !giveToCustodians(plan, random, keyring, made)) return;
  made.wrappedSize = keyring.wrap(root, random, made.wrapped);
  made.publicKeys = keyring.publicKeys();
  made.complete = made.wrappedSize > 0 && credential.fill(text.reveal(ACCESS));
}

}  // namespace

std::string makeKeys(const std::string& folderPath, const std::string& publicFile, Random& random,
                     const CustodyPlan& plan) {
  Folder folder(folderPath);
  if (!folder.usable()) return cannot("make the folder", folderPath);
  NewFile credential(folderPath + "/" + ROOT_CREDENTIAL_NAME), wrapped(folderPath + "/" + KEYRING_NAME),
      publicHalves(publicFile);
  std::vector<NewFile*> files = {&credential, &wrapped, &publicHalves};
  std::deque<NewFile> parts;
  for (size_t i = 0; i < plan.custodians.size(); i++) {
    files.push_back(&parts.emplace_back(folderPath + "/custody-part-" + std::to_string(i + 1)));
  }
  for (NewFile* file : files) {
    if (file->exists()) return file->path + " is there already; it is never overwritten";
  }
  for (NewFile* file : files) {
    if (!file->create()) return cannot("write beside", file->path);
  }

  Made made;
  made.parts.resize(plan.custodians.size());
  {
    SecretRegion stack(SECRET_STACK_BYTES);
    Keyring keyring;
    bool ran = callOnSecretStack(stack, [&] { makeAll(plan, credential, random, keyring, made); });
    if (!ran || !made.complete) return cannot("make or write", credential.path);
  }
  std::string text = made.publicKeys.print();
  if (!wrapped.fill(Bytes(made.wrapped).first(made.wrappedSize))) return cannot("write", wrapped.path);
  if (!publicHalves.fill(asBytes(text.data(), text.size()))) return cannot("write", publicHalves.path);
  for (size_t i = 0; i < parts.size(); i++) {
    if (!parts[i].fill(made.parts[i]) || !parts[i].flush(0400)) return cannot("write", parts[i].path);
  }

  bool flushed = credential.flush(0400) && wrapped.flush(0400) && publicHalves.flush(0444);
  if (!flushed) return cannot("write the keys to the disk of", folderPath);
  for (NewFile* file : files) {
    if (!file->publish()) return cannot("give its name to", file->path);
  }
  if (!flushFolder(folderPath) || !flushFolder(folderOf(publicFile))) return cannot("flush", folderPath);
  for (NewFile* file : files) file->keep();
  folder.keep();
  return {};
}

}  // namespace waas::vault
