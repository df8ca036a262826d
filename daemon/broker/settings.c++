#include "settings.h"

#include <fcntl.h>
#include <kj/io.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include <toml++/toml.h>

namespace waas::broker {
namespace {

constexpr size_t MAX_CREDENTIAL_BYTES = 4096;

[[noreturn]] void complain(kj::StringPtr file, const toml::source_region& where, kj::StringPtr what) {
  throw SettingsError{kj::str(file, ":", where.begin.line, ": ", what)};
}

// One table of the file: every key must be asked for, or it is an error.
class Table {
 public:
  using Reader = std::function<void(const toml::node&, kj::StringPtr key)>;

  Table(kj::StringPtr file) : file(kj::heapString(file)) {}

  void text(const char* key, kj::String& out) {
    readers[key] = [this, &out](const toml::node& node, kj::StringPtr name) { out = textOf(node, name); };
  }
  void text(const char* key, kj::Maybe<kj::String>& out) {
    readers[key] = [this, &out](const toml::node& node, kj::StringPtr name) { out = textOf(node, name); };
  }
  void flag(const char* key, bool& out) {
    readers[key] = [this, &out](const toml::node& node, kj::StringPtr name) {
      auto value = node.value_exact<bool>();
      if (!value) complain(file, node.source(), kj::str(name, " must be true or false"));
      out = *value;
    };
  }
  void number(const char* key, uint32_t low, uint32_t high, std::function<void(uint32_t)> take) {
    readers[key] = [this, low, high, take = std::move(take)](const toml::node& node, kj::StringPtr name) {
      auto value = node.value_exact<int64_t>();
      if (!value || *value < low || *value > high) {
        complain(file, node.source(), kj::str(name, " must be a number from ", low, " to ", high));
      }
      take(static_cast<uint32_t>(*value));
    };
  }
  // A URL: as text, without a password in it.
  void url(const char* key, kj::String& out) {
    readers[key] = [this, &out](const toml::node& node, kj::StringPtr name) {
      out = textOf(node, name);
      if (hasPassword(out)) {
        complain(file, node.source(), kj::str(name, " holds a password; give it as a credential"));
      }
    };
  }
  void table(const char* key, std::function<void(Table&)> describe) {
    readers[key] = [this, describe = std::move(describe)](const toml::node& node, kj::StringPtr name) {
      auto inside = node.as_table();
      if (inside == nullptr) complain(file, node.source(), kj::str(name, " must be a table: [", name, "]"));
      Table child(file);
      describe(child);
      child.read(*inside);
    };
  }

  void read(const toml::table& table) {
    for (auto&& [key, node] : table) {
      std::string name(key.str());
      auto reader = readers.find(name);
      if (reader == readers.end()) complain(file, node.source(), kj::str("unknown setting ", name.c_str()));
      reader->second(node, name.c_str());
    }
  }

 private:
  kj::String textOf(const toml::node& node, kj::StringPtr name) {
    auto value = node.value_exact<std::string>();
    if (!value || value->empty() || value->find('\0') != std::string::npos) {
      complain(file, node.source(), kj::str(name, " must be a text that is not empty"));
    }
    return kj::heapString(value->c_str(), value->size());
  }

  static bool hasPassword(kj::StringPtr url) {
    std::string text(url.cStr());
    if (text.find("password=") != std::string::npos) return true;
    size_t scheme = text.find("://");
    if (scheme == std::string::npos) return false;
    std::string authority = text.substr(scheme + 3, text.find('/', scheme + 3) - scheme - 3);
    size_t at = authority.rfind('@');
    return at != std::string::npos && authority.find(':') < at;
  }

  kj::String file;
  std::map<std::string, Reader> readers;
};

void describeServer(Table& table, ServerSettings& server) {
  table.url("url", server.url);
  table.text("ca_file", server.caFile);
}

void describe(Table& root, Settings& settings) {
  root.table("signerd", [&settings](Table& table) {
    table.text("socket", settings.socket);
    table.text("socket_group", settings.socketGroup);
    table.text("vault", settings.vault);
    table.flag("verbose", settings.verbose);
  });
  root.table("postgres", [&settings](Table& table) {
    describeServer(table, settings.postgres);
    table.flag("named_statements", settings.namedStatements);
  });
  root.table("redis_1", [&settings](Table& table) { describeServer(table, settings.redis1); });
  root.table("redis_2", [&settings](Table& table) { describeServer(table, settings.redis2); });
  root.table("shares", [&settings](Table& table) {
    table.number("ttl_days", 1, 3650, [&settings](uint32_t days) { settings.shareDays = days; });
    table.number("rotate_before_days", 0, 3650, [&settings](uint32_t days) { settings.rotateBeforeDays = days; });
    table.number("rotations_at_once", 1, 256, [&settings](uint32_t n) { settings.rotationsAtOnce = n; });
    table.number("wait_replicas", 0, 16, [&settings](uint32_t n) { settings.waitReplicas = n; });
  });
  root.table("limits", [&settings](Table& table) {
    table.number("connections", 1, 1'000'000, [&settings](uint32_t n) { settings.connections = n; });
    table.number("connections_per_uid", 1, 1'000'000, [&settings](uint32_t n) { settings.connectionsPerUid = n; });
    table.number("calls", 1, 1'000'000, [&settings](uint32_t n) { settings.calls = n; });
    table.number("deadline_ms", 100, 600'000, [&settings](uint32_t n) { settings.deadline = n * kj::MILLISECONDS; });
    table.number("idle_seconds", 1, 31'536'000, [&settings](uint32_t n) { settings.idle = n * kj::SECONDS; });
  });
}

void fromEnvironment(const char* name, kj::String& out) {
  const char* value = getenv(name);
  if (value != nullptr && *value != '\0') out = kj::heapString(value);
}

void fromCredential(kj::StringPtr folder, kj::StringPtr name, kj::Maybe<kj::String>& out) {
  auto path = kj::str(folder, '/', name);
  kj::AutoCloseFd fd(open(path.cStr(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return;
    throw SettingsError{kj::str("the credential ", name, " can't be read")};
  }
  char buffer[MAX_CREDENTIAL_BYTES + 1];
  ssize_t n = read(fd, buffer, sizeof(buffer));
  if (n < 0 || static_cast<size_t>(n) > MAX_CREDENTIAL_BYTES) {
    throw SettingsError{kj::str("the credential ", name, " can't be read or is too long")};
  }
  size_t size = static_cast<size_t>(n);
  while (size > 0 && (buffer[size - 1] == '\n' || buffer[size - 1] == '\r')) size--;
  for (size_t i = 0; i < size; i++) {
    if (buffer[i] == '\0') throw SettingsError{kj::str("the credential ", name, " holds a zero byte")};
  }
  out = kj::heapString(buffer, size);
}

void requireServer(kj::StringPtr name, kj::StringPtr variable, const ServerSettings& server) {
  if (server.url.size() == 0) throw SettingsError{kj::str("no address: set url in [", name, "] or ", variable)};
}

}  // namespace

Settings readSettings(kj::Maybe<kj::StringPtr> file, kj::Maybe<kj::StringPtr> credentials) {
  Settings settings;
  KJ_IF_MAYBE (path, file) {
    try {
      Table root(*path);
      describe(root, settings);
      root.read(toml::parse_file(path->cStr()));
    } catch (const toml::parse_error& error) {
      throw SettingsError{kj::str(*path, ":", error.source().begin.line, ": ", error.description().data())};
    }
  }
  fromEnvironment("DATABASE_URL", settings.postgres.url);
  fromEnvironment("REDIS_URL_1", settings.redis1.url);
  fromEnvironment("REDIS_URL_2", settings.redis2.url);
  KJ_IF_MAYBE (folder, credentials) {
    fromCredential(*folder, "postgres_password", settings.postgres.password);
    fromCredential(*folder, "redis_1_password", settings.redis1.password);
    fromCredential(*folder, "redis_2_password", settings.redis2.password);
  }
  requireServer("postgres", "DATABASE_URL", settings.postgres);
  requireServer("redis_1", "REDIS_URL_1", settings.redis1);
  requireServer("redis_2", "REDIS_URL_2", settings.redis2);
  return settings;
}

}  // namespace waas::broker
