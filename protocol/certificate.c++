#include "certificate.h"

#include <sodium.h>

namespace waas {
namespace {

constexpr uint8_t VERSION = 1;

// Length of the well-formed UTF-8 sequence at the front (RFC 3629), 0 when there is none.
size_t sequenceLength(Bytes s) {
  auto continues = [&](size_t i) { return i < s.size() && (s[i] & 0xc0) == 0x80; };
  uint8_t a = s[0];
  if (a < 0x80) return 1;
  if (a >= 0xc2 && a <= 0xdf) return continues(1) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    if (!continues(1) || !continues(2)) return 0;
    bool overlong = a == 0xe0 && s[1] < 0xa0, surrogate = a == 0xed && s[1] >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    bool overlong = a == 0xf0 && s[1] < 0x90, beyond = a == 0xf4 && s[1] >= 0x90;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

}  // namespace

bool isWalletName(std::string_view name) {
  if (name.empty() || name.size() > MAX_WALLET_NAME_BYTES) return false;
  Bytes rest = asBytes(name.data(), name.size());
  while (!rest.empty()) {
    size_t n = sequenceLength(rest);
    if (n == 0) return false;
    bool c0 = rest[0] < 0x20 || rest[0] == 0x7f, c1 = rest[0] == 0xc2 && rest[1] < 0xa0;
    if (c0 || c1) return false;
    rest = rest.subspan(n);
  }
  return true;
}

bool Certificate::parse(Bytes payload) {
  ByteReader r(payload);
  if (r.u8() != VERSION) return false;
  r.fill(walletId);
  owner = r.owner();
  r.fill(publicKey);
  uint8_t flag = r.u8();
  first = flag == 1;
  createdAt = r.u64();
  Bytes text = r.bytes(r.u8());
  name = std::string_view(reinterpret_cast<const char*>(text.data()), text.size());
  return r.done() && flag <= 1 && isWalletName(name);
}

size_t Certificate::write(std::span<uint8_t> out) const {
  if (!isWalletName(name)) return 0;
  ByteWriter w(out);
  w.u8(VERSION);
  w.bytes(walletId);
  w.owner(owner);
  w.bytes(publicKey);
  w.u8(first ? 1 : 0);
  w.u64(createdAt);
  w.u8(static_cast<uint8_t>(name.size()));
  w.bytes(asBytes(name.data(), name.size()));
  return w.ok() ? w.size() : 0;
}

bool verifyCertificate(Bytes payload, Bytes signature, const PublicKey& answerKey) {
  if (signature.size() != crypto_sign_BYTES || payload.size() > MAX_CERTIFICATE_BYTES) return false;
  uint8_t signedBytes[CERTIFICATE_DOMAIN.size() + MAX_CERTIFICATE_BYTES];
  ByteWriter w(signedBytes);
  w.bytes(asBytes(CERTIFICATE_DOMAIN.data(), CERTIFICATE_DOMAIN.size()));
  w.bytes(payload);
  return w.ok() && crypto_sign_verify_detached(signature.data(), signedBytes, w.size(), answerKey.data()) == 0;
}

}  // namespace waas
