#include "text-forms.h"

#include <kj/time.h>
#include <sodium.h>

#include <ctime>

#include "solana/address.h"

namespace waas::cli {
namespace {

constexpr int BASE64 = sodium_base64_VARIANT_ORIGINAL;

}  // namespace

std::string hex(Bytes bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::optional<Id> parseId(std::string_view text) {
  Id id;
  size_t size = 0;
  if (text.size() != 2 * id.size()) return std::nullopt;
  if (sodium_hex2bin(id.data(), id.size(), text.data(), text.size(), nullptr, &size, nullptr) != 0 ||
      size != id.size()) {
    return std::nullopt;
  }
  return id;
}

std::string base64(Bytes bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), BASE64), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), BASE64);
  text.pop_back();
  return text;
}

std::optional<std::vector<uint8_t>> parseBase64(std::string_view text) {
  // libsodium looks for what it may skip with strchr, which finds zero bytes everywhere.
  if (text.find('\0') != text.npos) return std::nullopt;
  std::vector<uint8_t> bytes(text.size() / 4 * 3 + 3);
  size_t size = 0;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), " \t\r\n", &size, nullptr, BASE64) != 0) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

std::string base58(const PublicKey& key) { return std::string(solana::format(solana::AddressView(key)).view()); }

std::string base58(const Signature& signature) {
  return std::string(solana::format(solana::SignatureView(signature)).view());
}

std::optional<PublicKey> parseAddress(std::string_view text) {
  auto address = solana::parseAddress(text);
  if (!address) return std::nullopt;
  return address->bytes;
}

std::string utc(uint64_t unixMs) {
  if (unixMs == 0) return {};
  time_t seconds = static_cast<time_t>(unixMs / 1000);
  tm parts{};
  char text[32];
  if (gmtime_r(&seconds, &parts) == nullptr) return {};
  return std::string(text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

uint64_t nowUnixMs() {
  return static_cast<uint64_t>((kj::systemPreciseCalendarClock().now() - kj::UNIX_EPOCH) / kj::MILLISECONDS);
}

}  // namespace waas::cli
