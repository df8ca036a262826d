#include "settings.h"

#include <fcntl.h>
#include <kj/io.h>
#include <sodium.h>
#include <unistd.h>

#include <toml++/toml.h>

#include <cstdlib>
#include <functional>
#include <map>

namespace waas::gateway {
namespace {

constexpr size_t MAX_FILE_BYTES = 64 << 10;

[[noreturn]] void complain(const std::string& what) { throw SettingsError{what}; }

// One table of the file: every key must be asked for, or it is an error.
class Table {
 public:
  explicit Table(std::string file) : file(std::move(file)) {}

  void text(const char* key, std::string& out) {
    readers[key] = [this, &out](const toml::node& node, const std::string& name) { out = textOf(node, name); };
  }
  void texts(const char* key, std::vector<std::string>& out) {
    readers[key] = [this, &out](const toml::node& node, const std::string& name) {
      auto list = node.as_array();
      if (list == nullptr) wrong(node, name, "must be a list of texts");
      for (auto& item : *list) out.push_back(textOf(item, name));
    };
  }
  void flag(const char* key, bool& out) {
    readers[key] = [this, &out](const toml::node& node, const std::string& name) {
      auto value = node.value_exact<bool>();
      if (!value) wrong(node, name, "must be true or false");
      out = *value;
    };
  }
  void number(const char* key, uint32_t low, uint32_t high, std::function<void(uint32_t)> take) {
    readers[key] = [this, low, high, take = std::move(take)](const toml::node& node, const std::string& name) {
      auto value = node.value_exact<int64_t>();
      if (!value || *value < low || *value > high) {
        wrong(node, name, "must be a number from " + std::to_string(low) + " to " + std::to_string(high));
      }
      take(static_cast<uint32_t>(*value));
    };
  }
  void number(const char* key, uint32_t low, uint32_t high, uint32_t& out) {
    number(key, low, high, [&out](uint32_t value) { out = value; });
  }
  void table(const char* key, std::function<void(Table&)> describe) {
    readers[key] = [this, describe = std::move(describe)](const toml::node& node, const std::string& name) {
      if (!node.is_table()) wrong(node, name, "must be a table");
      Table inner(file);
      describe(inner);
      inner.read(*node.as_table());
    };
  }

  void read(const toml::table& table) {
    for (auto&& [key, node] : table) {
      std::string name(key.str());
      auto reader = readers.find(name);
      if (reader == readers.end()) wrong(node, name, "is no setting");
      reader->second(node, name);
    }
  }

 private:
  using Reader = std::function<void(const toml::node&, const std::string&)>;

  [[noreturn]] void wrong(const toml::node& node, const std::string& name, const std::string& what) {
    complain(file + ":" + std::to_string(node.source().begin.line) + ": " + name + " " + what);
  }
  std::string textOf(const toml::node& node, const std::string& name) {
    auto value = node.value_exact<std::string>();
    if (!value || value->empty() || value->find('\0') != std::string::npos) {
      wrong(node, name, "must be a text that is not empty");
    }
    return *value;
  }

  std::string file;
  std::map<std::string, Reader> readers;
};

void describe(Table& root, Settings& s) {
  root.table("gateway", [&s](Table& table) {
    table.text("listen", s.listen);
    table.text("socket", s.socket);
    table.text("vault_pub", s.vaultPub);
    table.texts("origins", s.origins);
    table.texts("cors_origins", s.corsOrigins);
    table.flag("behind_proxy", s.behindProxy);
    table.flag("metrics_for_all", s.metricsForAll);
    table.flag("verbose", s.verbose);
  });
  root.table("postgres", [&s](Table& table) { table.text("url", s.databaseUrl); });
  root.table("limits", [&s](Table& table) {
    table.number("connections", 1, 1'000'000, s.connections);
    table.number("connections_per_address", 1, 1'000'000, s.connectionsPerAddress);
    table.number("calls", 1, 100'000, s.calls);
    table.number("idle_seconds", 1, 3600, [&s](uint32_t n) { s.idle = n * kj::SECONDS; });
    table.number("daemon_connections", 1, 64, s.daemonConnections);
    table.number("stretching", 1, 64, s.stretching);
    table.number("stretch_queue", 1, 10'000, s.stretchQueue);
    table.number("sign_ins_per_address", 1, 1'000'000, s.signInsPerAddress);
    table.number("sign_ins_per_account", 1, 1'000'000, s.signInsPerAccount);
    table.number("sign_ups_per_address", 1, 1'000'000, s.signUpsPerAddress);
  });
}

// A credential or the vault's keys; null when there is no such file. Ends of line are cut.
std::optional<std::string> readFile(const std::string& path, const char* what) {
  kj::AutoCloseFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    complain(std::string(what) + " can't be read");
  }
  std::string text(MAX_FILE_BYTES + 1, '\0');
  ssize_t n = read(fd, text.data(), text.size());
  if (n < 0 || static_cast<size_t>(n) > MAX_FILE_BYTES) complain(std::string(what) + " can't be read or is too long");
  text.resize(static_cast<size_t>(n));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.find('\0') != std::string::npos) complain(std::string(what) + " holds a zero byte");
  return text;
}

void readCredentials(Settings& s) {
  auto password = readFile(s.credentials + "/postgres_password", "the credential postgres_password");
  if (password) s.databasePassword = *password;
  auto cron = readFile(s.credentials + "/cron_secret", "the credential cron_secret");
  if (!cron) return;
  if (cron->size() < 16) complain("the credential cron_secret has fewer than 16 characters");
  if (!s.cronSecret.append(kj::arrayPtr(cron->data(), cron->size())))
    complain("the credential cron_secret is too long");
  sodium_memzero(cron->data(), cron->size());
}

void fromEnvironment(const char* name, std::string& out) {
  const char* value = getenv(name);
  if (value != nullptr && *value != '\0') out = value;
}

void checkOrigins(const std::vector<std::string>& origins) {
  for (auto& origin : origins) {
    size_t scheme = origin.find("://");
    bool known = origin.starts_with("https://") || origin.starts_with("http://");
    if (!known || origin.find('/', scheme + 3) != std::string::npos ||
        origin.find_first_of("*, \t\r\n") != std::string::npos) {
      complain("an origin is https://host or https://host:port, without a path");
    }
  }
}

}  // namespace

Settings readSettings(const std::string& file, const std::string& credentials) {
  Settings settings;
  settings.credentials = credentials;
  if (!file.empty()) {
    try {
      Table root(file);
      describe(root, settings);
      root.read(toml::parse_file(file));
    } catch (const toml::parse_error& error) {
      complain(file + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description()));
    }
  }
  fromEnvironment("WAAS_GATEWAY_DATABASE_URL", settings.databaseUrl);
  fromEnvironment("WAAS_SOCKET", settings.socket);
  if (settings.databaseUrl.empty()) complain("no database: set url in [postgres] or WAAS_GATEWAY_DATABASE_URL");
  if (!credentials.empty()) readCredentials(settings);
  checkOrigins(settings.origins);
  checkOrigins(settings.corsOrigins);
  auto keys = readFile(settings.vaultPub, "vault_pub");
  if (!keys) complain("there is no file as vault_pub names it");
  auto parsed = VaultPublicKeys::parse(*keys + "\n");
  if (!parsed) complain("vault_pub does not hold a vault's public keys");
  settings.vault = *parsed;
  return settings;
}

bool isLocalAddress(const std::string& listen) {
  return listen.starts_with("unix:") || listen.starts_with("127.") || listen.starts_with("[::1]") ||
         listen.starts_with("localhost:");
}

std::optional<uint16_t> databasePort(const std::string& url) {
  if (url.find("host=/") != std::string::npos || url.find("host=%2F") != std::string::npos) return std::nullopt;
  size_t scheme = url.find("://");
  size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  auto authority = url.substr(begin, url.find_first_of("/?", begin) - begin);
  size_t colon = authority.rfind(':');
  size_t at = authority.rfind('@');
  if (colon == std::string::npos || (at != std::string::npos && colon < at)) return 5432;
  long port = strtol(authority.c_str() + colon + 1, nullptr, 10);
  return port < 1 || port > 65535 ? uint16_t(5432) : static_cast<uint16_t>(port);
}

}  // namespace waas::gateway
