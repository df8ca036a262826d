// Changes of a keyring while the vault runs. Whoever calls them has the keyring for himself.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "daemon/vault/keyring-layout.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();

// Clients hold the public halves of these (vault.pub), and salts must stay as they were when passwords were set.
bool isFixed(Purpose p) {
  return p == Purpose::SALT || p == Purpose::SEALING || p == Purpose::ANSWER || p == Purpose::AUDIT;
}

}  // namespace

// The pages can be written to as long as this object lives.
class Keyring::Unsealed {
 public:
  explicit Unsealed(SecretRegion& region) : region(region), open(region.unseal()) {}
  ~Unsealed() {
    // Keys that stray writes can reach would be worse than no vault.
    if (open && !region.seal()) abort();
  }
  Unsealed(const Unsealed&) = delete;
  explicit operator bool() const { return open; }

 private:
  SecretRegion& region;
  const bool open;
};

Key* Keyring::mutableKey(Purpose purpose, uint32_t version) { return const_cast<Key*>(find(purpose, version)); }

KeyringChange Keyring::addVersion(Purpose purpose, Random& random) {
  if (isFixed(purpose)) return KeyringChange::FIXED_PURPOSE;
  Entry entry;
  for (const Key& key : keys()) {
    if (key.purpose() == purpose) entry.version = std::max(entry.version, key.version());
  }
  if (entry.version == UINT32_MAX || keys().size() == MAX_KEYS) return KeyringChange::FULL;
  entry.purpose = purpose;
  entry.version++;
  entry.hasPrivate = true;
  entry.state = KeyState::PENDING;
  random.fill(entry.key.fill(ACCESS));
  Secret<64> unused;
  derivePublicHalf(purpose, entry.key, entry.publicHalf, unused);
  Unsealed unsealed(region);
  if (!unsealed || !add(entry)) return KeyringChange::FAULT;
  mutableKey(purpose, entry.version)->kept = false;
  return KeyringChange::DONE;
}

KeyringChange Keyring::activate(Purpose purpose, uint32_t version) {
  Key* key = mutableKey(purpose, version);
  if (key == nullptr) return KeyringChange::UNKNOWN_KEY;
  if (!key->isKept()) return KeyringChange::NOT_KEPT;
  Unsealed unsealed(region);
  if (!unsealed) return KeyringChange::FAULT;
  Layout& all = layout();
  uint8_t& newestAt = all.newestAt[static_cast<size_t>(purpose)];
  all.at(newestAt)->isNewest = false;
  key->isNewest = true;
  key->keyState = KeyState::ACTIVE;
  newestAt = static_cast<uint8_t>(key - all.at(0));
  return KeyringChange::DONE;
}

KeyringChange Keyring::retire(Purpose purpose, uint32_t version) {
  Key* key = mutableKey(purpose, version);
  if (key == nullptr) return KeyringChange::UNKNOWN_KEY;
  if (isFixed(purpose)) return KeyringChange::FIXED_PURPOSE;
  if (key->newest()) return KeyringChange::IN_USE;
  Unsealed unsealed(region);
  if (!unsealed) return KeyringChange::FAULT;
  key->keyState = KeyState::RETIRED;
  return KeyringChange::DONE;
}

// Goes through a plain keyring; `dry`: only finds out whether it could be taken.
KeyringChange Keyring::apply(Bytes plaintext, bool dry) {
  ByteReader r(plaintext);
  bool withState = false;
  size_t count = readKeyringHead(r, withState), known = 0, fresh = 0;
  std::array<uint8_t, PURPOSES + 1> newest{};
  for (size_t i = 0; i < count && r.ok(); i++) {
    Entry entry;
    if (!readKeyringEntry(r, withState, entry) || entry.version == 0) return KeyringChange::REFUSED;
    if (entry.newest) newest[static_cast<size_t>(entry.purpose)]++;
    Key* key = mutableKey(entry.purpose, entry.version);
    if (key == nullptr) {
      bool privateMissing = !entry.hasPrivate && entry.purpose != Purpose::RECOVERY;
      PublicKey half = entry.publicHalf;
      Secret<64> unused;
      if (entry.hasPrivate) derivePublicHalf(entry.purpose, entry.key, half, unused);
      if (privateMissing || half != entry.publicHalf) return KeyringChange::REFUSED;
      fresh++;
      if (dry) continue;
      bool isNewest = std::exchange(entry.newest, false);
      if (!add(entry)) return KeyringChange::FAULT;
      key = mutableKey(entry.purpose, entry.version);
      entry.newest = isNewest;
    } else {
      known++;
      bool both = entry.hasPrivate && key->hasPrivate();
      bool same = key->publicKey() == entry.publicHalf && (!both || key->key.matches(entry.key));
      if (entry.hasPrivate && !key->hasPrivate()) {
        PublicKey half;
        Secret<64> unused;
        derivePublicHalf(entry.purpose, entry.key, half, unused);
        same = same && half == entry.publicHalf;
      }
      if (!same) return KeyringChange::REFUSED;
      if (dry) continue;
      if (entry.hasPrivate) std::ranges::copy(entry.key.reveal(ACCESS), key->key.fill(ACCESS).begin());
      if (!entry.hasPrivate) key->key.wipe();
      key->privatePresent = entry.hasPrivate;
      key->lent = false;
      key->kept = true;
      key->keyState = entry.state;
      key->isNewest = false;
    }
    if (entry.newest) {
      key->isNewest = true;
      layout().newestAt[static_cast<size_t>(entry.purpose)] = static_cast<uint8_t>(key - layout().at(0));
    }
  }
  bool whole = r.done() && std::all_of(newest.begin() + 1, newest.end(), [](uint8_t n) { return n == 1; });
  if (!whole) return KeyringChange::REFUSED;
  if (!dry) return KeyringChange::DONE;
  // One entry twice would count twice, so that all keys that are here could seem to be there.
  for (const Key& key : keys()) {
    size_t times = 0;
    ByteReader again(plaintext);
    readKeyringHead(again, withState);
    for (size_t i = 0; i < count; i++) {
      Entry entry;
      if (!readKeyringEntry(again, withState, entry)) return KeyringChange::REFUSED;
      if (entry.purpose == key.purpose() && entry.version == key.version()) times++;
    }
    if (times != 1) return KeyringChange::REFUSED;
  }
  return keys().size() + fresh <= MAX_KEYS ? KeyringChange::DONE : KeyringChange::FULL;
}

KeyringChange Keyring::install(Bytes wrapped) {
  if (!layout().hasRoot) return KeyringChange::REFUSED;
  Secret<MAX_KEYRING_PLAIN_BYTES> room;
  Bytes plaintext = unwrapKeyring(wrapped, layout().root, room.fill(ACCESS));
  if (plaintext.empty()) return KeyringChange::REFUSED;
  if (KeyringChange could = apply(plaintext, true); could != KeyringChange::DONE) return could;
  Unsealed unsealed(region);
  if (!unsealed) return KeyringChange::FAULT;
  return apply(plaintext, false);
}

KeyringChange Keyring::lendRecovery(uint32_t version, const Secret<32>& privateHalf) {
  Key* key = mutableKey(Purpose::RECOVERY, version);
  if (key == nullptr || key->retired()) return KeyringChange::UNKNOWN_KEY;
  PublicKey half;
  Secret<64> unused;
  derivePublicHalf(Purpose::RECOVERY, privateHalf, half, unused);
  if (half != key->publicKey()) return KeyringChange::REFUSED;
  if (key->hasPrivate()) return KeyringChange::DONE;
  Unsealed unsealed(region);
  if (!unsealed) return KeyringChange::FAULT;
  std::ranges::copy(privateHalf.reveal(ACCESS), key->key.fill(ACCESS).begin());
  key->privatePresent = key->lent = true;
  return KeyringChange::DONE;
}

KeyringChange Keyring::returnRecovery() {
  Unsealed unsealed(region);
  if (!unsealed) return KeyringChange::FAULT;
  for (size_t i = 0; i < layout().count; i++) {
    Key& key = *layout().at(i);
    if (!key.lent) continue;
    key.key.wipe();
    key.privatePresent = key.lent = false;
  }
  return KeyringChange::DONE;
}

KeyringChange Keyring::forgetRecovery() {
  auto stays = [](const Key& key) { return key.purpose() == Purpose::RECOVERY && !key.newest() && !key.retired(); };
  auto all = keys();
  if (std::any_of(all.begin(), all.end(), [&](const Key& key) { return stays(key) && key.hasPrivate(); })) {
    return KeyringChange::IN_USE;
  }
  Unsealed unsealed(region);
  if (!unsealed) return KeyringChange::FAULT;
  for (size_t i = 0; i < layout().count; i++) {
    Key& key = *layout().at(i);
    if (key.purpose() != Purpose::RECOVERY) continue;
    key.key.wipe();
    key.privatePresent = key.lent = false;
  }
  return KeyringChange::DONE;
}

size_t Keyring::wrapAgain(Random& random, std::span<uint8_t> out) const {
  if (!layout().hasRoot) return 0;
  size_t size = wrap(layout().root, random, out);
  if (size == 0) return 0;
  Secret<MAX_KEYRING_PLAIN_BYTES> first, second;
  Bytes opened = unwrapKeyring(out.first(size), layout().root, first.fill(ACCESS)), meant = plain(second.fill(ACCESS));
  bool same = opened.size() == meant.size() && sodium_memcmp(opened.data(), meant.data(), meant.size()) == 0;
  if (!same) std::fill(out.begin(), out.end(), uint8_t{0});
  return same ? size : 0;
}

}  // namespace waas::vault
