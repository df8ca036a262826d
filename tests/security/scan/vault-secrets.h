#pragma once
// Everything secret that a vault works with, opened from outside with its root credential, so that a scan knows what to
// look for. Written from the formats' descriptions with OpenSSL, independently of the vault's own code.
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "protocol/certificate.h"

namespace waas::security {

using Buffer = std::vector<uint8_t>;

// A wallet as it rests in the stores.
struct StoredWallet {
  Buffer certificate;
  uint64_t epoch = 0, tag = 0;
  std::vector<Buffer> shares;  // envelopes 1, 2, 3
  Buffer recovery;
  std::vector<Buffer> messages;  // bytes that are signed again and again during the run
};

// Opens records and writes what it finds to `out`, as memscan wants it. Throws std::runtime_error with a sentence when
// something does not open: then the formats are not what they are said to be.
class VaultSecrets {
 public:
  // Reads the root credential and the keyring of a credentials folder.
  VaultSecrets(const std::string& folder, std::ostream& out);

  void openWallet(const StoredWallet& wallet);
  // The password, what stretching makes of it (at the default cost).
  void openPerson(const std::string& email, const std::string& password);
  void note(const std::string& kind, const std::string& name, const Buffer& value);

 private:
  struct Key {
    Buffer key, publicHalf, prk;
  };
  Buffer envelopeKey(const Buffer& prk, const Buffer& envelope) const;
  void readKeyring(const Buffer& wrapped, const Buffer& root);
  Buffer openShare(const StoredWallet& wallet, const Certificate& certificate, size_t index, const std::string& name);
  Buffer openRecovery(const StoredWallet& wallet, const Certificate& certificate, const std::string& name);

  std::ostream& out;
  std::map<std::pair<unsigned, uint32_t>, Key> keys;  // by purpose and version
};

std::string hex(const Buffer& bytes);
Buffer unhex(const std::string& text);

}  // namespace waas::security
