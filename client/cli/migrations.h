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

// Fills in what the database says. Throws CommandError when it has migrations that are not in the folder.
void readStates(Database& database, std::vector<Migration>& migrations);

// Takes the lock, then applies what is pending, in order, one transaction each. Returns those that were applied now.
// Throws CommandError when one that is applied differs from its file, and when one fails: those before it stay.
std::vector<Migration> migrate(Database& database, std::vector<Migration>& migrations);

// Gives a login role (made without password if it is not there) the broker's rights.
void grantBroker(Database& database, const std::string& role);

}  // namespace waas::cli
