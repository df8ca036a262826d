#pragma once
// What a keyring's region holds; used by keyring.c++ and keyring-change.c++ only.
#include <new>

#include "daemon/vault/envelope-cipher.h"

namespace waas::vault {

constexpr uint16_t KEYRING_WITH_STATES = 0xff02;

struct Keyring::Entry {
  Purpose purpose = Purpose::SHARE;
  uint32_t version = 0;
  bool newest = false;
  bool hasPrivate = false;
  KeyState state = KeyState::ACTIVE;
  Secret<32> key;
  PublicKey publicHalf{};
};

struct Keyring::Layout {
  size_t count;
  bool hasRoot;
  Secret<32> root;                             // whoever could read it here could read all that it opens
  std::array<uint8_t, PURPOSES + 1> newestAt;  // by purpose; NONE where there is none
  alignas(Key) uint8_t storage[MAX_KEYS * sizeof(Key)];

  static constexpr uint8_t NONE = 0xff;
  Key* at(size_t i) { return std::launder(reinterpret_cast<Key*>(storage)) + i; }
};

// Reads one entry of a plain keyring. False for what no keyring of ours has.
template <typename Entry>
bool readKeyringEntry(ByteReader& r, bool withState, Entry& entry) {
  uint8_t purpose = r.u8();
  entry.purpose = static_cast<Purpose>(purpose);
  entry.version = r.u32();
  uint8_t newest = r.u8(), hasPrivate = r.u8(), state = withState ? r.u8() : uint8_t{0};
  entry.newest = newest == 1;
  entry.hasPrivate = hasPrivate == 1;
  entry.state = static_cast<KeyState>(state);
  Bytes key = r.bytes(32);
  r.fill(entry.publicHalf);
  bool sound = r.ok() && purpose >= 1 && purpose <= PURPOSES && newest <= 1 && hasPrivate <= 1 && state <= 2;
  if (!sound || (entry.newest && entry.state != KeyState::ACTIVE)) return false;
  std::copy_n(key.data(), 32, entry.key.fill(SecretAccess::here()).data());
  return true;
}

// The head of a plain keyring: how many entries, and of which form.
inline size_t readKeyringHead(ByteReader& r, bool& withState) {
  uint16_t first = r.u16();
  withState = first == KEYRING_WITH_STATES;
  return withState ? r.u16() : first;
}

// For keys of one purpose and version: the public half, and what libsodium wants to sign with.
void derivePublicHalf(Purpose purpose, const Secret<32>& key, PublicKey& publicHalf, Secret<64>& signingKey);

// Opens a wrapped keyring under a root credential, into `plain`, of which the part that was written is returned; empty
// when it doesn't open.
Bytes unwrapKeyring(Bytes wrapped, const Secret<32>& root, std::span<uint8_t, MAX_KEYRING_PLAIN_BYTES> plain);

}  // namespace waas::vault
