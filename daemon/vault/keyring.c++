#include "daemon/vault/keyring.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "daemon/vault/keyring-layout.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr uint32_t ROOT_VERSION = 1;
constexpr std::string_view ROOT_SALT = "waas root 1", KEYRING_DOMAIN = "waas keyring 1", MAC_INFO = "waas mac 1";

bool isX25519(Purpose p) { return p == Purpose::SEALING || p == Purpose::RECOVERY; }
bool isEd25519(Purpose p) { return p == Purpose::ANSWER || p == Purpose::AUDIT; }

// "waas <purpose> <version>", the salt of HKDF-Extract.
std::string_view extractSalt(Purpose purpose, uint32_t version, std::span<char, 48> text) {
  int n = snprintf(text.data(), text.size(), "waas %s %u", purposeName(purpose).data(), version);
  return {text.data(), static_cast<size_t>(n)};
}

// The key by which the keyring is sealed: derived from the root credential and the envelope's salt.
void deriveWrappingKey(const Secret<32>& root, Bytes head, Secret<32>& key) {
  Secret<32> prk;
  hkdfExtract(asBytes(ROOT_SALT.data(), ROOT_SALT.size()), root.reveal(ACCESS), prk);
  deriveEnvelopeKey(KeyDeriver(prk), head, key);
}

// Where a PRK would come from: the key, or random bytes for a key whose private half isn't here. So nothing can be
// sealed or MACed by mistake under something that is known.
void derivePrk(Purpose purpose, uint32_t version, const Secret<32>* key, Secret<32>& prk) {
  std::array<char, 48> text;
  std::string_view salt = extractSalt(purpose, version, text);
  if (key != nullptr) {
    hkdfExtract(asBytes(salt.data(), salt.size()), key->reveal(ACCESS), prk);
  } else {
    randombytes_buf(prk.fill(ACCESS).data(), 32);
  }
}

// Whether what a key derives is what its bytes derive, computed anew: what is sealed under a key that was wrong for a
// moment could never be opened again.
bool derivesTheSame(const Key& key, const Secret<32>& bytes) {
  constexpr uint8_t TEXT[] = {'c', 'h', 'e', 'c', 'k'};
  Secret<32> prk, macKey, derived, again;
  derivePrk(key.purpose(), key.version(), &bytes, prk);
  KeyDeriver deriver(prk);
  deriver.derive(TEXT, again);
  key.deriver().derive(TEXT, derived);
  if (!derived.matches(again)) return false;
  deriver.derive(asBytes(MAC_INFO.data(), MAC_INFO.size()), macKey);
  HmacKey(macKey.reveal(ACCESS)).mac({TEXT}, again);
  key.hmac().mac({TEXT}, derived);
  return derived.matches(again);
}

}  // namespace

void derivePublicHalf(Purpose purpose, const Secret<32>& key, PublicKey& publicHalf, Secret<64>& signingKey) {
  publicHalf.fill(0);
  if (isX25519(purpose)) crypto_scalarmult_base(publicHalf.data(), key.reveal(ACCESS).data());
  if (isEd25519(purpose)) {
    crypto_sign_seed_keypair(publicHalf.data(), signingKey.fill(ACCESS).data(), key.reveal(ACCESS).data());
  }
}

std::string_view purposeName(Purpose purpose) {
  switch (purpose) {
    case Purpose::SHARE: return "share";
    case Purpose::RECORD: return "record";
    case Purpose::TOKEN: return "token";
    case Purpose::VERIFIER: return "verifier";
    case Purpose::SALT: return "salt";
    case Purpose::CHALLENGE: return "challenge";
    case Purpose::SEALING: return "sealing";
    case Purpose::ANSWER: return "answer";
    case Purpose::AUDIT: return "audit";
    case Purpose::RECOVERY: return "recovery";
  }
  return "unknown";
}

std::optional<Purpose> purposeNamed(std::string_view name) {
  for (uint8_t p = 1; p <= PURPOSES; p++) {
    if (purposeName(static_cast<Purpose>(p)) == name) return static_cast<Purpose>(p);
  }
  return std::nullopt;
}

// --- Key

Key::Key(Purpose purpose, uint32_t version, bool newest, const Secret<32>* secret, const PublicKey& half,
         const Secret<32>& prk, const Secret<32>& macKey)
    : what(purpose),
      number(version),
      isNewest(newest),
      privatePresent(secret != nullptr),
      publicHalf(half),
      derive(prk),
      macs(macKey.reveal(ACCESS)) {
  if (secret == nullptr) return;
  std::copy_n(secret->reveal(ACCESS).data(), 32, key.fill(ACCESS).data());
  PublicKey again;
  derivePublicHalf(purpose, key, again, signingKey);
}

bool Key::sign(Bytes message, Signature& out) const {
  out.fill(0);
  if (!isEd25519(what)) return false;
  Secret<64> first, second;
  const uint8_t* secret = signingKey.reveal(ACCESS).data();
  crypto_sign_detached(first.fill(ACCESS).data(), nullptr, message.data(), message.size(), secret);
  crypto_sign_detached(second.fill(ACCESS).data(), nullptr, message.data(), message.size(), secret);
  if (!first.matches(second)) return false;
  std::copy_n(second.reveal(ACCESS).data(), out.size(), out.data());
  return true;
}

bool Key::openBox(Bytes box, std::span<uint8_t> plain) const {
  sodium_memzero(plain.data(), plain.size());
  if (what != Purpose::SEALING || box.size() < crypto_box_SEALBYTES) return false;
  if (plain.size() != box.size() - crypto_box_SEALBYTES) return false;
  bool opened =
      crypto_box_seal_open(plain.data(), box.data(), box.size(), publicHalf.data(), key.reveal(ACCESS).data()) == 0;
  if (!opened) sodium_memzero(plain.data(), plain.size());
  return opened;
}

bool Key::agree(const PublicKey& other, Secret<32>& shared) const {
  shared.wipe();
  if (what != Purpose::RECOVERY || !privatePresent) return false;
  bool agreed = crypto_scalarmult(shared.fill(ACCESS).data(), key.reveal(ACCESS).data(), other.data()) == 0;
  if (!agreed) shared.wipe();
  return agreed;
}

bool Key::copyPrivate(Secret<32>& out) const {
  out.wipe();
  if (what != Purpose::RECOVERY || !privatePresent || lent) return false;
  std::ranges::copy(key.reveal(ACCESS), out.fill(ACCESS).begin());
  return true;
}

// --- Keyring

Keyring::Keyring() : region(sizeof(Layout)) {
  auto* fresh = new (region.begin()) Layout;
  fresh->count = 0;
  fresh->hasRoot = false;
  fresh->newestAt.fill(Layout::NONE);
}

Keyring::~Keyring() {
  if (region.unseal()) clear();
}

Keyring::Layout& Keyring::layout() const { return *std::launder(reinterpret_cast<Layout*>(region.begin())); }

void Keyring::clear() {
  Layout& all = layout();
  while (all.count > 0) std::destroy_at(all.at(--all.count));
  all.newestAt.fill(Layout::NONE);
  all.hasRoot = false;
  all.root.wipe();
}

std::span<const Key> Keyring::keys() const { return {layout().at(0), layout().count}; }

const Key& Keyring::newest(Purpose purpose) const {
  uint8_t at = layout().newestAt[static_cast<size_t>(purpose)];
  if (at == Layout::NONE) abort();  // an empty keyring: the caller's mistake, and nothing could go on
  return *layout().at(at);
}

const Key* Keyring::find(Purpose purpose, uint32_t version) const {
  uint8_t at = layout().newestAt[static_cast<size_t>(purpose)];
  if (at != Layout::NONE && layout().at(at)->version() == version) return layout().at(at);
  auto all = keys();
  auto found = std::find_if(all.begin(), all.end(),
                            [&](const Key& k) { return k.purpose() == purpose && k.version() == version; });
  return found == all.end() ? nullptr : &*found;
}

bool Keyring::verifies(Purpose purpose, std::initializer_list<Bytes> parts, Bytes mac) const {
  auto all = keys();
  return std::any_of(all.begin(), all.end(), [&](const Key& key) {
    return key.purpose() == purpose && !key.retired() && key.hmac().verify(parts, mac);
  });
}

VaultPublicKeys Keyring::publicKeys() const {
  return {.sealing = newest(Purpose::SEALING).publicKey(),
          .answers = newest(Purpose::ANSWER).publicKey(),
          .audit = newest(Purpose::AUDIT).publicKey()};
}

// Adds one key, or says why not by false: an entry that no keyring of ours has.
bool Keyring::add(const Entry& entry) {
  Layout& all = layout();
  size_t purpose = static_cast<size_t>(entry.purpose);
  bool room = all.count < MAX_KEYS, fresh = find(entry.purpose, entry.version) == nullptr;
  bool second = entry.newest && all.newestAt[purpose] != Layout::NONE;
  bool privateMissing = !entry.hasPrivate && entry.purpose != Purpose::RECOVERY;
  if (!room || !fresh || second || privateMissing || entry.version == 0) return false;

  PublicKey half;
  Secret<64> unused;
  if (entry.hasPrivate) {
    derivePublicHalf(entry.purpose, entry.key, half, unused);
    if (half != entry.publicHalf) return false;
  }
  const Secret<32>* key = entry.hasPrivate ? &entry.key : nullptr;
  Secret<32> prk, macKey;
  derivePrk(entry.purpose, entry.version, key, prk);
  KeyDeriver(prk).derive(asBytes(MAC_INFO.data(), MAC_INFO.size()), macKey);
  new (all.storage + all.count * sizeof(Key))
      Key(entry.purpose, entry.version, entry.newest, key, entry.publicHalf, prk, macKey);
  Key& made = *all.at(all.count);
  made.keyState = entry.state;
  if (entry.hasPrivate && !derivesTheSame(made, entry.key)) {
    std::destroy_at(&made);
    return false;
  }
  if (entry.newest) all.newestAt[purpose] = static_cast<uint8_t>(all.count);
  all.count++;
  return true;
}

bool Keyring::complete() const {
  const auto& newest = layout().newestAt;
  return std::none_of(newest.begin() + 1, newest.end(), [](uint8_t at) { return at == Layout::NONE; });
}

bool Keyring::generate(Random& random) {
  for (uint8_t purpose = 1; purpose <= PURPOSES; purpose++) {
    Entry entry;
    Secret<64> unused;
    entry.purpose = static_cast<Purpose>(purpose);
    entry.version = 1;
    entry.newest = entry.hasPrivate = true;
    random.fill(entry.key.fill(ACCESS));
    derivePublicHalf(entry.purpose, entry.key, entry.publicHalf, unused);
    if (!add(entry)) return false;
  }
  return region.seal();
}

KeyringLoaded Keyring::parse(Bytes plain) {
  ByteReader r(plain);
  bool withState = false;
  size_t count = readKeyringHead(r, withState);
  for (size_t i = 0; i < count && r.ok(); i++) {
    Entry entry;
    if (!readKeyringEntry(r, withState, entry) || !add(entry)) return KeyringLoaded::MALFORMED;
  }
  return r.done() && complete() ? KeyringLoaded::LOADED : KeyringLoaded::MALFORMED;
}

Bytes unwrapKeyring(Bytes wrapped, const Secret<32>& root, std::span<uint8_t, MAX_KEYRING_PLAIN_BYTES> room) {
  if (wrapped.size() < ENVELOPE_OVERHEAD || wrapped.size() > MAX_KEYRING_BYTES) return {};
  auto plain = room.first(wrapped.size() - ENVELOPE_OVERHEAD);
  uint32_t version = 0;
  if (!readEnvelopeHead(wrapped, EnvelopeKind::KEYRING, plain.size(), version)) return {};
  Bytes head = wrapped.first(ENVELOPE_HEAD_BYTES);
  Secret<32> key;
  deriveWrappingKey(root, head, key);
  AssociatedData associated(KEYRING_DOMAIN, head);
  if (!decryptBehindHead(key, associated, wrapped, plain)) return {};
  // Another version of the root credential's use is nothing that this vault understands.
  return version == ROOT_VERSION ? Bytes(plain) : Bytes(plain).first(0);
}

KeyringLoaded Keyring::load(Bytes wrapped, const Secret<32>& root) {
  Secret<MAX_KEYRING_PLAIN_BYTES> room;
  Bytes plain = unwrapKeyring(wrapped, root, room.fill(ACCESS));
  if (plain.data() == nullptr) return KeyringLoaded::REFUSED;
  KeyringLoaded result = parse(plain);
  std::ranges::copy(root.reveal(ACCESS), layout().root.fill(ACCESS).begin());
  layout().hasRoot = true;
  if (result == KeyringLoaded::LOADED && !region.seal()) result = KeyringLoaded::MALFORMED;
  if (result != KeyringLoaded::LOADED) clear();
  return result;
}

// All keys in the order of the region, in the old form as long as it can say everything.
Bytes Keyring::plain(std::span<uint8_t> room) const {
  auto all = keys();
  bool withState = std::any_of(all.begin(), all.end(), [](const Key& k) { return k.state() != KeyState::ACTIVE; });
  ByteWriter w(room);
  if (withState) w.u16(KEYRING_WITH_STATES);
  w.u16(static_cast<uint16_t>(all.size()));
  const Secret<32> absent;
  for (const Key& k : all) {
    bool hasPrivate = k.hasPrivate() && !k.isLent();
    w.u8(static_cast<uint8_t>(k.purpose()));
    w.u32(k.version());
    w.u8(k.newest() ? 1 : 0);
    w.u8(hasPrivate ? 1 : 0);
    if (withState) w.u8(static_cast<uint8_t>(k.state()));
    w.bytes(hasPrivate ? k.key.reveal(ACCESS) : absent.reveal(ACCESS));
    w.bytes(k.publicKey());
  }
  return w.ok() ? w.written() : Bytes();
}

size_t Keyring::wrap(const Secret<32>& root, Random& random, std::span<uint8_t> out) const {
  Secret<MAX_KEYRING_PLAIN_BYTES> room;
  Bytes plaintext = plain(room.fill(ACCESS));
  size_t size = plaintext.size() + ENVELOPE_OVERHEAD;
  if (plaintext.empty() || out.size() < size) return 0;
  auto envelope = out.first(size);
  writeEnvelopeHead(EnvelopeKind::KEYRING, ROOT_VERSION, envelope);
  random.fill(envelope.subspan(ENVELOPE_SALT_AT, 32));
  Bytes head = envelope.first(ENVELOPE_HEAD_BYTES);
  Secret<32> key;
  deriveWrappingKey(root, head, key);
  AssociatedData associated(KEYRING_DOMAIN, head);
  encryptBehindHead(key, associated, plaintext, envelope);
  return size;
}

}  // namespace waas::vault
