#pragma once
// A blocking connection to PostgreSQL, for the commands of `waas db`. The only file pair here that sees libpq.
#include <kj/common.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace waas::cli {

class Database {
 public:
  // Connects. `url` is a libpq connection string; it may hold a password, so it is never part of an error. Throws
  // CommandError (exit code 3) when the server can't be reached.
  explicit Database(const std::string& url);
  ~Database();
  KJ_DISALLOW_COPY(Database);

  using Row = std::vector<std::optional<std::string>>;

  // Runs one statement with parameters in text form. Throws CommandError with the server's message.
  std::vector<Row> query(const std::string& statement, const std::vector<std::string>& parameters = {});

  // Runs any number of statements without parameters.
  void run(const std::string& statements);

  // An identifier in quotes, for statements that can't take it as a parameter.
  std::string quoted(const std::string& identifier);

 private:
  struct Handle;  // libpq's
  Handle* handle;
};

}  // namespace waas::cli
