#include "fake-vault.h"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

namespace waas::test {
namespace {

std::string base64(const std::string& text) {
  constexpr int VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_encoded_len(text.size(), VARIANT), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const uint8_t*>(text.data()), text.size(), VARIANT);
  out.pop_back();
  return out;
}

std::string hex(Bytes bytes) {
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
  out.pop_back();
  return out;
}

void append(ByteString& to, std::string_view text) { to.insert(to.end(), text.begin(), text.end()); }

}  // namespace

FakeVault::FakeVault() {
  if (sodium_init() < 0) throw std::runtime_error("no randomness");
  crypto_box_keypair(sealing.data(), sealingSecret.data());
  crypto_sign_keypair(answers.data(), answersSecret.data());
  crypto_sign_keypair(audit.data(), auditSecret.data());
}

std::optional<FakeVault::Opened> FakeVault::open(Bytes box) const {
  if (box.size() != LOGIN_BOX_BYTES) return std::nullopt;
  uint8_t plain[LOGIN_BOX_PLAIN_BYTES];
  if (crypto_box_seal_open(plain, box.data(), box.size(), sealing.data(), sealingSecret.data()) != 0)
    return std::nullopt;
  ByteReader reader(plain);
  Bytes magic = reader.bytes(16);
  if (!std::equal(magic.begin(), magic.end(), LOGIN_BOX_MAGIC.begin())) return std::nullopt;
  Opened opened;
  opened.purpose = reader.u8();
  reader.fill(opened.emailHash);
  reader.fill(opened.challenge);
  reader.fill(opened.key);
  reader.fill(opened.stretched);
  return reader.done() ? std::optional(opened) : std::nullopt;
}

ByteString FakeVault::answer(const std::array<uint8_t, 32>& key, Bytes context, const Id& user, uint64_t expiresAt,
                             const std::string& token) const {
  ByteString plain(24), covered, out(24);
  ByteWriter w(plain);
  w.bytes(user);
  w.u64(expiresAt);
  append(plain, token);
  append(covered, LOGIN_ANSWER_DOMAIN);
  covered.insert(covered.end(), context.begin(), context.end());
  randombytes_buf(out.data(), 24);
  out.resize(24 + plain.size() + 16);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + 24, nullptr, plain.data(), plain.size(), covered.data(),
                                             covered.size(), nullptr, out.data(), key.data());
  return out;
}

std::string FakeVault::token(const Id& user, const Id& tokenId) {
  std::string payload = "{\"iss\":\"waas-vault\",\"sub\":\"" + hex(user) + "\",\"jti\":\"" + hex(tokenId) + "\"}";
  return base64("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"00000001\"}") + "." + base64(payload) + "." +
         base64(std::string(32, 'm'));
}

FakeVault::Certified FakeVault::certify(const Certificate& certificate) const {
  Certified made{ByteString(MAX_CERTIFICATE_BYTES), ByteString(64)};
  made.payload.resize(certificate.write(made.payload));
  ByteString covered;
  append(covered, CERTIFICATE_DOMAIN);
  covered.insert(covered.end(), made.payload.begin(), made.payload.end());
  crypto_sign_detached(made.signature.data(), nullptr, covered.data(), covered.size(), answersSecret.data());
  return made;
}

Signature FakeVault::signHead(const Id& instance, uint64_t sequence, const Hash& hash) const {
  auto covered = auditHeadBytes(instance, sequence, hash);
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, covered.data(), covered.size(), auditSecret.data());
  return signature;
}

std::vector<FakeVault::Record> FakeVault::chain(const Id& instance, size_t count, size_t each) const {
  std::vector<Record> records;
  Hash previous{};
  for (size_t i = 1; i <= count; i++) {
    AuditRecord record;
    record.event = AuditEvent::MESSAGE_SIGNED;
    record.instance = instance;
    record.sequence = i;
    record.previous = previous;
    record.time = 1'700'000'000'000 + i;
    std::array<uint8_t, AUDIT_RECORD_BYTES> bytes;
    record.write(bytes);
    previous = auditHash(bytes);
    Record made{{bytes.begin(), bytes.end()}, {}};
    if (i % each == 0 || i == count) {
      auto head = signHead(instance, i, previous);
      made.head.assign(head.begin(), head.end());
    }
    records.push_back(made);
  }
  return records;
}

}  // namespace waas::test
