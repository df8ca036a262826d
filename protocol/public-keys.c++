#include "public-keys.h"

#include <sodium.h>

#include <sstream>
#include <utility>

namespace waas {
namespace {

constexpr int BASE64 = sodium_base64_VARIANT_ORIGINAL;

bool decodeKey(const std::string& text, PublicKey& out) {
  size_t size = 0;
  return sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr, BASE64) == 0 &&
         size == out.size();
}

std::string encodeKey(const PublicKey& key) {
  char text[sodium_base64_ENCODED_LEN(32, BASE64)];
  return sodium_bin2base64(text, sizeof text, key.data(), key.size(), BASE64);
}

}  // namespace

std::optional<VaultPublicKeys> VaultPublicKeys::parse(std::string_view text) {
  VaultPublicKeys keys;
  bool version = false, sealing = false, answers = false, audit = false;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name, value, surplus;
    if (!(words >> name)) continue;
    if (!(words >> value) || words >> surplus) return std::nullopt;
    auto key = [&](bool& seen, PublicKey& into) { return !std::exchange(seen, true) && decodeKey(value, into); };
    bool good = name == "waas-vault" ? !std::exchange(version, true) && value == "1"
                : name == "sealing"  ? key(sealing, keys.sealing)
                : name == "answers"  ? key(answers, keys.answers)
                : name == "audit"    ? key(audit, keys.audit)
                                     : false;
    if (!good) return std::nullopt;
  }
  if (!version || !sealing || !answers || !audit) return std::nullopt;
  return keys;
}

std::string VaultPublicKeys::print() const {
  return "waas-vault 1\nsealing " + encodeKey(sealing) + "\nanswers " + encodeKey(answers) + "\naudit   " +
         encodeKey(audit) + "\n";
}

}  // namespace waas
