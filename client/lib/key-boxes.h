#pragma once
// The client's ends of protocol/key-box.h: a key on its way into a wallet or out of one, a custodian's part on its way
// from the vault and back. Keys lie in Secret objects and sodium's memory only; where those are is the caller's choice.
#include <kj/array.h>
#include <kj/memory.h>

#include "protocol/key-box.h"
#include "protocol/public-keys.h"
#include "secret-text.h"
#include "wallet.h"

namespace waas::client {

using KeyPair = Secret<KEY_PAIR_BYTES>;  // seed, public key

// Seals a key pair to the vault, for a wallet of this owner and name. The box is good for a minute.
kj::Array<kj::byte> sealImportBox(const KeyPair& keyPair, const OwnerId& owner, kj::StringPtr name, uint64_t now,
                                  const PublicKey& sealingKey);

// Reads the file of solana-keygen: a JSON array of 64 numbers, and nothing else. False when it is none, or when its
// seed does not give its public key.
bool parseKeyFile(const SecretText& text, KeyPair& keyPair);

// Writes that form.
SecretText writeKeyFile(const KeyPair& keyPair);

// An X25519 key: made for one export, or a custodian's own. A resource.
class BoxKey {
 public:
  // A new one.
  BoxKey();
  // A custodian's, of which the secret half was kept.
  explicit BoxKey(const Secret<32>& secretHalf);
  KJ_DISALLOW_COPY(BoxKey);

  const PublicKey& publicKey() const { return publicHalf; }
  const Secret<32>& secret() const { return secretHalf; }

  // Opens an exported key. Throws addressUnproven unless it is this very wallet's: the seed must give the public key of
  // the certificate that the caller has verified.
  void openExport(kj::ArrayPtr<const kj::byte> box, const Wallet& wallet, KeyPair& keyPair) const;

  // Opens a custodian's part that the vault has sealed to this key. Throws invalidRequest when it is not the vault's,
  // or somebody else's part.
  void openPart(kj::ArrayPtr<const kj::byte> sealed, const PublicKey& answerKey,
                Secret<CUSTODY_PART_BYTES>& part) const;

 private:
  PublicKey publicHalf{};
  Secret<32> secretHalf;
};

// A custodian's part as text, base64: for paper, and for a prompt.
SecretText writePart(const Secret<CUSTODY_PART_BYTES>& part);
// False when it is none; blanks are ignored. Whether its check fits is for the vault to say.
bool parsePart(const SecretText& text, Secret<CUSTODY_PART_BYTES>& part);

// Seals a part to the vault. The box is good for a minute.
kj::Array<kj::byte> sealPart(const Secret<CUSTODY_PART_BYTES>& part, uint64_t now, const PublicKey& sealingKey);

}  // namespace waas::client
