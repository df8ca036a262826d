// waas db: bring the database's schema up to date.
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "command.h"
#include "migrations.h"

namespace waas::cli {
namespace {

struct DbOptions {
  std::string database;
  std::string folder;
  std::string role;
  bool gateway = false;

  const char* schema() const { return gateway ? GATEWAY_SCHEMA : DAEMON_SCHEMA; }
};

// The installed folder; in a build tree the one beside the build folder.
std::string defaultFolder() {
  std::error_code error;
  auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  for (auto folder = program.parent_path(); !error && folder.has_relative_path(); folder = folder.parent_path()) {
    auto here = folder / "sql";
    if (std::filesystem::exists(here / "0001-signer.sql", error)) return here.string();
    if (std::filesystem::exists(folder / ".git", error)) break;
  }
  return "/usr/share/waas/sql";
}

std::string folderOf(const DbOptions& options) {
  if (!options.folder.empty()) return options.folder;
  return defaultFolder() + (options.gateway ? "/gateway" : "");
}

std::string urlOf(const DbOptions& options) {
  if (!options.database.empty()) return options.database;
  const char* url = getenv("DATABASE_URL");
  if (url != nullptr && *url != '\0') return url;
  throw CommandError(EXIT_USAGE, "usage", "No database is named: set DATABASE_URL or give --database.");
}

const char* nameOf(Migration::State state) {
  switch (state) {
    case Migration::State::PENDING: return "pending";
    case Migration::State::APPLIED: return "applied";
    case Migration::State::CHANGED: return "changed";
  }
  return "unknown";
}

Json rowsJson(const std::vector<Migration>& migrations) {
  Json rows = Json::array();
  for (auto& m : migrations) {
    Json appliedAt = m.appliedAt.empty() ? Json() : Json(m.appliedAt);
    rows.push_back({{"number", m.number}, {"name", m.name}, {"state", nameOf(m.state)}, {"appliedAt", appliedAt}});
  }
  return rows;
}

int runMigrate(const DbOptions& options, Output& output) {
  std::string url = urlOf(options);
  auto migrations = readMigrations(folderOf(options));
  Database database(url);
  auto done = migrate(database, migrations, options.schema());
  if (!options.role.empty()) grantRights(database, options.role, options.gateway ? "waas_web" : "waas_broker");
  output.result({{"applied", rowsJson(done)}, {"version", migrations.back().number}}, [&](std::ostream& out) {
    for (auto& m : done) out << "applied " << m.number << " " << m.name << "\n";
    out << "The schema is at version " << migrations.back().number << ".\n";
  });
  return EXIT_DONE;
}

int runStatus(const DbOptions& options, Output& output) {
  std::string url = urlOf(options);
  auto migrations = readMigrations(folderOf(options));
  Database database(url);
  readStates(database, migrations, options.schema());
  std::vector<std::vector<std::string>> table = {{"NUMBER", "NAME", "STATE", "APPLIED AT"}};
  bool current = true;
  for (auto& m : migrations) {
    table.push_back({std::to_string(m.number), m.name, nameOf(m.state), m.appliedAt});
    current = current && m.state == Migration::State::APPLIED;
  }
  output.result({{"current", current}, {"migrations", rowsJson(migrations)}},
                [&](std::ostream& out) { printTable(out, table); });
  return current ? EXIT_DONE : EXIT_FAILED;
}

void addOptions(CLI::App* command, DbOptions& options) {
  command->add_option("--database", options.database,
                      "Connection string of the schema's owner, without a password (default: DATABASE_URL)");
  command->add_option("--sql", options.folder, "Folder of the migrations (default: /usr/share/waas/sql)");
  command->add_flag("--gateway", options.gateway, "The gateway's schema (folder: /usr/share/waas/sql/gateway)");
}

}  // namespace

void addDb(CLI::App& app, Invocation& invocation) {
  auto* group = addGroup(app, "db", "The database's schema");
  auto options = std::make_shared<DbOptions>();
  auto* migrating = addCommand(*group, invocation, "migrate", "Apply the migrations that are not applied yet",
                               [options](Output& output) { return runMigrate(*options, output); });
  addOptions(migrating, *options);
  migrating->add_option("--broker-role,--role", options->role,
                        "Give this login role the broker's (or the gateway's) rights; it is made, without password, if "
                        "it is not there");
  auto* showing =
      addCommand(*group, invocation, "status", "List the migrations; exit code 1 if the schema is not current",
                 [options](Output& output) { return runStatus(*options, output); });
  addOptions(showing, *options);
}

}  // namespace waas::cli
