#include "forms.h"

#include <sodium.h>
#include <algorithm>

#include <fstream>

#include "derived.h"

namespace waas::memscan {
namespace {

constexpr size_t REGISTER_BYTES = 8;  // one general register, or a piece of a vector register
constexpr size_t SHORTEST_SECRET = 8;

// "hex:…" or "text:…".
bool readValue(const std::string& value, Bytes& out) {
  if (value.rfind("text:", 0) == 0) {
    out = ofText(value.substr(5));
    return true;
  }
  return value.rfind("hex:", 0) == 0 && fromHex(value.substr(4), out);
}

// The words of a line; the third runs to the line's end when it is a text.
std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> found;
  for (size_t at = 0; at <= line.size() && found.size() < 4;) {
    size_t space = line.find(' ', at);
    bool rest = found.size() == 2 && line.compare(at, 5, "text:") == 0;
    if (rest || space == std::string::npos) {
      found.push_back(line.substr(at));
      break;
    }
    found.push_back(line.substr(at, space - at));
    at = space + 1;
  }
  return found;
}

}  // namespace

std::string Forms::load(const std::string& path) {
  std::ifstream file(path);
  if (!file) return path + ": can't be read";
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    number++;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    std::string where = path + ":" + std::to_string(number) + ": ";
    std::vector<std::string> w = words(line);
    if (w.size() < 3) return where + "expected: KIND NAME VALUE";
    Bytes value, message;
    if (!readValue(w[2], value)) return where + "VALUE must be hex:... or text:...";
    bool hasMessage = w.size() == 4;
    if (hasMessage && !readValue(w[3], message)) return where + "MESSAGE must be hex:... or text:...";
    std::string complaint = add(w[0], w[1], value, hasMessage ? &message : nullptr);
    if (!complaint.empty()) return where + complaint;
  }
  return "";
}

std::string Forms::add(const std::string& kind, const std::string& name, const Bytes& value, const Bytes* message) {
  known.push_back({kind, name});
  bool key = value.size() == 32;
  if (value.size() < SHORTEST_SECRET) return "a secret needs 8 bytes or more";
  if (kind == "canary") {
    if (value.size() < 16) return "a canary needs 16 bytes or more";
    canaryAt = static_cast<long>(known.size()) - 1;
    need("raw", value, value.size());
  } else if (kind == "raw" || kind == "shamir-share") {
    binary("raw", value);
    text("raw", value);
  } else if (kind == "password") {
    password(value);
  } else if (!key) {
    return "a key needs 32 bytes";
  } else if (kind == "aes256-key") {
    aes(value);
  } else if (kind == "hmac-key") {
    hmac(value);
  } else if (kind == "ed25519-seed") {
    seed(value);
  } else if (kind == "ed25519-nonce") {
    if (message == nullptr) return "expected: ed25519-nonce NAME hex:SEED hex:MESSAGE";
    nonce(value, *message);
  } else if (kind == "x25519-sk") {
    binary("key", value);
    text("key", value);
    binary("clamped", clamped(value));
  } else {
    return "unknown KIND";
  }
  return "";
}

void Forms::need(const std::string& form, const Bytes& bytes, size_t fromMemory, size_t fromRegisters) {
  if (bytes.size() < SHORTEST_SECRET) return;
  size_t secret = known.size() - 1;
  for (auto it = all.rbegin(); it != all.rend() && it->secret == secret; ++it) {
    if (it->bytes == bytes) return;  // as base64 and base64url, when they are equal
  }
  all.push_back({secret, form, bytes, std::min(fromMemory, bytes.size()), fromRegisters});
}

void Forms::binary(const std::string& form, const Bytes& bytes) {
  need(form, bytes, shortestRun, REGISTER_BYTES);
  need(form + "/reversed", reversed(bytes), shortestRun, REGISTER_BYTES);
  need(form + "/bswap32", swapped(bytes, 4), shortestRun, REGISTER_BYTES);
  need(form + "/bswap64", swapped(bytes, 8), shortestRun, REGISTER_BYTES);
}

void Forms::text(const std::string& form, const Bytes& bytes) {
  need(form + "/hex", ofText(listed(bytes, "%02x", "")), 24);
  need(form + "/HEX", ofText(listed(bytes, "%02X", "")), 24);
  need(form + "/hex:colon", ofText(listed(bytes, "%02x", ":")), 36);
  need(form + "/hex-0x-list", ofText(listed(bytes, "0x%02x", ", ")), 60);
  for (size_t shift = 0; shift < 3; shift++) {
    std::string number = std::to_string(shift);
    need(form + "/base64+" + number, ofText(base64At(bytes, shift, Alphabet::STANDARD)), 16);
    need(form + "/base64url+" + number, ofText(base64At(bytes, shift, Alphabet::URL)), 16);
  }
  need(form + "/base58", ofText(base58(bytes)), 16);
  need(form + "/decimal,", ofText(listed(bytes, "%u", ",")), 40);
  need(form + "/decimal, ", ofText(listed(bytes, "%u", ", ")), 50);
}

void Forms::aes(const Bytes& key) {
  binary("key", key);
  text("key", key);
  Bytes schedule = aesSchedule(key), inverse = aesInverseSchedule(schedule);
  Bytes roundKeys = slice(schedule, 32, 208), inverseKeys = slice(inverse, 16, 208), lastFirst;
  for (size_t round = 13; round >= 1; round--) {
    Bytes one = slice(inverse, 16 * round, 16);
    lastFirst.insert(lastFirst.end(), one.begin(), one.end());
  }
  need("round-keys", roundKeys, shortestRun, REGISTER_BYTES);
  need("round-keys/bswap32", swapped(roundKeys, 4), shortestRun, REGISTER_BYTES);
  need("dec-round-keys", inverseKeys, shortestRun, REGISTER_BYTES);
  need("dec-round-keys/last-first", lastFirst, shortestRun, REGISTER_BYTES);
  need("dec-round-keys/bswap32", swapped(inverseKeys, 4), shortestRun, REGISTER_BYTES);
  Bytes h = ghashKey(key), twice = doubledGhashKey(h);
  need("ghash-H", h, 16, REGISTER_BYTES);
  need("ghash-H/reversed", reversed(h), 16, REGISTER_BYTES);
  need("ghash-H/bswap64", swapped(h, 8), 16, REGISTER_BYTES);
  need("ghash-H<<1/le128", reversed(twice), 16, REGISTER_BYTES);
  need("ghash-H<<1/swapped", swapped(twice, 8), 16, REGISTER_BYTES);
}

void Forms::hmac(const Bytes& key) {
  constexpr uint8_t INNER = 0x36, OUTER = 0x5c;
  binary("key", key);
  text("key", key);
  need("inner-pad", xored(key, INNER), shortestRun, REGISTER_BYTES);
  need("outer-pad", xored(key, OUTER), shortestRun, REGISTER_BYTES);
  binary("inner-state", hmacState(key, INNER));
  binary("outer-state", hmacState(key, OUTER));
}

void Forms::scalar(const std::string& form, const Bytes& bytes) {
  binary(form, bytes);
  need(form + "/limbs21", limbs21(bytes), 32);
  need(form + "/radix16", radix16(bytes), 24);
}

void Forms::seed(const Bytes& seed) {
  binary("seed", seed);
  text("seed", seed);
  need("seed+pub/base58", ofText(base58(seedAndPublicKey(seed))), 24);
  Bytes hash = expandSeed(seed), a = clamped(slice(hash, 0, 32)), prefix = slice(hash, 32, 32);
  scalar("scalar", a);
  text("scalar", a);
  scalar("scalar-mod-L", reduced(a));
  binary("nonce-prefix", prefix);
  text("nonce-prefix", prefix);
}

void Forms::nonce(const Bytes& seed, const Bytes& message) {
  Bytes wide = wideNonce(seed, message), r(32);
  crypto_core_ed25519_scalar_reduce(r.data(), wide.data());
  scalar("r", r);
  need("r-unreduced", wide, shortestRun, REGISTER_BYTES);
  need("r-unreduced/bswap64", swapped(wide, 8), shortestRun, REGISTER_BYTES);
}

void Forms::password(const Bytes& password) {
  size_t whole = password.size();
  need("raw", password, whole, REGISTER_BYTES);
  Bytes utf16;
  for (uint8_t c : password) utf16.insert(utf16.end(), {c, 0});
  need("utf16le", utf16, utf16.size() - 1);
  need("hex", ofText(listed(password, "%02x", "")), whole * 2);
  need("HEX", ofText(listed(password, "%02X", "")), whole * 2);
  for (size_t shift = 0; shift < 3; shift++) {
    Bytes encoded = ofText(base64At(password, shift, Alphabet::STANDARD));
    need("base64+" + std::to_string(shift), encoded, encoded.size());
  }
}

}  // namespace waas::memscan
