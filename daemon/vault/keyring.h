#pragma once
// The vault's long-lived keys: one or more versions for each purpose, all in one secret region that is read-only once
// they are loaded.
//
// New records are made with the newest version of a purpose; old ones are opened with the version that they name. At
// rest the keyring is one envelope (kind 5) under the root credential. Every purpose always has a newest version.
#include "daemon/vault/kdf.h"
#include "daemon/vault/random.h"
#include "daemon/vault/secret-memory.h"
#include "protocol/public-keys.h"

#include <string_view>

namespace waas::vault {

enum class Purpose : uint8_t {
  SHARE = 1,      // envelopes of shares
  RECORD = 2,     // envelopes of account records; MAC of wallet certificates
  TOKEN = 3,      // envelopes of session keys; MAC of tokens
  VERIFIER = 4,   // MAC of user id and stretched password
  SALT = 5,       // MAC of e-mail addresses: the salts of password stretching
  CHALLENGE = 6,  // MAC of sign-in challenges
  SEALING = 7,    // X25519: what clients seal to
  ANSWER = 8,     // Ed25519: wallet certificates
  AUDIT = 9,      // Ed25519: audit heads
  RECOVERY = 10,  // X25519: recovery envelopes; the private half may be kept elsewhere
};

constexpr size_t PURPOSES = 10;

// The purpose's name in lower case, as in health and in the derivation of its keys.
std::string_view purposeName(Purpose purpose);

// One version of one key. Lives in its keyring's region and no longer than it.
class Key {
 public:
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  Purpose purpose() const { return what; }
  uint32_t version() const { return number; }
  bool newest() const { return isNewest; }

  // SHARE, RECORD, TOKEN: derives the keys of envelopes. PRK = HKDF-Extract("waas <purpose> <version>", key).
  const KeyDeriver& deriver() const { return derive; }

  // SHARE to CHALLENGE: MACs under HKDF-Expand(PRK, "waas mac 1", 32), a key of its own beside the envelopes'. What is
  // MACed must begin with a domain of its own where one purpose has several uses.
  const HmacKey& hmac() const { return macs; }

  // SEALING to RECOVERY: the public half.
  const PublicKey& publicKey() const { return publicHalf; }

  // False for a recovery key whose private half is kept elsewhere; always true for the others.
  bool hasPrivate() const { return privatePresent; }

  // ANSWER, AUDIT: signs twice and compares (a computation gone wrong would reveal the key). False when they differ:
  // then `out` is zero, and nothing may be released.
  [[nodiscard]] bool sign(Bytes message, Signature& out) const;

  // SEALING: opens a crypto_box_seal box. `plain` must be secret memory of box.size() - 48 bytes. False when the box
  // isn't ours or damaged.
  [[nodiscard]] bool openBox(Bytes box, std::span<uint8_t> plain) const;

  // RECOVERY: X25519(private half, other). False when there is no private half, or for a point of low order.
  [[nodiscard]] bool agree(const PublicKey& other, Secret<32>& shared) const;

 private:
  friend class Keyring;
  Key(Purpose purpose, uint32_t version, bool newest, const Secret<32>* secret, const PublicKey& publicHalf,
      const Secret<32>& prk, const Secret<32>& macKey);

  Purpose what;
  uint32_t number;
  bool isNewest;
  bool privatePresent;
  PublicKey publicHalf;
  Secret<32> key;         // symmetric key, Ed25519 seed or X25519 scalar
  Secret<64> signingKey;  // seed | public half, as libsodium wants it; zero unless it signs
  KeyDeriver derive;
  HmacKey macs;
};

constexpr size_t MAX_KEYS = 64;
constexpr size_t KEYRING_ENTRY_BYTES = 1 + 4 + 1 + 1 + 32 + 32;
constexpr size_t MAX_KEYRING_BYTES = 38 + 2 + MAX_KEYS * KEYRING_ENTRY_BYTES + 16;

enum class KeyringLoaded : uint8_t {
  REFUSED = 0,    // not authentic under this root credential: another credential, or a damaged file
  MALFORMED = 1,  // authentic, but not a keyring that this version understands
  LOADED = 2,
};

// A resource; made once at start. Everything that works on secrets here is to run on a secret stack (secret-stack.h).
class Keyring {
 public:
  // An empty keyring in a secret region of its own. Throws std::bad_alloc without memory.
  Keyring();
  ~Keyring();
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;

  // Fills an empty keyring with new keys, version 1 of every purpose, and seals the region. False when sealing fails.
  [[nodiscard]] bool generate(Random& random);

  // Fills an empty keyring from its wrapped form and seals the region. Nothing is kept unless it returns LOADED.
  KeyringLoaded load(Bytes wrapped, const Secret<32>& root);

  // Writes the wrapped form; returns its size, or 0 when `out` is smaller than that (MAX_KEYRING_BYTES is enough).
  size_t wrap(const Secret<32>& root, Random& random, std::span<uint8_t> out) const;

  // The newest version of a purpose. Only for a keyring that was loaded or generated.
  const Key& newest(Purpose purpose) const;

  // A certain version, null when this host doesn't have it.
  const Key* find(Purpose purpose, uint32_t version) const;

  // Whether `mac` is over the parts, under any version of a MAC key that is not retired.
  bool verifies(Purpose purpose, std::initializer_list<Bytes> parts, Bytes mac) const;

  // All keys, in the order of the file; versions of one purpose need not be neighbours.
  std::span<const Key> keys() const;

  VaultPublicKeys publicKeys() const;

  SecretMemoryKind kind() const { return region.kind(); }

 private:
  struct Entry;
  struct Layout;
  bool add(const Entry& entry);
  bool complete() const;
  KeyringLoaded parse(Bytes plain);
  void clear();
  Layout& layout() const;

  SecretRegion region;
};

}  // namespace waas::vault
