#include "daemon/vault/session-token.h"

#include <sodium.h>

#include <algorithm>

namespace waas::vault {
namespace {

constexpr int BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr size_t HEADER_END = base64Size(TOKEN_HEADER_BYTES);
constexpr size_t PAYLOAD_END = HEADER_END + 1 + base64Size(TOKEN_PAYLOAD_BYTES);
constexpr std::string_view HEADER_BEGIN = R"({"alg":"HS256","typ":"JWT","kid":")", HEADER_CLOSE = R"("})";

void encodeBase64(Bytes in, char* out) {
  // libsodium ends its text with a zero, for which there may be no room in the place that the text is meant for.
  char text[base64Size(TOKEN_PAYLOAD_BYTES) + 1];
  sodium_bin2base64(text, sizeof text, in.data(), in.size(), BASE64);
  std::copy_n(text, base64Size(in.size()), out);
}

bool decodeBase64(std::string_view in, std::span<uint8_t> out) {
  size_t size = 0;
  return sodium_base642bin(out.data(), out.size(), in.data(), in.size(), nullptr, &size, nullptr, BASE64) == 0 &&
         size == out.size();
}

// Writes the fixed JSON text.
class Writer {
 public:
  explicit Writer(std::span<uint8_t> out) : w(out) {}
  void text(std::string_view s) { w.bytes(asBytes(s.data(), s.size())); }
  void hex(Bytes bytes) {
    for (uint8_t b : bytes) {
      w.u8(static_cast<uint8_t>("0123456789abcdef"[b >> 4]));
      w.u8(static_cast<uint8_t>("0123456789abcdef"[b & 15]));
    }
  }
  void hexNumber(uint64_t v, size_t bytes) {
    for (size_t i = bytes; i-- > 0;) {
      uint8_t b = static_cast<uint8_t>(v >> (8 * i));
      hex(Bytes(&b, 1));
    }
  }
  void decimal(uint64_t v) {
    uint8_t digits[10];
    for (size_t i = 10; i-- > 0; v /= 10) digits[i] = static_cast<uint8_t>('0' + v % 10);
    w.bytes(digits);
  }
  void base64(Bytes bytes) {
    char out[base64Size(SESSION_KEY_ENVELOPE_BYTES)];
    encodeBase64(bytes, out);
    text(std::string_view(out, sizeof out));
  }

 private:
  ByteWriter w;
};

// Reads values from known places; what stands between them is checked by rendering again.
class Reader {
 public:
  explicit Reader(Bytes in) : r(in) {}
  void skip(std::string_view text) { r.bytes(text.size()); }
  void hex(std::span<uint8_t> out) {
    Bytes text = r.bytes(2 * out.size());
    size_t size = 0;
    if (sodium_hex2bin(out.data(), out.size(), reinterpret_cast<const char*>(text.data()), text.size(), nullptr, &size,
                       nullptr) != 0 ||
        size != out.size()) {
      good = false;
    }
  }
  uint64_t hexNumber(size_t bytes) {
    uint8_t out[8];
    hex(std::span(out).first(bytes));
    uint64_t v = 0;
    for (size_t i = 0; i < bytes; i++) v = v << 8 | out[i];
    return v;
  }
  uint64_t decimal() {
    uint64_t v = 0;
    for (uint8_t c : r.bytes(10)) {
      if (c < '0' || c > '9') good = false;
      v = v * 10 + static_cast<uint8_t>(c - '0');
    }
    return v;
  }
  void base64(std::span<uint8_t> out) {
    Bytes text = r.bytes(base64Size(out.size()));
    if (!decodeBase64(std::string_view(reinterpret_cast<const char*>(text.data()), text.size()), out)) good = false;
  }
  bool ok() const { return good && r.ok(); }

 private:
  ByteReader r;
  bool good = true;
};

constexpr std::string_view SUB = R"({"iss":"waas-vault","sub":")", GEN = R"(","gen":")", SID = R"(","sid":")",
                           JTI = R"(","jti":")", SST = R"(","sst":)", IAT = R"(,"iat":)", EXP = R"(,"exp":)",
                           CNF = R"(,"cnf":")", CLOSE = R"("})";
static_assert(HEADER_BEGIN.size() + 8 + HEADER_CLOSE.size() == TOKEN_HEADER_BYTES);
static_assert(SUB.size() + 32 + GEN.size() + 16 + SID.size() + 32 + JTI.size() + 32 + SST.size() + 10 + IAT.size() +
                  10 + EXP.size() + 10 + CNF.size() + base64Size(SESSION_KEY_ENVELOPE_BYTES) + CLOSE.size() ==
              TOKEN_PAYLOAD_BYTES);

void render(const SessionToken& t, uint32_t keyVersion, char* out) {
  uint8_t header[TOKEN_HEADER_BYTES];
  Writer h(header);
  h.text(HEADER_BEGIN), h.hexNumber(keyVersion, 4), h.text(HEADER_CLOSE);
  encodeBase64(header, out);
  out[HEADER_END] = '.';

  uint8_t payload[TOKEN_PAYLOAD_BYTES];
  Writer p(payload);
  p.text(SUB), p.hex(t.user);
  p.text(GEN), p.hexNumber(t.generation, 8);
  p.text(SID), p.hex(t.session);
  p.text(JTI), p.hex(t.token);
  p.text(SST), p.decimal(t.sessionStart);
  p.text(IAT), p.decimal(t.issuedAt);
  p.text(EXP), p.decimal(t.expiresAt);
  p.text(CNF), p.base64(t.key);
  p.text(CLOSE);
  encodeBase64(payload, out + HEADER_END + 1);
  out[PAYLOAD_END] = '.';
}

bool parsePayload(std::string_view encoded, SessionToken& t) {
  uint8_t payload[TOKEN_PAYLOAD_BYTES];
  if (!decodeBase64(encoded, payload)) return false;
  Reader p(payload);
  p.skip(SUB), p.hex(t.user);
  p.skip(GEN), t.generation = p.hexNumber(8);
  p.skip(SID), p.hex(t.session);
  p.skip(JTI), p.hex(t.token);
  p.skip(SST), t.sessionStart = p.decimal();
  p.skip(IAT), t.issuedAt = p.decimal();
  p.skip(EXP), t.expiresAt = p.decimal();
  p.skip(CNF), p.base64(t.key);
  return p.ok();
}

}  // namespace

void mintToken(const Keyring& keyring, const SessionToken& token, TokenText& out) {
  const Key& key = keyring.newest(Purpose::TOKEN);
  render(token, key.version(), out.data());
  encodeBase64(key.hmac().mac({asBytes(out.data(), PAYLOAD_END)}), out.data() + PAYLOAD_END + 1);
}

bool checkToken(const Keyring& keyring, Bytes text, SessionToken& out) {
  if (text.size() != TOKEN_BYTES) return false;
  std::string_view chars(reinterpret_cast<const char*>(text.data()), text.size());

  uint8_t header[TOKEN_HEADER_BYTES];
  if (!decodeBase64(chars.substr(0, HEADER_END), header)) return false;
  Reader h(header);
  h.skip(HEADER_BEGIN);
  uint32_t version = static_cast<uint32_t>(h.hexNumber(4));
  const Key* key = h.ok() ? keyring.find(Purpose::TOKEN, version) : nullptr;
  if (key == nullptr || key->retired()) return false;

  uint8_t mac[32];
  if (!decodeBase64(chars.substr(PAYLOAD_END + 1), mac)) return false;
  if (!key->hmac().verify({text.first(PAYLOAD_END)}, mac)) return false;

  if (!parsePayload(chars.substr(HEADER_END + 1, PAYLOAD_END - HEADER_END - 1), out)) return false;
  TokenText again;
  render(out, version, again.data());
  encodeBase64(mac, again.data() + PAYLOAD_END + 1);
  return sodium_memcmp(again.data(), text.data(), TOKEN_BYTES) == 0;
}

}  // namespace waas::vault
