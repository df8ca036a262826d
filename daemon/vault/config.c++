#include "daemon/vault/config.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "protocol/key-box.h"

namespace waas::vault {
namespace {

// Takes the words of one line from left to right.
class Words {
 public:
  explicit Words(std::string_view line) : rest(line.substr(0, line.find('#'))) {}

  // The next word; empty at the end of the line.
  std::string_view next() {
    size_t begin = rest.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return rest = {};
    size_t end = std::min(rest.find_first_of(" \t\r", begin), rest.size());
    std::string_view word = rest.substr(begin, end - begin);
    rest.remove_prefix(end);
    return word;
  }

  // A decimal number within bounds, and nothing else.
  template <typename T>
  bool number(T& out, T least, T most) {
    std::string_view word = next();
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    return error == std::errc() && end == word.data() + word.size() && out >= least && out <= most;
  }

 private:
  std::string_view rest;
};

constexpr uint32_t MAX_ID = std::numeric_limits<uint32_t>::max() - 1;  // -1 is nobody's

bool isServiceName(std::string_view name) {
  auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), allowed);
}

LocalService serviceNamed(std::string_view name) {
  std::string text = "waas service " + std::string(name);
  Hash hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(text.data()), text.size());
  LocalService service{std::string(name), {OwnerId::Kind::SERVICE, {}}};
  std::copy_n(hash.begin(), service.owner.id.size(), service.owner.id.begin());
  return service;
}

const char* parseGrant(Words& words, Grant& grant) {
  std::string_view subject = words.next();
  if (subject != "uid" && subject != "gid") return "allow needs uid or gid";
  grant.subject = subject == "uid" ? Grant::Subject::USER : Grant::Subject::GROUP;
  if (!words.number(grant.id, 0u, MAX_ID)) return "allow needs a number of a user or group";
  std::string_view role = words.next();
  if (role.empty()) return "allow needs a role: operator, login or service NAME";
  for (; !role.empty(); role = words.next()) {
    if (role == "operator") {
      grant.isOperator = true;
    } else if (role == "login") {
      grant.login = true;
    } else if (role == "service" && !grant.service) {
      std::string_view name = words.next();
      if (!isServiceName(name)) return "a service's name has 1 to 32 characters of a-z, 0-9 and -";
      grant.service = serviceNamed(name);
    } else {
      return "unknown role";
    }
  }
  return nullptr;
}

bool readPublicKey(std::string_view hex, PublicKey& out) {
  size_t bytes = 0;
  return hex.size() == 2 * out.size() &&
         sodium_hex2bin(out.data(), out.size(), hex.data(), hex.size(), nullptr, &bytes, nullptr) == 0 &&
         bytes == out.size();
}

bool readBase64(std::string_view text, PublicKey& out) {
  size_t bytes = 0;
  return sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &bytes, nullptr,
                           sodium_base64_VARIANT_ORIGINAL) == 0 &&
         bytes == out.size();
}

const char* parsePolicyLine(std::string_view key, Words& words, Config& config) {
  if (key == "policy_floor") {
    if (!words.number(config.policyFloor, uint64_t(0), MAX_POLICY_NUMBER)) return "policy_floor is a policy's number";
    return nullptr;
  }
  if (config.policySaid) return "policy_key or `policy none` can be said once";
  config.policySaid = true;
  if (key == "policy") return words.next() == "none" ? nullptr : "policy can only be none; a policy has a policy_key";
  if (!readPublicKey(words.next(), config.policyKey.emplace())) return "policy_key needs 64 hexadecimal characters";
  return nullptr;
}

const char* parseLine(std::string_view key, Words& words, Config& config, bool& brokerSeen) {
  constexpr uint64_t MAX_MEMORY = uint64_t(1) << 32;
  if (key == "broker") {
    brokerSeen = true;
    if (words.next() != "uid" || !words.number(config.brokerUid, 0u, MAX_ID)) return "broker needs uid and a number";
  } else if (key == "socket") {
    config.socketPath = words.next();
    if (config.socketPath.size() < 2 || config.socketPath[0] != '/' || config.socketPath.size() > 107) {
      return "socket needs an absolute path of at most 107 bytes";
    }
  } else if (key == "allow") {
    if (config.grants.size() == MAX_GRANTS) return "too many allow lines";
    return parseGrant(words, config.grants.emplace_back());
  } else if (key == "require_secret_memory") {
    std::string_view value = words.next();
    if (value != "true" && value != "false") return "require_secret_memory is true or false";
    config.requireSecretMemory = value == "true";
  } else if (key == "workers") {
    if (!words.number(config.workers, 1u, MAX_WORKERS)) return "workers is a number from 1 to 8";
  } else if (key == "argon2") {
    if (words.next() != "passes" || !words.number(config.argon2Passes, MIN_ARGON2_PASSES, 1000u) ||
        words.next() != "memory" || !words.number(config.argon2Memory, MIN_ARGON2_MEMORY, MAX_MEMORY)) {
      return "argon2 needs passes (2 at least) and memory (67108864 at least)";
    }
  } else if (key == "token_lifetime") {
    if (!words.number(config.tokenLifeMs, uint64_t(1), MAX_TOKEN_LIFE_S)) return "token_lifetime is 1 to 900 seconds";
    config.tokenLifeMs *= 1000;
  } else if (key == "session_lifetime") {
    if (!words.number(config.sessionLifeMs, uint64_t(1), MAX_SESSION_LIFE_S)) return "session_lifetime is out of range";
    config.sessionLifeMs *= 1000;
  } else if (key == "custodian") {
    if (config.custodians.size() == MAX_CUSTODIANS) return "too many custodians";
    if (!readBase64(words.next(), config.custodians.emplace_back())) return "custodian needs 44 characters of base64";
  } else if (key == "policy" || key == "policy_key" || key == "policy_floor") {
    return parsePolicyLine(key, words, config);
  } else {
    return "unknown word at the start of the line";
  }
  return nullptr;
}

}  // namespace

std::optional<ConfigError> Config::parse(std::string_view text) {
  bool brokerSeen = false;
  for (unsigned line = 1; !text.empty(); line++) {
    size_t end = std::min(text.find('\n'), text.size());
    Words words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string_view key = words.next();
    if (key.empty()) continue;
    if (const char* says = parseLine(key, words, *this, brokerSeen)) return ConfigError{line, says};
    if (!words.next().empty()) return ConfigError{line, "there are words left over at the end of the line"};
  }
  if (!brokerSeen) return ConfigError{0, "the line 'broker uid NUMBER' is missing"};
  if (socketPath.empty()) return ConfigError{0, "the line 'socket PATH' is missing"};
  // That nothing decides is to be somebody's word, not the lack of one.
  if (!policySaid) return ConfigError{0, "the line 'policy_key HEX' is missing, or 'policy none'"};
  return std::nullopt;
}

bool Config::raisePolicyFloor(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > MAX_POLICY_NUMBER) return false;
  policyFloor = std::max(policyFloor, number);
  return true;
}

Roles Config::rolesOf(uid_t uid, std::span<const gid_t> groups) const {
  Roles roles;
  for (const Grant& grant : grants) {
    bool matches = grant.subject == Grant::Subject::USER
                       ? grant.id == uid
                       : std::find(groups.begin(), groups.end(), grant.id) != groups.end();
    if (!matches) continue;
    roles.login |= grant.login;
    roles.isOperator |= grant.isOperator;
    if (grant.service && roles.service == nullptr) roles.service = &*grant.service;
  }
  return roles;
}

}  // namespace waas::vault
