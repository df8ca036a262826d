#pragma once
// The policy key, an Ed25519 pair: whoever has its file decides what the vault signs. Keep it off the signer's machine.
//
// A file of the owner's, mode 0400, three lines:
//
//   waas-policy-key 1
//   public <64 hex digits>
//   seed <64 hex digits>
#include <string>

#include "protocol/bytes.h"
#include "secret/secret.h"

namespace waas::cli {

class PolicyKey {
 public:
  // Makes a pair and its file, which must not exist yet. Throws CommandError.
  static PublicKey make(const std::string& path);

  // Reads the file. Throws CommandError when it can't be read, others may read it, or it is damaged.
  explicit PolicyKey(const std::string& path);

  const PublicKey& publicKey() const { return verifying; }
  Signature sign(Bytes bytes) const;

 private:
  PublicKey verifying{};
  Secret<64> signing;
};

}  // namespace waas::cli
