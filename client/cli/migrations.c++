#include "migrations.h"

#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include "command.h"
#include "input.h"
#include "text-forms.h"

namespace waas::cli {
namespace {

// sql/README.md: all migrators take this lock.
constexpr const char* LOCK = "SELECT pg_advisory_lock(8240311203334937907)";
constexpr const char* UNLOCK = "SELECT pg_advisory_unlock(8240311203334937907)";
constexpr size_t MAX_FILE_BYTES = 4 << 20;

CommandError folderError(const std::string& sentence) {
  return CommandError(EXIT_FAILED, "migrations_unusable", sentence);
}

Migration readFile(const std::filesystem::path& path, int number, const std::string& name) {
  auto bytes = readInput(path.string(), MAX_FILE_BYTES);
  Hash hash;
  crypto_hash_sha256(hash.data(), bytes.begin(), bytes.size());
  Migration migration;
  migration.number = number;
  migration.name = name;
  migration.text = std::string(bytes.asChars().begin(), bytes.size());
  migration.checksum = hex(hash);
  return migration;
}

void apply(Database& database, const Migration& migration, const std::string& schema) {
  database.run("BEGIN");
  try {
    database.run(migration.text);
    database.query("INSERT INTO " + schema + ".migrations (number, name, checksum) VALUES ($1, $2, decode($3, 'hex'))",
                   {std::to_string(migration.number), migration.name, migration.checksum});
    database.run("COMMIT");
  } catch (const CommandError& e) {
    std::string why = e.what();
    try {
      database.run("ROLLBACK");
    } catch (const CommandError&) {
      // The connection is gone, and the transaction with it.
    }
    throw CommandError(e.exitCode, e.code, "Migration " + std::to_string(migration.number) + " failed. " + why);
  }
}

}  // namespace

std::vector<Migration> readMigrations(const std::string& folder) {
  static const std::regex FORM("([0-9]{4})-([a-z0-9-]+)\\.sql");
  std::vector<Migration> migrations;
  std::error_code error;
  for (auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::string file = entry.path().filename().string();
    std::smatch parts;
    if (std::regex_match(file, parts, FORM)) {
      migrations.push_back(readFile(entry.path(), std::stoi(parts[1].str()), parts[2].str()));
    }
  }
  if (error || migrations.empty()) throw folderError("The folder " + folder + " has no migrations: give --sql.");
  std::sort(migrations.begin(), migrations.end(), [](auto& a, auto& b) { return a.number < b.number; });
  for (size_t i = 0; i < migrations.size(); i++) {
    if (migrations[i].number != static_cast<int>(i) + 1)
      throw folderError("The migrations in " + folder + " have a gap.");
  }
  return migrations;
}

void readStates(Database& database, std::vector<Migration>& migrations, const std::string& schema) {
  if (!database.query("SELECT to_regclass($1)", {schema + ".migrations"})[0][0]) return;
  auto rows = database.query(
      "SELECT number, name, encode(checksum, 'hex'), to_char(applied_at AT TIME ZONE 'UTC', "
      "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
      " FROM " +
      schema + ".migrations ORDER BY number");
  for (auto& row : rows) {
    auto number = static_cast<size_t>(std::stoi(row[0].value_or("0")));
    if (number < 1 || number > migrations.size()) {
      throw folderError("The database has migration " + std::to_string(number) +
                        ", which this program does not know: it is newer than the program.");
    }
    auto& migration = migrations[number - 1];
    bool same = row[1] == migration.name && row[2] == migration.checksum;
    migration.state = same ? Migration::State::APPLIED : Migration::State::CHANGED;
    migration.appliedAt = row[3].value_or("");
  }
}

std::vector<Migration> migrate(Database& database, std::vector<Migration>& migrations, const std::string& schema) {
  database.query(LOCK);
  readStates(database, migrations, schema);
  std::vector<Migration> done;
  for (auto& migration : migrations) {
    if (migration.state == Migration::State::CHANGED) {
      throw folderError("Migration " + std::to_string(migration.number) +
                        " was applied with another content than the file has now.");
    }
    if (migration.state == Migration::State::APPLIED) continue;
    apply(database, migration, schema);
    migration.state = Migration::State::APPLIED;
    done.push_back(migration);
  }
  database.query(UNLOCK);
  return done;
}

void grantRights(Database& database, const std::string& role, const std::string& group) {
  if (database.query("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", {role}).empty()) {
    database.run("CREATE ROLE " + database.quoted(role) + " LOGIN");
  }
  database.run("GRANT " + database.quoted(group) + " TO " + database.quoted(role));
}

}  // namespace waas::cli
