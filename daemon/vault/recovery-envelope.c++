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

}  // namespace

bool sealRecovery(const Keyring& keyring, ShareContext context, const Secret<32>& share2, const Secret<32>& share3,
                  Random& random, std::span<uint8_t, RECOVERY_ENVELOPE_BYTES> out) {
  std::fill(out.begin(), out.end(), uint8_t{0});
  context.index = 0;
  const Key& recovery = keyring.newest(Purpose::RECOVERY);
  Secret<32> ephemeral, shared, key;
  random.fill(ephemeral.fill(ACCESS));
  auto head = out.first(ENVELOPE_HEAD_BYTES);
  writeEnvelopeHead(EnvelopeKind::RECOVERY, recovery.version(), head);
  bool agreed =
      crypto_scalarmult_base(head.data() + ENVELOPE_SALT_AT, ephemeral.reveal(ACCESS).data()) == 0 &&
      crypto_scalarmult(shared.fill(ACCESS).data(), ephemeral.reveal(ACCESS).data(), recovery.publicKey().data()) == 0;
  if (!agreed) {
    std::fill(out.begin(), out.end(), uint8_t{0});
    return false;
  }
  deriveRecoveryKey(shared, head, recovery.publicKey(), key);

  Secret<64> plain;
  std::copy_n(share2.reveal(ACCESS).data(), 32, plain.fill(ACCESS).data());
  std::copy_n(share3.reveal(ACCESS).data(), 32, plain.fill(ACCESS).data() + 32);
  AssociatedData associated(SHARE_DOMAIN, head);
  appendShareContext(context, associated);
  encryptBehindHead(key, associated, plain.reveal(ACCESS), out);
  return true;
}

Opened openRecovery(const Keyring& keyring, ShareContext context, Bytes envelope, Secret<32>& share2,
                    Secret<32>& share3) {
  share2.wipe();
  share3.wipe();
  context.index = 0;
  uint32_t version = 0;
  if (!readEnvelopeHead(envelope, EnvelopeKind::RECOVERY, 64, version)) return Opened::DAMAGED;
  const Key* recovery = keyring.find(Purpose::RECOVERY, version);
  if (recovery == nullptr || !recovery->hasPrivate()) return Opened::UNKNOWN_KEY_VERSION;

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
