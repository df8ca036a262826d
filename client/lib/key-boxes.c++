#include "key-boxes.h"

#include <algorithm>

#include "error.h"

namespace waas::client {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr int BASE64 = sodium_base64_VARIANT_ORIGINAL;

Bytes bytesOf(std::string_view text) { return asBytes(text.data(), text.size()); }
Bytes bytesOf(kj::ArrayPtr<const kj::byte> data) { return Bytes(data.begin(), data.size()); }

kj::Array<kj::byte> seal(Bytes plain, const PublicKey& to) {
  auto box = kj::heapArray<kj::byte>(plain.size() + SEALED_BOX_OVERHEAD);
  if (crypto_box_seal(box.begin(), plain.data(), plain.size(), to.data()) != 0) {
    kj::throwFatalException(makeFailure(ErrorCode::INVALID_REQUEST, "vault.pub holds no key to seal to"));
  }
  return box;
}

// The public key that a seed gives.
PublicKey publicKeyOf(Bytes seed) {
  PublicKey derived;
  KeyPair unused;
  crypto_sign_seed_keypair(derived.data(), unused.fill(ACCESS).data(), seed.data());
  return derived;
}

bool startsWith(Bytes plain, std::string_view magic) {
  return std::ranges::equal(plain.first(magic.size()), bytesOf(magic));
}

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Takes the array of numbers apart, one byte at a time.
class Numbers {
 public:
  explicit Numbers(kj::ArrayPtr<const char> text) : text(text) {}

  bool literal(char c) {
    skip();
    if (at == text.size() || text[at] != c) return false;
    at++;
    return true;
  }
  bool number(uint8_t& value) {
    skip();
    unsigned n = 0;
    size_t digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 3; at++, digits++) {
      n = n * 10 + static_cast<unsigned>(text[at] - '0');
    }
    value = static_cast<uint8_t>(n);
    return digits > 0 && n <= 255;
  }
  bool end() {
    skip();
    return at == text.size();
  }

 private:
  void skip() {
    while (at < text.size() && isBlank(text[at])) at++;
  }
  kj::ArrayPtr<const char> text;
  size_t at = 0;
};

}  // namespace

kj::Array<kj::byte> sealImportBox(const KeyPair& keyPair, const OwnerId& owner, kj::StringPtr name, uint64_t now,
                                  const PublicKey& sealingKey) {
  Secret<ImportBoxLayout::SIZE> plain;
  Hash nameHash;
  crypto_hash_sha256(nameHash.data(), name.asBytes().begin(), name.size());
  ByteWriter w(plain.fill(ACCESS));
  w.bytes(bytesOf(IMPORT_BOX_MAGIC));
  w.owner(owner);
  w.u64(now);
  w.bytes(nameHash);
  w.bytes(keyPair.reveal(ACCESS));
  return seal(w.written(), sealingKey);
}

bool parseKeyFile(const SecretText& text, KeyPair& keyPair) {
  keyPair.wipe();
  Numbers numbers(text.reveal(ACCESS));
  auto out = keyPair.fill(ACCESS);
  bool good = numbers.literal('[');
  for (size_t i = 0; good && i < out.size(); i++) {
    good = (i == 0 || numbers.literal(',')) && numbers.number(out[i]);
  }
  good = good && numbers.literal(']') && numbers.end();
  auto pair = keyPair.reveal(ACCESS);
  good = good && std::ranges::equal(publicKeyOf(pair.first(32)), pair.subspan(32));
  if (!good) keyPair.wipe();
  return good;
}

SecretText writeKeyFile(const KeyPair& keyPair) {
  SecretText text;
  Secret<5> piece;
  auto chars = piece.fill(ACCESS);
  bool good = text.append(kj::StringPtr("[").asArray());
  auto bytes = keyPair.reveal(ACCESS);
  for (size_t i = 0; i < bytes.size(); i++) {
    size_t n = 0;
    if (i > 0) chars[n++] = ',';
    uint8_t b = bytes[i];
    if (b >= 100) chars[n++] = static_cast<uint8_t>('0' + b / 100);
    if (b >= 10) chars[n++] = static_cast<uint8_t>('0' + b / 10 % 10);
    chars[n++] = static_cast<uint8_t>('0' + b % 10);
    good = good && text.append(kj::arrayPtr(reinterpret_cast<const char*>(chars.data()), n));
  }
  good = good && text.append(kj::StringPtr("]\n").asArray());
  if (!good) kj::throwFatalException(makeFailure(ErrorCode::TOO_LARGE));
  return text;
}

BoxKey::BoxKey() { crypto_box_keypair(publicHalf.data(), secretHalf.fill(ACCESS).data()); }

BoxKey::BoxKey(const Secret<32>& kept) {
  std::ranges::copy(kept.reveal(ACCESS), secretHalf.fill(ACCESS).begin());
  crypto_scalarmult_base(publicHalf.data(), secretHalf.reveal(ACCESS).data());
}

void BoxKey::openExport(kj::ArrayPtr<const kj::byte> box, const Wallet& wallet, KeyPair& keyPair) const {
  keyPair.wipe();
  Secret<ExportBoxLayout::SIZE> plain;
  auto out = plain.fill(ACCESS);
  bool good =
      box.size() == EXPORT_BOX_BYTES && crypto_box_seal_open(out.data(), box.begin(), box.size(), publicHalf.data(),
                                                             secretHalf.reveal(ACCESS).data()) == 0;
  Bytes opened = plain.reveal(ACCESS);
  if (good) {
    ByteReader r(opened.subspan(ExportBoxLayout::OWNER));
    OwnerId owner = r.owner();
    Id walletId;
    r.fill(walletId);
    Bytes pair = opened.subspan(ExportBoxLayout::KEY_PAIR);
    good = startsWith(opened, EXPORT_BOX_MAGIC) && r.ok() && owner == wallet.owner && walletId == wallet.walletId &&
           publicKeyOf(pair.first(32)) == wallet.publicKey && std::ranges::equal(pair.subspan(32), wallet.publicKey);
    if (good) std::ranges::copy(pair, keyPair.fill(ACCESS).begin());
  }
  if (!good) kj::throwFatalException(makeFailure(ErrorCode::ADDRESS_UNPROVEN, "the exported key is not the wallet's"));
}

void BoxKey::openPart(kj::ArrayPtr<const kj::byte> sealed, const PublicKey& answerKey,
                      Secret<CUSTODY_PART_BYTES>& part) const {
  part.wipe();
  bool good = sealed.size() == SEALED_PART_BYTES;
  if (good) {
    std::array<uint8_t, CUSTODY_SIGNATURE_DOMAIN.size() + CUSTODY_BOX_BYTES> covered;
    ByteWriter w(covered);
    w.bytes(bytesOf(CUSTODY_SIGNATURE_DOMAIN));
    w.bytes(bytesOf(sealed).first(CUSTODY_BOX_BYTES));
    Secret<CUSTODY_BOX_MAGIC.size() + CUSTODY_PART_BYTES> plain;
    good = crypto_sign_verify_detached(sealed.begin() + CUSTODY_BOX_BYTES, covered.data(), covered.size(),
                                       answerKey.data()) == 0 &&
           crypto_box_seal_open(plain.fill(ACCESS).data(), sealed.begin(), CUSTODY_BOX_BYTES, publicHalf.data(),
                                secretHalf.reveal(ACCESS).data()) == 0 &&
           startsWith(plain.reveal(ACCESS), CUSTODY_BOX_MAGIC);
    if (good)
      std::ranges::copy(Bytes(plain.reveal(ACCESS)).subspan(CUSTODY_BOX_MAGIC.size()), part.fill(ACCESS).begin());
  }
  if (!good) {
    kj::throwFatalException(makeFailure(ErrorCode::INVALID_REQUEST, "not a part that the vault sealed to this key"));
  }
}

SecretText writePart(const Secret<CUSTODY_PART_BYTES>& part) {
  Secret<sodium_base64_ENCODED_LEN(CUSTODY_PART_BYTES, BASE64)> text;
  char* chars = reinterpret_cast<char*>(text.fill(ACCESS).data());
  sodium_bin2base64(chars, text.SIZE, part.reveal(ACCESS).data(), CUSTODY_PART_BYTES, BASE64);
  SecretText out;
  if (!out.append(kj::arrayPtr(chars, text.SIZE - 1))) kj::throwFatalException(makeFailure(ErrorCode::TOO_LARGE));
  return out;
}

bool parsePart(const SecretText& text, Secret<CUSTODY_PART_BYTES>& part) {
  auto chars = text.reveal(ACCESS);
  size_t size = 0;
  bool good = sodium_base642bin(part.fill(ACCESS).data(), CUSTODY_PART_BYTES, chars.begin(), chars.size(), " \t\r\n",
                                &size, nullptr, BASE64) == 0 &&
              size == CUSTODY_PART_BYTES;
  if (!good) part.wipe();
  return good;
}

kj::Array<kj::byte> sealPart(const Secret<CUSTODY_PART_BYTES>& part, uint64_t now, const PublicKey& sealingKey) {
  Secret<CUSTODY_GIVE_MAGIC.size() + 8 + CUSTODY_PART_BYTES> plain;
  ByteWriter w(plain.fill(ACCESS));
  w.bytes(bytesOf(CUSTODY_GIVE_MAGIC));
  w.u64(now);
  w.bytes(part.reveal(ACCESS));
  return seal(w.written(), sealingKey);
}

}  // namespace waas::client
