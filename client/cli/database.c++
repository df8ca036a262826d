#include "database.h"

#include <libpq-fe.h>

#include <memory>

#include "command.h"

namespace waas::cli {
namespace {

PGconn* connectionOf(void* handle) { return static_cast<PGconn*>(handle); }

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// The first line of what the server said, without the line end.
std::string firstLine(const char* text) {
  std::string line = text == nullptr ? "" : text;
  return line.substr(0, line.find('\n'));
}

void requireGood(PGconn* connection, const Result& result) {
  auto status = PQresultStatus(result.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) return;
  if (PQstatus(connection) == CONNECTION_BAD) {
    throw CommandError(EXIT_UNREACHABLE, "postgres_unreachable", "The connection to the database was lost.");
  }
  throw CommandError(EXIT_FAILED, "database_refused",
                     "The database refused: " + firstLine(PQresultErrorMessage(result.get())));
}

}  // namespace

struct Database::Handle {};

Database::Database(const std::string& url) : handle(reinterpret_cast<Handle*>(PQconnectdb(url.c_str()))) {
  PGconn* connection = connectionOf(handle);
  if (PQstatus(connection) == CONNECTION_OK) {
    // What a migration tells the reader of its output is not ours to print.
    PQsetNoticeProcessor(
        connection, [](void*, const char*) {}, nullptr);
    return;
  }
  PQfinish(connection);
  throw CommandError(EXIT_UNREACHABLE, "postgres_unreachable",
                     "PostgreSQL can't be reached or does not let us in. Check the database URL.");
}

Database::~Database() { PQfinish(connectionOf(handle)); }

std::vector<Database::Row> Database::query(const std::string& statement, const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  for (auto& p : parameters) values.push_back(p.c_str());
  PGconn* connection = connectionOf(handle);
  Result result(PQexecParams(connection, statement.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                             nullptr, nullptr, 0),
                &PQclear);
  requireGood(connection, result);
  std::vector<Row> rows(static_cast<size_t>(PQntuples(result.get())));
  for (int r = 0; r < PQntuples(result.get()); r++) {
    for (int c = 0; c < PQnfields(result.get()); c++) {
      bool null = PQgetisnull(result.get(), r, c) != 0;
      rows[static_cast<size_t>(r)].push_back(null ? std::nullopt
                                                  : std::optional(std::string(PQgetvalue(result.get(), r, c))));
    }
  }
  return rows;
}

void Database::run(const std::string& statements) {
  PGconn* connection = connectionOf(handle);
  Result result(PQexec(connection, statements.c_str()), &PQclear);
  requireGood(connection, result);
}

std::string Database::quoted(const std::string& identifier) {
  std::unique_ptr<char, decltype(&PQfreemem)> text(
      PQescapeIdentifier(connectionOf(handle), identifier.data(), identifier.size()), &PQfreemem);
  if (!text) throw CommandError(EXIT_USAGE, "usage", "That is no name for a role.");
  return text.get();
}

}  // namespace waas::cli
