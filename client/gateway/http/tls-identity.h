#pragma once
// The gateway's certificate and key, and the handshake.
#include <kj/async-io.h>
#include <kj/compat/tls.h>

#include <string>

namespace waas::gateway {

// From two PEM files in the credentials folder: tls_certificate (with the chain) and tls_key. A resource.
class TlsIdentity {
 public:
  // Null when neither file is there. Throws a kj::Exception that says which file is no good.
  static kj::Maybe<kj::Own<TlsIdentity>> load(const std::string& folder);

  // Use load().
  explicit TlsIdentity(std::string folder);
  KJ_DISALLOW_COPY(TlsIdentity);

  // Shakes hands as a server, TLS 1.3 only. Sets no time limit.
  kj::Promise<kj::Own<kj::AsyncIoStream>> wrap(kj::Own<kj::AsyncIoStream> stream);

  enum class Reload { SAME, TAKEN, REFUSED };

  // Looks whether the files have changed, and if so takes them, for the connections to come. A pair that is no good is
  // refused, and the old one stays.
  Reload reload();

 private:
  struct Files;
  void take(const Files& files);

  std::string folder;
  std::string fingerprint;  // of what is in use: sizes and times of the files
  std::string refusedFingerprint;
  kj::Own<kj::TlsContext> context;
};

}  // namespace waas::gateway
