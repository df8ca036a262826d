#include "state-folder.h"

#include <fcntl.h>
#include <kj/io.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "command.h"
#include "input.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

// More than a vault's lives in many years; a bound all the same.
constexpr size_t MAX_HEADS = 10'000, MAX_HEADS_BYTES = 4 << 20;

CommandError damaged(const std::string& path, const std::string& why) {
  return CommandError(EXIT_FAILED, "state_unusable", "The file " + path + " can't be used: " + why + ".");
}

std::string stateHome() {
  const char* xdg = getenv("XDG_STATE_HOME");
  if (xdg != nullptr && xdg[0] == '/') return xdg;
  const char* home = getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.local/state";
  const passwd* entry = getpwuid(geteuid());
  if (entry != nullptr && entry->pw_dir[0] == '/') return std::string(entry->pw_dir) + "/.local/state";
  throw CommandError(EXIT_FAILED, "state_unusable", "No home folder is known: set XDG_STATE_HOME.");
}

void makeFolders(const std::string& path) {
  for (size_t i = 1; i != std::string::npos;) {
    i = path.find('/', i + 1);
    std::string part = path.substr(0, i);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) throw damaged(part, "it can't be made");
  }
}

// Opens one of our files for reading; a closed descriptor when there is none.
kj::AutoCloseFd openOwn(const std::string& path) {
  kj::AutoCloseFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return fd;
    throw damaged(path, errno == ELOOP ? "it is a symbolic link" : "it can't be opened");
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) throw damaged(path, "it is no file");
  if (status.st_uid != geteuid()) throw damaged(path, "it belongs to somebody else");
  if ((status.st_mode & 077) != 0) throw damaged(path, "others may read or write it");
  return fd;
}

// Replaces a file whole. `write` gets the new file's descriptor.
template <typename Write>
void replaceFile(const std::string& path, Write write) {
  std::string fresh = path + ".new." + std::to_string(getpid());
  unlink(fresh.c_str());
  kj::AutoCloseFd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) throw damaged(path, "it can't be written");
  bool good = write(fd.get()) && fsync(fd.get()) == 0 && rename(fresh.c_str(), path.c_str()) == 0;
  if (!good) {
    unlink(fresh.c_str());
    throw damaged(path, "it can't be written");
  }
}

bool writeAll(int fd, kj::ArrayPtr<const char> text) {
  while (text.size() > 0) {
    ssize_t n = write(fd, text.begin(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text = text.slice(static_cast<size_t>(n), text.size());
  }
  return true;
}

kj::ArrayPtr<const char> charsOf(const std::string& text) { return kj::arrayPtr(text.data(), text.size()); }

// Takes the line that begins with this word off the front; null when the next line is another.
kj::Maybe<kj::ArrayPtr<const char>> takeLine(kj::ArrayPtr<const char>& text, std::string_view word) {
  std::string_view all(text.begin(), text.size());
  size_t end = all.find('\n');
  if (end == std::string_view::npos || !all.starts_with(word) || end <= word.size() || all[word.size()] != ' ')
    return nullptr;
  auto value = text.slice(word.size() + 1, end);
  text = text.slice(end + 1, text.size());
  return value;
}

bool parseNumber(std::string_view text, uint64_t& value) {
  if (text.empty() || text.size() > 19 || text.find_first_not_of("0123456789") != text.npos) return false;
  value = std::stoull(std::string(text));
  return true;
}

template <size_t N>
bool parseHex(const std::string& text, std::array<uint8_t, N>& out) {
  size_t size = 0;
  return text.size() == 2 * N &&
         sodium_hex2bin(out.data(), N, text.data(), text.size(), nullptr, &size, nullptr) == 0 && size == N;
}

}  // namespace

StateFolder::StateFolder(const VaultPublicKeys& vault, const std::string& sessionFile)
    : sessionFile(sessionFile), auditKey(vault.audit) {
  std::string keys = vault.print();
  Hash hash;
  crypto_hash_sha256(hash.data(), asBytes(keys.data(), keys.size()).data(), keys.size());
  folder = stateHome() + "/waas/" + hex(Bytes(hash).first(8));
  if (this->sessionFile.empty()) this->sessionFile = folder + "/session";
  headsFile = folder + "/audit-heads";
}

kj::Maybe<KeptSession> StateFolder::loadSession() const {
  // Looked at first for whose it is; then read as a secret, in one go.
  auto fd = openOwn(sessionFile);
  if (fd.get() < 0) return nullptr;
  auto text = readSecret(fd.get(), sessionFile);
  auto rest = text.reveal(SecretAccess::here());
  KeptSession session;
  auto version = takeLine(rest, "waas-session"), user = takeLine(rest, "user"), email = takeLine(rest, "email"),
       expires = takeLine(rest, "expires"), token = takeLine(rest, "token");
  bool good = version != nullptr && rest.size() == 0;
  KJ_IF_MAYBE (value, user) good = good && parseHex(std::string(value->begin(), value->size()), session.userId);
  KJ_IF_MAYBE (value, email) session.email = std::string(value->begin(), value->size());
  KJ_IF_MAYBE (value, expires)
    good = good && parseNumber(std::string_view(value->begin(), value->size()), session.expiresAt);
  KJ_IF_MAYBE (value, token) {
    KJ_IF_MAYBE (parsed, client::SessionToken::parse(*value)) session.token = kj::mv(*parsed);
  }
  if (!good || session.token.get() == nullptr) throw damaged(sessionFile, "it holds no session; sign in again");
  return kj::mv(session);
}

void StateFolder::saveSession(const KeptSession& session, const client::SessionToken& token) const {
  size_t slash = sessionFile.rfind('/');
  if (sessionFile.starts_with(folder)) makeFolders(sessionFile.substr(0, slash));
  auto tokenText = token.text();
  std::ostringstream head;
  head << "waas-session 1\nuser " << hex(session.userId) << "\nemail " << session.email << "\nexpires "
       << session.expiresAt << "\ntoken ";
  replaceFile(sessionFile, [&](int fd) {
    return writeAll(fd, charsOf(head.str())) && writeAll(fd, tokenText.reveal(SecretAccess::here())) &&
           writeAll(fd, charsOf("\n"));
  });
}

void StateFolder::removeSession() const {
  if (unlink(sessionFile.c_str()) != 0 && errno != ENOENT) throw damaged(sessionFile, "it can't be removed");
}

bool StateFolder::hasSession() const {
  return faccessat(AT_FDCWD, sessionFile.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void StateFolder::loadHeads(client::AuditHeads& heads) const {
  auto fd = openOwn(headsFile);
  if (fd.get() < 0) return;
  auto bytes = readAll(fd.get(), headsFile, MAX_HEADS_BYTES);
  std::istringstream lines(std::string(bytes.asChars().begin(), bytes.size()));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string instance, hash, signature;
    client::AuditHead head;
    if (!(words >> instance >> head.sequence >> hash >> signature) || !parseHex(instance, head.instance) ||
        !parseHex(hash, head.hash) || !parseHex(signature, head.signature)) {
      throw damaged(headsFile, "it holds no audit heads");
    }
    heads.note(head);
  }
}

void StateFolder::saveHeads(const client::AuditHeads& heads) const {
  if (heads.all().size() == 0) return;
  makeFolders(folder);
  std::string lockPath = headsFile + ".lock";
  kj::AutoCloseFd lock(open(lockPath.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0 || flock(lock.get(), LOCK_EX) != 0) throw damaged(lockPath, "it can't be locked");
  client::AuditHeads merged(auditKey);
  loadHeads(merged);
  for (auto& head : heads.all()) merged.note(head);
  std::ostringstream text;
  auto all = merged.all();
  // Beyond the bound the oldest lives are forgotten: they stand first.
  for (auto& head : all.slice(all.size() > MAX_HEADS ? all.size() - MAX_HEADS : 0, all.size())) {
    text << hex(head.instance) << " " << head.sequence << " " << hex(head.hash) << " " << hex(head.signature) << "\n";
  }
  replaceFile(headsFile, [&](int fd) { return writeAll(fd, charsOf(text.str())); });
}

}  // namespace waas::cli
