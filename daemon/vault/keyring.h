#pragma once
// The vault's long-lived keys: one or more versions for each purpose, all in one secret region that is read-only but
// for the moment of a change.
//
// New records are made with the newest version of a purpose; old ones are opened with the version that they name. At
// rest the keyring is one envelope (kind 5) under the root credential. Every purpose always has a newest version.
//
//   plain = count (2) | count x { purpose (1) | version (4) | newest (1) | private half here (1) | key (32) | public
//   (32) } or, once a version is pending or retired: plain = 0xff02 (2) | count (2) | count x { … newest (1) | private
//   half here (1) | state (1) | key (32) | public (32) }
//
// Changes (keyring-change.c++) want the keyring for themselves: the caller sees to it that nobody else uses it
// meanwhile (key-lock.h). A new version is written with only once it came back from where it is kept: else a restart
// would lose what was sealed under it.
#include "daemon/vault/kdf.h"
#include "daemon/vault/random.h"
#include "daemon/vault/secret-memory.h"
#include "protocol/public-keys.h"

#include <optional>
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

enum class KeyState : uint8_t {
  ACTIVE = 0,
  PENDING = 1,  // opens, but is not written with yet
  RETIRED = 2,  // neither opens nor is written with; kept for the day when an old back-up is needed after all
};

// The purpose's name in lower case, as in health and in the derivation of its keys.
std::string_view purposeName(Purpose purpose);

// The purpose of this name; nothing when there is none.
std::optional<Purpose> purposeNamed(std::string_view name);

// One version of one key. Lives in its keyring's region and no longer than it.
class Key {
 public:
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  Purpose purpose() const { return what; }
  uint32_t version() const { return number; }
  bool newest() const { return isNewest; }
  KeyState state() const { return keyState; }
  bool retired() const { return keyState == KeyState::RETIRED; }

  // Whether it is in the keyring that was loaded or installed, and so outlives this process.
  bool isKept() const { return kept; }

  // SHARE, RECORD, TOKEN: derives the keys of envelopes. PRK = HKDF-Extract("waas <purpose> <version>", key).
  const KeyDeriver& deriver() const { return derive; }

  // SHARE to CHALLENGE: MACs under HKDF-Expand(PRK, "waas mac 1", 32), a key of its own beside the envelopes'. What is
  // MACed must begin with a domain of its own where one purpose has several uses.
  const HmacKey& hmac() const { return macs; }

  // SEALING to RECOVERY: the public half.
  const PublicKey& publicKey() const { return publicHalf; }

  // False for a recovery key whose private half is kept elsewhere; always true for the others.
  bool hasPrivate() const { return privatePresent; }
  // Whether custodians gave that private half for a while. It is in no wrapped keyring.
  bool isLent() const { return lent; }

  // ANSWER, AUDIT: signs twice and compares (a computation gone wrong would reveal the key). False when they differ:
  // then `out` is zero, and nothing may be released.
  [[nodiscard]] bool sign(Bytes message, Signature& out) const;

  // SEALING: opens a crypto_box_seal box. `plain` must be secret memory of box.size() - 48 bytes. False when the box
  // isn't ours or damaged.
  [[nodiscard]] bool openBox(Bytes box, std::span<uint8_t> plain) const;

  // RECOVERY: X25519(private half, other). False when there is no private half, or for a point of low order.
  [[nodiscard]] bool agree(const PublicKey& other, Secret<32>& shared) const;

  // RECOVERY: the private half, to be split among custodians. False when it isn't here for good.
  [[nodiscard]] bool copyPrivate(Secret<32>& out) const;

 private:
  friend class Keyring;
  Key(Purpose purpose, uint32_t version, bool newest, const Secret<32>* secret, const PublicKey& publicHalf,
      const Secret<32>& prk, const Secret<32>& macKey);

  Purpose what;
  uint32_t number;
  bool isNewest;
  bool privatePresent;
  bool lent = false;
  bool kept = true;
  KeyState keyState = KeyState::ACTIVE;
  PublicKey publicHalf;
  Secret<32> key;         // symmetric key, Ed25519 seed or X25519 scalar
  Secret<64> signingKey;  // seed | public half, as libsodium wants it; zero unless it signs
  KeyDeriver derive;
  HmacKey macs;
};

constexpr size_t MAX_KEYS = 64;
constexpr size_t KEYRING_ENTRY_BYTES = 1 + 4 + 1 + 1 + 32 + 32;
constexpr size_t MAX_KEYRING_PLAIN_BYTES = 2 + 2 + MAX_KEYS * (KEYRING_ENTRY_BYTES + 1);
constexpr size_t MAX_KEYRING_BYTES = 38 + MAX_KEYRING_PLAIN_BYTES + 16;

// What came of a change. Zero is a refusal, and nothing was changed unless DONE.
enum class KeyringChange : uint8_t {
  FAULT = 0,          // two computations differed, or the kernel would not open the pages
  UNKNOWN_KEY = 1,    // no such version, or not of that purpose
  FIXED_PURPOSE = 2,  // clients hold the public half, or records can't be made again: not while running
  FULL = 3,
  NOT_KEPT = 4,  // the version has not come back from where it is kept
  IN_USE = 5,    // it is the newest of its purpose
  REFUSED = 6,   // not a keyring under this root credential, or one that lacks or contradicts keys that are here
  DONE = 7,
};

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

  // --- Changes; each leaves the keyring sealed again.

  // Makes the next version of a purpose, pending.
  KeyringChange addVersion(Purpose purpose, Random& random);
  // Makes a version that is kept the newest of its purpose, whatever its state was.
  KeyringChange activate(Purpose purpose, uint32_t version);
  // Opens nothing more under this version, which must not be the newest.
  KeyringChange retire(Purpose purpose, uint32_t version);
  // Takes the keys, states and newest versions of a wrapped keyring. It must have every key that is here, with the same
  // bytes. Private halves of recovery keys are forgotten where it lacks them, and taken where it has them.
  KeyringChange install(Bytes wrapped);
  // Takes the private half of a recovery key for a while; `returnRecovery` ends that for all versions.
  KeyringChange lendRecovery(uint32_t version, const Secret<32>& privateHalf);
  KeyringChange returnRecovery();
  // Forgets the private halves of all recovery keys that are retired or the newest. The others must have none: records
  // that nobody can open any more would stay.
  KeyringChange forgetRecovery();

  // Writes the wrapped form under the root credential that this keyring was loaded with, then opens it and compares.
  // Returns its size; 0 when there is no such credential, no room, or a difference.
  size_t wrapAgain(Random& random, std::span<uint8_t> out) const;

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

  // Where the keys lie, for the sandbox: the only pages whose protection may change later.
  std::span<const uint8_t> pages() const { return {region.begin(), region.size()}; }

 private:
  struct Entry;
  struct Layout;
  class Unsealed;
  bool add(const Entry& entry);
  bool complete() const;
  KeyringLoaded parse(Bytes plain);
  Bytes plain(std::span<uint8_t> room) const;
  Key* mutableKey(Purpose purpose, uint32_t version);
  KeyringChange apply(Bytes plain, bool dry);
  void clear();
  Layout& layout() const;

  SecretRegion region;
};

}  // namespace waas::vault
