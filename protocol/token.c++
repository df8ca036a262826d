#include "token.h"

#include <sodium.h>

namespace waas {
namespace {

// Reads 16 bytes in hex from the payload of a token, after `key`.
std::optional<Id> hexField(std::string_view token, std::string_view key) {
  if (token.size() > MAX_TOKEN_BYTES) return std::nullopt;
  size_t begin = token.find('.');
  if (begin == std::string_view::npos) return std::nullopt;
  size_t end = token.find('.', begin + 1);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view encoded = token.substr(begin + 1, end - begin - 1);

  uint8_t payload[MAX_TOKEN_BYTES];
  size_t size = 0;
  if (sodium_base642bin(payload, sizeof payload, encoded.data(), encoded.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
    return std::nullopt;
  }
  std::string_view text(reinterpret_cast<const char*>(payload), size);
  size_t at = text.find(key);
  if (at == std::string_view::npos || text.size() < at + key.size() + 33) return std::nullopt;
  std::string_view hex = text.substr(at + key.size(), 32);
  Id id;
  size_t got = 0;
  if (sodium_hex2bin(id.data(), id.size(), hex.data(), hex.size(), nullptr, &got, nullptr) != 0 || got != id.size()) {
    return std::nullopt;
  }
  return id;
}

}  // namespace

std::optional<Id> tokenId(std::string_view token) { return hexField(token, "\"jti\":\""); }

std::optional<Id> tokenUser(std::string_view token) { return hexField(token, "\"sub\":\""); }

}  // namespace waas
