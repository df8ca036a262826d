#include "tls-identity.h"

#include <fcntl.h>
#include <kj/debug.h>
#include <kj/io.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace waas::gateway {
namespace {

constexpr size_t MAX_PEM_BYTES = 256 << 10;

// Reads a file whole, with a line about which one it is of its own. Null: there is none.
kj::Maybe<kj::Array<char>> readPem(const std::string& path, std::string& fingerprint) {
  kj::AutoCloseFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    KJ_REQUIRE(errno == ENOENT, "a TLS file of the credentials can't be read");
    return nullptr;
  }
  struct stat about {};
  KJ_REQUIRE(fstat(fd, &about) == 0 && about.st_size > 0, "a TLS file of the credentials is empty");
  KJ_REQUIRE(static_cast<size_t>(about.st_size) < MAX_PEM_BYTES, "a TLS file of the credentials is too large");
  auto size = static_cast<size_t>(about.st_size);
  auto text = kj::heapArray<char>(size + 1);
  size_t got = 0;
  while (got < size) {
    ssize_t n = read(fd, text.begin() + got, size - got);
    KJ_REQUIRE(n > 0, "a TLS file of the credentials changed while it was read");
    got += static_cast<size_t>(n);
  }
  text[size] = '\0';
  fingerprint += std::to_string(about.st_ino) + ' ' + std::to_string(about.st_size) + ' ' +
                 std::to_string(about.st_mtim.tv_sec) + ' ' + std::to_string(about.st_mtim.tv_nsec) + ' ';
  return kj::mv(text);
}

kj::StringPtr asText(const kj::Array<char>& text) { return kj::StringPtr(text.begin(), text.size() - 1); }

}  // namespace

struct TlsIdentity::Files {
  std::string fingerprint;  // first: the others are read into it
  kj::Maybe<kj::Array<char>> certificate, key;

  explicit Files(const std::string& folder)
      : certificate(readPem(folder + "/tls_certificate", fingerprint)),
        key(readPem(folder + "/tls_key", fingerprint)) {}
  ~Files() {
    KJ_IF_MAYBE (text, key) sodium_memzero(text->begin(), text->size());
  }
  KJ_DISALLOW_COPY(Files);
};

TlsIdentity::TlsIdentity(std::string folder) : folder(std::move(folder)) {}

kj::Maybe<kj::Own<TlsIdentity>> TlsIdentity::load(const std::string& folder) {
  Files files(folder);
  if (files.certificate == nullptr && files.key == nullptr) return nullptr;
  auto identity = kj::heap<TlsIdentity>(folder);
  identity->take(files);
  return kj::mv(identity);
}

void TlsIdentity::take(const Files& files) {
  auto& certificate = KJ_REQUIRE_NONNULL(files.certificate, "tls_key is there, tls_certificate is not");
  auto& key = KJ_REQUIRE_NONNULL(files.key, "tls_certificate is there, tls_key is not");
  kj::TlsKeypair pair{kj::TlsPrivateKey(asText(key)), kj::TlsCertificate(asText(certificate))};
  kj::TlsContext::Options options;
  options.useSystemTrustStore = false;
  options.minVersion = kj::TlsVersion::TLS_1_2;
  // KJ 0.9 has no name for TLS 1.3. The list is about older versions: with a suite that needs a shared key, which there
  // is none of, no handshake of theirs can come about.
  options.cipherList = "PSK-AES256-GCM-SHA384";
  options.defaultKeypair = pair;
  context = kj::heap<kj::TlsContext>(kj::mv(options));
  fingerprint = files.fingerprint;
}

kj::Promise<kj::Own<kj::AsyncIoStream>> TlsIdentity::wrap(kj::Own<kj::AsyncIoStream> stream) {
  return context->wrapServer(kj::mv(stream));
}

TlsIdentity::Reload TlsIdentity::reload() {
  Reload result = Reload::SAME;
  std::string seen;
  auto failed = kj::runCatchingExceptions([&]() {
    Files files(folder);
    seen = files.fingerprint;
    if (seen == fingerprint || seen == refusedFingerprint) return;
    take(files);
    result = Reload::TAKEN;
  });
  if (failed == nullptr) return result;
  // Said once for each pair.
  bool said = seen == refusedFingerprint;
  refusedFingerprint = seen;
  return said ? Reload::SAME : Reload::REFUSED;
}

}  // namespace waas::gateway
