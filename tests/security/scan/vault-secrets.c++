#include "vault-secrets.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace waas::security {
namespace {

constexpr size_t HEAD = 38, SALT_AT = 6, SALT = 32, TAG = 16;
constexpr unsigned SHARE = 1, SALT_PURPOSE = 5, SEALING = 7, ANSWER = 8, AUDIT = 9, RECOVERY = 10;
constexpr uint8_t RECOVERY_INDEX = 0, THRESHOLD = 3;
const char* const PURPOSES[] = {"",          "share",   "record", "token", "verifier", "salt",
                                "challenge", "sealing", "answer", "audit", "recovery"};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

Buffer ofText(const std::string& text) { return Buffer(text.begin(), text.end()); }

Buffer part(const Buffer& bytes, size_t offset, size_t size) {
  if (offset + size > bytes.size()) fail("a record is too short");
  auto begin = bytes.begin() + static_cast<long>(offset);
  return Buffer(begin, begin + static_cast<long>(size));
}

Buffer joined(std::initializer_list<Buffer> parts) {
  Buffer all;
  for (const Buffer& each : parts) all.insert(all.end(), each.begin(), each.end());
  return all;
}

Buffer littleEndian(uint64_t value, size_t bytes) {
  Buffer out;
  for (size_t i = 0; i < bytes; i++) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  return out;
}

uint64_t fromLittleEndian(const Buffer& bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); i++) value |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  return value;
}

Buffer readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path + " can't be read");
  return Buffer(std::istreambuf_iterator<char>(file), {});
}

Buffer hmac(const Buffer& key, const Buffer& data) {
  Buffer mac(32);
  unsigned size = 32;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), mac.data(), &size);
  return mac;
}

Buffer expand(const Buffer& prk, const Buffer& info) { return hmac(prk, joined({info, {1}})); }

Buffer decrypt(const Buffer& key, const Buffer& associated, const Buffer& sealed, const std::string& what) {
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Buffer nonce(12), plain(sealed.size() - TAG), tag = part(sealed, sealed.size() - TAG, TAG);
  int size = 0;
  EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data());
  EVP_DecryptUpdate(context.get(), nullptr, &size, associated.data(), static_cast<int>(associated.size()));
  EVP_DecryptUpdate(context.get(), plain.data(), &size, sealed.data(), static_cast<int>(plain.size()));
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, TAG, tag.data());
  if (EVP_DecryptFinal_ex(context.get(), plain.data() + plain.size(), &size) != 1) fail(what + " does not open");
  return plain;
}

using PKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Buffer x25519(const Buffer& secret, const Buffer& other) {
  PKey mine(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.data(), 32), EVP_PKEY_free);
  PKey theirs(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.data(), 32), EVP_PKEY_free);
  std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new(mine.get(), nullptr),
                                                                      EVP_PKEY_CTX_free);
  Buffer shared(32);
  size_t size = 32;
  bool done = EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_derive_set_peer(context.get(), theirs.get()) == 1 &&
              EVP_PKEY_derive(context.get(), shared.data(), &size) == 1;
  if (!done) fail("X25519 failed");
  return shared;
}

Buffer publicOf(const Buffer& seed) {
  PKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), 32), EVP_PKEY_free);
  Buffer publicHalf(32);
  size_t size = 32;
  EVP_PKEY_get_raw_public_key(key.get(), publicHalf.data(), &size);
  return publicHalf;
}

// "waas share 1" | head | wallet id | owner | public key | epoch | tag | index | threshold.
Buffer shareContext(const Buffer& head, const StoredWallet& wallet, const Certificate& certificate, uint8_t index) {
  auto bytes = [](const auto& array) { return Buffer(array.begin(), array.end()); };
  return joined({ofText("waas share 1"),
                 head,
                 bytes(certificate.walletId),
                 {static_cast<uint8_t>(certificate.owner.kind)},
                 bytes(certificate.owner.id),
                 bytes(certificate.publicKey),
                 littleEndian(wallet.epoch, 8),
                 littleEndian(wallet.tag, 8),
                 {index, THRESHOLD}});
}

}  // namespace

std::string hex(const Buffer& bytes) {
  static const char* DIGITS = "0123456789abcdef";
  std::string text;
  for (uint8_t b : bytes) {
    text += DIGITS[b >> 4];
    text += DIGITS[b & 15];
  }
  return text;
}

Buffer unhex(const std::string& text) {
  Buffer bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

VaultSecrets::VaultSecrets(const std::string& folder, std::ostream& out) : out(out) {
  Buffer text = readFile(folder + "/mpc_encryption_key");
  Buffer root = unhex(std::string(text.begin(), text.begin() + 64));
  note("raw", "root", root);
  readKeyring(readFile(folder + "/keyring"), root);
}

void VaultSecrets::note(const std::string& kind, const std::string& name, const Buffer& value) {
  out << kind << ' ' << name << " hex:" << hex(value) << '\n';
}

Buffer VaultSecrets::envelopeKey(const Buffer& prk, const Buffer& envelope) const {
  return expand(prk, joined({ofText("waas envelope 1 "), {envelope.at(1)}, part(envelope, SALT_AT, SALT)}));
}

// Count (2), then for each key: purpose, version (4), newest, whether private, key (32), public half (32).
void VaultSecrets::readKeyring(const Buffer& wrapped, const Buffer& root) {
  Buffer prk = hmac(ofText("waas root 1"), root), head = part(wrapped, 0, HEAD);
  Buffer wrapping = envelopeKey(prk, wrapped);
  note("hmac-key", "root/prk", prk);
  note("aes256-key", "root/wrapping", wrapping);
  Buffer plain = decrypt(wrapping, joined({ofText("waas keyring 1"), head}), part(wrapped, HEAD, wrapped.size() - HEAD),
                         "the keyring");
  constexpr size_t ENTRY = 1 + 4 + 1 + 1 + 32 + 32;
  size_t count = fromLittleEndian(part(plain, 0, 2));
  for (size_t i = 0; i < count; i++) {
    Buffer entry = part(plain, 2 + i * ENTRY, ENTRY);
    unsigned purpose = entry[0];
    auto version = static_cast<uint32_t>(fromLittleEndian(part(entry, 1, 4)));
    std::string name = std::string(PURPOSES[purpose]) + "/" + std::to_string(version);
    Key key{part(entry, 7, 32), part(entry, 39, 32), {}};
    key.prk = hmac(ofText(std::string("waas ") + PURPOSES[purpose] + " " + std::to_string(version)), key.key);
    bool x25519Key = purpose == SEALING || purpose == RECOVERY, ed25519Key = purpose == ANSWER || purpose == AUDIT;
    note(x25519Key ? "x25519-sk" : ed25519Key ? "ed25519-seed" : "hmac-key", name, key.key);
    note("hmac-key", name + "/prk", key.prk);
    note("hmac-key", name + "/mac", expand(key.prk, ofText("waas mac 1")));
    keys[{purpose, version}] = key;
  }
}

Buffer VaultSecrets::openShare(const StoredWallet& wallet, const Certificate& certificate, size_t index,
                               const std::string& name) {
  const Buffer& envelope = wallet.shares.at(index - 1);
  auto version = static_cast<uint32_t>(fromLittleEndian(part(envelope, 2, 4)));
  Buffer key = envelopeKey(keys.at({SHARE, version}).prk, envelope);
  Buffer context = shareContext(part(envelope, 0, HEAD), wallet, certificate, static_cast<uint8_t>(index));
  Buffer share = decrypt(key, context, part(envelope, HEAD, envelope.size() - HEAD), "a share");
  note("aes256-key", name + "/key", key);
  note("shamir-share", name, share);
  return share;
}

// Shares 2 and 3, under a key agreed with the recovery key.
Buffer VaultSecrets::openRecovery(const StoredWallet& wallet, const Certificate& certificate, const std::string& name) {
  const Buffer& envelope = wallet.recovery;
  auto version = static_cast<uint32_t>(fromLittleEndian(part(envelope, 2, 4)));
  const Key& recovery = keys.at({RECOVERY, version});
  Buffer ephemeral = part(envelope, SALT_AT, SALT), shared = x25519(recovery.key, ephemeral);
  Buffer prk = hmac(joined({ephemeral, recovery.publicHalf}), shared), key = expand(prk, ofText("waas recovery 1"));
  note("raw", name + "/shared", shared);
  note("hmac-key", name + "/prk", prk);
  note("aes256-key", name + "/key", key);
  Buffer context = shareContext(part(envelope, 0, HEAD), wallet, certificate, RECOVERY_INDEX);
  return decrypt(key, context, part(envelope, HEAD, envelope.size() - HEAD), "a recovery envelope");
}

void VaultSecrets::openWallet(const StoredWallet& wallet) {
  Certificate certificate;
  if (!certificate.parse(wallet.certificate)) fail("a certificate is malformed");
  Buffer publicKey(certificate.publicKey.begin(), certificate.publicKey.end());
  std::string name = "wallet-" + hex(publicKey).substr(0, 8);
  Buffer seed(32), others;
  for (size_t index = 1; index <= 3; index++) {
    Buffer share = openShare(wallet, certificate, index, name + "." + std::to_string(index));
    // Coordinates 1, 2, 3 and threshold 3: all factors of Lagrange's formula are 1 in GF(2^8).
    for (size_t i = 0; i < 32; i++) seed[i] ^= share[i];
    if (index > 1) others = joined({others, share});
  }
  if (publicOf(seed) != publicKey) fail("three shares do not give the wallet's key");
  if (!wallet.recovery.empty() && openRecovery(wallet, certificate, name + ".recovery") != others) {
    fail("the recovery envelope holds other shares");
  }
  note("ed25519-seed", name, seed);
  for (size_t i = 0; i < wallet.messages.size(); i++) {
    out << "ed25519-nonce " << name << "/" << i << " hex:" << hex(seed) << " hex:" << hex(wallet.messages[i]) << '\n';
  }
}

void VaultSecrets::openPerson(const std::string& email, const std::string& password) {
  constexpr unsigned long long PASSES = 2;
  constexpr size_t MEMORY = 64 << 20;
  Buffer macKey = expand(keys.at({SALT_PURPOSE, 1}).prk, ofText("waas mac 1"));
  Buffer salt = part(hmac(macKey, ofText(email)), 0, crypto_pwhash_SALTBYTES), stretched(32);
  if (crypto_pwhash(stretched.data(), stretched.size(), password.data(), password.size(), salt.data(), PASSES, MEMORY,
                    crypto_pwhash_ALG_ARGON2ID13) != 0) {
    fail("the password can't be stretched");
  }
  note("raw", email + "/stretched", stretched);
  out << "password " << email << " text:" << password << '\n';
}

}  // namespace waas::security
