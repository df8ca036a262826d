#include "daemon/vault/recovery-envelope.h"

#include <algorithm>

#include "daemon/vault/envelope-cipher.h"

namespace waas::vault {
namespace {

constexpr SecretAccess ACCESS = SecretAccess::here();
constexpr std::string_view KEY_INFO = "waas recovery 1";

// key = HKDF(salt = ephemeral | recovery public key, ikm = shared, info, 32). The ephemeral key stands in the head
// where other envelopes have their salt.
void deriveRecoveryKey(const Secret<32>& shared, Bytes head, const PublicKey& recovery, Secret<32>& key) {
  std::array<uint8_t, 64> salt;
  std::copy_n(head.data() + ENVELOPE_SALT_AT, 32, salt.data());
  std::copy_n(recovery.data(), 32, salt.data() + 32);
  Secret<32> prk;
  hkdfExtract(salt, shared.reveal(ACCESS), prk);
  KeyDeriver(prk).derive(asBytes(KEY_INFO.data(), KEY_INFO.size()), key);
}

// The key of an envelope from its maker's side.
bool agreeByEphemeral(const Secret<32>& ephemeral, Bytes head, const Key& recovery, Secret<32>& key) {
  Secret<32> shared;
  if (crypto_scalarmult(shared.fill(ACCESS).data(), ephemeral.reveal(ACCESS).data(), recovery.publicKey().data()) != 0)
    return false;
  deriveRecoveryKey(shared, head, recovery.publicKey(), key);
  return true;
}

void join(const Secret<32>& share2, const Secret<32>& share3, Secret<64>& plain) {
  std::copy_n(share2.reveal(ACCESS).data(), 32, plain.fill(ACCESS).data());
  std::copy_n(share3.reveal(ACCESS).data(), 32, plain.fill(ACCESS).data() + 32);
}

// Computes everything anew from the ephemeral key and the finished envelope, and holds what opens against `plain`: a
// computation that went wrong would be noticed only on the day when the envelope is needed.
bool opensByEphemeral(const Secret<32>& ephemeral, const Key& recovery, const ShareContext& context, Bytes envelope,
                      const Secret<64>& plain) {
  Bytes head = envelope.first(ENVELOPE_HEAD_BYTES);
  PublicKey half, written;
  Secret<32> key;
  std::copy_n(head.data() + ENVELOPE_SALT_AT, 32, written.data());
  if (crypto_scalarmult_base(half.data(), ephemeral.reveal(ACCESS).data()) != 0 || half != written ||
      !agreeByEphemeral(ephemeral, head, recovery, key)) {
    return false;
  }
  Secret<64> again;
  AssociatedData associated(SHARE_DOMAIN, head);
  appendShareContext(context, associated);
  return decryptBehindHead(key, associated, envelope, again.fill(ACCESS)) && again.matches(plain);
}

}  // namespace

bool sealRecovery(const Keyring& keyring, ShareContext context, const Secret<32>& share2, const Secret<32>& share3,
                  Random& random, std::span<uint8_t, RECOVERY_ENVELOPE_BYTES> out) {
  std::fill(out.begin(), out.end(), uint8_t{0});
  context.index = 0;
  const Key& recovery = keyring.newest(Purpose::RECOVERY);
  Secret<32> ephemeral, key;
  random.fill(ephemeral.fill(ACCESS));
  auto head = out.first(ENVELOPE_HEAD_BYTES);
  writeEnvelopeHead(EnvelopeKind::RECOVERY, recovery.version(), head);
  bool made = crypto_scalarmult_base(head.data() + ENVELOPE_SALT_AT, ephemeral.reveal(ACCESS).data()) == 0 &&
              agreeByEphemeral(ephemeral, head, recovery, key);
  if (made) {
    Secret<64> plain;
    join(share2, share3, plain);
    AssociatedData associated(SHARE_DOMAIN, head);
    appendShareContext(context, associated);
    encryptBehindHead(key, associated, plain.reveal(ACCESS), out);
    made = recovery.hasPrivate() || opensByEphemeral(ephemeral, recovery, context, out, plain);
  }
  if (!made) std::fill(out.begin(), out.end(), uint8_t{0});
  return made;
}

Opened openRecovery(const Keyring& keyring, ShareContext context, Bytes envelope, Secret<32>& share2,
                    Secret<32>& share3) {
  share2.wipe();
  share3.wipe();
  context.index = 0;
  uint32_t version = 0;
  if (!readEnvelopeHead(envelope, EnvelopeKind::RECOVERY, 64, version)) return Opened::DAMAGED;
  const Key* recovery = keyring.find(Purpose::RECOVERY, version);
  if (recovery == nullptr) return Opened::UNKNOWN_KEY_VERSION;
  if (recovery->retired()) return Opened::KEY_RETIRED;
  if (!recovery->hasPrivate()) return Opened::PRIVATE_KEY_ABSENT;

  Bytes head = envelope.first(ENVELOPE_HEAD_BYTES);
  PublicKey ephemeral;
  std::copy_n(head.data() + ENVELOPE_SALT_AT, 32, ephemeral.data());
  Secret<32> shared, key;
  if (!recovery->agree(ephemeral, shared)) return Opened::DAMAGED;
  deriveRecoveryKey(shared, head, recovery->publicKey(), key);

  Secret<64> plain;
  AssociatedData associated(SHARE_DOMAIN, head);
  appendShareContext(context, associated);
  if (!decryptBehindHead(key, associated, envelope, plain.fill(ACCESS))) return Opened::DAMAGED;
  std::copy_n(plain.reveal(ACCESS).data(), 32, share2.fill(ACCESS).data());
  std::copy_n(plain.reveal(ACCESS).data() + 32, 32, share3.fill(ACCESS).data());
  return Opened::OPENED;
}

}  // namespace waas::vault
