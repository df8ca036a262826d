#pragma once
// The migrations of sql/ (see sql/README.md): numbered files, each applied in one transaction, with its checksum kept.
#include <string>
#include <vector>

#include "database.h"

namespace waas::cli {

struct Migration {
  int number = 0;
  std::string name;  // the file's name without number and ".sql"
  std::string text;
  std::string checksum;  // SHA-256 of the file, hex

  // What the database says of it.
  enum class State { PENDING, APPLIED, CHANGED };
  State state = State::PENDING;
  std::string appliedAt;
};

// Reads the folder: files NNNN-name.sql, numbered from 1 without gaps; others are left alone. Throws CommandError.
std::vector<Migration> readMigrations(const std::string& folder);

// The schema whose table `migrations` keeps them: the daemon's, or the gateway's, which has a folder of its own.
constexpr const char* DAEMON_SCHEMA = "waas";
constexpr const char* GATEWAY_SCHEMA = "waas_gateway";

// Fills in what the database says. Throws CommandError when it has migrations that are not in the folder.
void readStates(Database& database, std::vector<Migration>& migrations, const std::string& schema = DAEMON_SCHEMA);

// Takes the lock, then applies what is pending, in order, one transaction each. Returns those that were applied now.
// Throws CommandError when one that is applied differs from its file, and when one fails: those before it stay.
std::vector<Migration> migrate(Database& database, std::vector<Migration>& migrations,
                               const std::string& schema = DAEMON_SCHEMA);

// Gives a login role (made without password if it is not there) the rights of a group role: the broker's waas_broker,
// the gateway's waas_web.
void grantRights(Database& database, const std::string& role, const std::string& group);

}  // namespace waas::cli
