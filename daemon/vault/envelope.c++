#include "daemon/vault/envelope.h"

#include <algorithm>

#include "daemon/vault/envelope-cipher.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr std::string_view KEY_DOMAIN = "waas envelope 1 ";
constexpr std::string_view ACCOUNT_DOMAIN = "waas account 1", SESSION_DOMAIN = "waas session 1";
static_assert(KEY_DOMAIN.size() == 16 && SHARE_DOMAIN.size() == 12);

// Each envelope has a key of its own, so one nonce is enough for all.
constexpr uint8_t NONCE[crypto_aead_aes256gcm_NPUBBYTES] = {};

// Seals under the newest key of a purpose; `append` adds the context to the associated data.
template <typename Append>
bool sealAny(const Keyring& keyring, Purpose purpose, EnvelopeKind kind, std::string_view domain, Append append,
             Bytes plain, Random& random, std::span<uint8_t> out) {
  std::fill(out.begin(), out.end(), uint8_t{0});
  if (out.size() != plain.size() + ENVELOPE_OVERHEAD) return false;
  const Key& newest = keyring.newest(purpose);
  writeEnvelopeHead(kind, newest.version(), out);
  random.fill(out.subspan(ENVELOPE_SALT_AT, ENVELOPE_HEAD_BYTES - ENVELOPE_SALT_AT));
  AssociatedData associated(domain, out.first(ENVELOPE_HEAD_BYTES));
  append(associated);
  if (!associated.fields().ok()) {
    std::fill(out.begin(), out.end(), uint8_t{0});
    return false;
  }
  Secret<32> key;
  deriveEnvelopeKey(newest.deriver(), out.first(ENVELOPE_HEAD_BYTES), key);
  encryptBehindHead(key, associated, plain, out);
  return true;
}

template <typename Append>
Opened openAny(const Keyring& keyring, Purpose purpose, EnvelopeKind kind, std::string_view domain, Append append,
               Bytes envelope, std::span<uint8_t> plain) {
  sodium_memzero(plain.data(), plain.size());
  uint32_t version = 0;
  if (!readEnvelopeHead(envelope, kind, plain.size(), version)) return Opened::DAMAGED;
  const Key* used = keyring.find(purpose, version);
  if (used == nullptr) return Opened::UNKNOWN_KEY_VERSION;
  if (used->retired()) return Opened::KEY_RETIRED;
  AssociatedData associated(domain, envelope.first(ENVELOPE_HEAD_BYTES));
  append(associated);
  if (!associated.fields().ok()) return Opened::DAMAGED;
  Secret<32> key;
  deriveEnvelopeKey(used->deriver(), envelope.first(ENVELOPE_HEAD_BYTES), key);
  return decryptBehindHead(key, associated, envelope, plain) ? Opened::OPENED : Opened::DAMAGED;
}

auto contextOf(const ShareContext& context) {
  return [&context](AssociatedData& associated) { appendShareContext(context, associated); };
}

auto contextOf(const AccountContext& context) {
  return [&context](AssociatedData& associated) {
    ByteWriter& fields = associated.fields();
    fields.bytes(context.userId);
    fields.u64(context.version);
    fields.bytes(asBytes(context.email.data(), context.email.size()));
  };
}

auto contextOf(const SessionKeyContext& context) {
  return [&context](AssociatedData& associated) {
    associated.fields().bytes(context.userId);
    associated.fields().bytes(context.sessionId);
  };
}

}  // namespace

bool aesAvailable() { return crypto_aead_aes256gcm_is_available() == 1; }

void writeEnvelopeHead(EnvelopeKind kind, uint32_t keyVersion, std::span<uint8_t> out) {
  ByteWriter head(out);
  head.u8(ENVELOPE_FORMAT);
  head.u8(static_cast<uint8_t>(kind));
  head.u32(keyVersion);
}

bool readEnvelopeHead(Bytes envelope, EnvelopeKind kind, size_t plainSize, uint32_t& keyVersion) {
  if (envelope.size() != plainSize + ENVELOPE_OVERHEAD) return false;
  ByteReader head(envelope);
  bool ours = head.u8() == ENVELOPE_FORMAT && head.u8() == static_cast<uint8_t>(kind);
  keyVersion = head.u32();
  return ours;
}

void deriveEnvelopeKey(const KeyDeriver& deriver, Bytes head, Secret<32>& key) {
  std::array<uint8_t, KEY_DOMAIN.size() + 1 + 32> info;
  ByteWriter w(info);
  w.bytes(asBytes(KEY_DOMAIN.data(), KEY_DOMAIN.size()));
  w.u8(head[1]);  // the kind
  w.bytes(head.subspan(ENVELOPE_SALT_AT, 32));
  deriver.derive(info, key);
}

void encryptBehindHead(const Secret<32>& key, const AssociatedData& associated, Bytes plain,
                       std::span<uint8_t> envelope) {
  Bytes ad = associated.bytes();
  crypto_aead_aes256gcm_encrypt(envelope.data() + ENVELOPE_HEAD_BYTES, nullptr, plain.data(), plain.size(), ad.data(),
                                ad.size(), nullptr, NONCE, key.reveal(ACCESS).data());
}

bool decryptBehindHead(const Secret<32>& key, const AssociatedData& associated, Bytes envelope,
                       std::span<uint8_t> plain) {
  Bytes ad = associated.bytes(), sealed = envelope.subspan(ENVELOPE_HEAD_BYTES);
  bool authentic = crypto_aead_aes256gcm_decrypt(plain.data(), nullptr, nullptr, sealed.data(), sealed.size(),
                                                 ad.data(), ad.size(), NONCE, key.reveal(ACCESS).data()) == 0;
  if (!authentic) sodium_memzero(plain.data(), plain.size());
  return authentic;
}

void appendShareContext(const ShareContext& context, AssociatedData& associated) {
  ByteWriter& fields = associated.fields();
  fields.bytes(context.walletId);
  fields.owner(context.owner);
  fields.bytes(context.publicKey);
  fields.u64(context.epoch);
  fields.u64(context.tag);
  fields.u8(context.index);
  fields.u8(context.threshold);
}

bool sealEnvelope(const Keyring& keyring, const ShareContext& context, const Secret<32>& share, Random& random,
                  std::span<uint8_t, SHARE_ENVELOPE_BYTES> out) {
  return sealAny(keyring, Purpose::SHARE, EnvelopeKind::SHARE, SHARE_DOMAIN, contextOf(context), share.reveal(ACCESS),
                 random, out);
}

bool sealEnvelope(const Keyring& keyring, const AccountContext& context, std::span<const uint8_t> plain, Random& random,
                  std::span<uint8_t> out) {
  if (context.email.size() > MAX_CONTEXT_EMAIL_BYTES) {
    std::fill(out.begin(), out.end(), uint8_t{0});
    return false;
  }
  return sealAny(keyring, Purpose::RECORD, EnvelopeKind::ACCOUNT, ACCOUNT_DOMAIN, contextOf(context), plain, random,
                 out);
}

bool sealEnvelope(const Keyring& keyring, const SessionKeyContext& context, const Secret<32>& key, Random& random,
                  std::span<uint8_t, SESSION_KEY_ENVELOPE_BYTES> out) {
  return sealAny(keyring, Purpose::TOKEN, EnvelopeKind::SESSION_KEY, SESSION_DOMAIN, contextOf(context),
                 key.reveal(ACCESS), random, out);
}

Opened openEnvelope(const Keyring& keyring, const ShareContext& context, Bytes envelope, Secret<32>& share) {
  return openAny(keyring, Purpose::SHARE, EnvelopeKind::SHARE, SHARE_DOMAIN, contextOf(context), envelope,
                 share.fill(ACCESS));
}

Opened openEnvelope(const Keyring& keyring, const AccountContext& context, Bytes envelope, std::span<uint8_t> plain) {
  if (context.email.size() > MAX_CONTEXT_EMAIL_BYTES) {
    sodium_memzero(plain.data(), plain.size());
    return Opened::DAMAGED;
  }
  return openAny(keyring, Purpose::RECORD, EnvelopeKind::ACCOUNT, ACCOUNT_DOMAIN, contextOf(context), envelope, plain);
}

Opened openEnvelope(const Keyring& keyring, const SessionKeyContext& context, Bytes envelope, Secret<32>& key) {
  return openAny(keyring, Purpose::TOKEN, EnvelopeKind::SESSION_KEY, SESSION_DOMAIN, contextOf(context), envelope,
                 key.fill(ACCESS));
}

}  // namespace waas::vault
