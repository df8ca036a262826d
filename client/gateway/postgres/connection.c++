#include "connection.h"

#include <poll.h>

#include "../limits.h"
#include "client/lib/error.h"

namespace waas::gateway {
namespace {

using client::ErrorCode;
using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

[[noreturn]] void fail(ErrorCode code, const char* detail) {
  kj::throwFatalException(client::makeFailure(code, detail));
  KJ_UNREACHABLE;
}

Rows rowsOf(const PGresult* result) {
  Rows rows;
  for (int r = 0; r < PQntuples(result); r++) {
    auto& row = rows.emplace_back();
    for (int c = 0; c < PQnfields(result); c++) {
      if (PQgetisnull(result, r, c)) {
        row.emplace_back();
      } else {
        row.emplace_back(std::string(PQgetvalue(result, r, c), static_cast<size_t>(PQgetlength(result, r, c))));
      }
    }
  }
  return rows;
}

}  // namespace

PostgresConnection::PostgresConnection(std::string conninfo, std::string password)
    : conninfo(std::move(conninfo)), password(std::move(password)) {}

void PostgresConnection::broken(const char* detail) {
  connection.reset();
  fail(ErrorCode::POSTGRES_UNREACHABLE, detail);
}

void PostgresConnection::waitFor(short events, Clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd socket{PQsocket(connection.get()), events, 0};
  int ready = left <= 0 || socket.fd < 0 ? 0 : poll(&socket, 1, static_cast<int>(left));
  if (ready < 0 && errno == EINTR) return;
  if (ready <= 0) broken("the gateway's database did not answer in time");
}

void PostgresConnection::connect() {
  auto deadline = Clock::now() + std::chrono::milliseconds(limits::DATABASE_TIME_MS);
  const char* keywords[] = {"dbname", "password", "application_name", "client_encoding", "target_session_attrs",
                            nullptr};
  const char* values[] = {
      conninfo.c_str(), password.empty() ? nullptr : password.c_str(), "waas-gateway", "UTF8", "read-write", nullptr};
  connection.reset(PQconnectStartParams(keywords, values, 1));
  if (connection == nullptr || PQstatus(connection.get()) == CONNECTION_BAD) broken("the gateway's database is away");
  auto state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) broken("the gateway's database is away");
    waitFor(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
    state = PQconnectPoll(connection.get());
  }
  // Notices would be printed on stderr.
  PQsetNoticeReceiver(
      connection.get(), [](void*, const PGresult*) {}, nullptr);
  if (PQsetnonblocking(connection.get(), 1) != 0) broken("libpq can't be used");
}

Rows PostgresConnection::query(const char* sql, std::span<const Parameter> parameters) {
  if (connection == nullptr || PQstatus(connection.get()) != CONNECTION_OK) connect();
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (auto& parameter : parameters) {
    values.push_back(parameter.value ? parameter.value->data() : nullptr);
    lengths.push_back(parameter.value ? static_cast<int>(parameter.value->size()) : 0);
    formats.push_back(parameter.binary ? 1 : 0);
  }
  auto deadline = Clock::now() + std::chrono::milliseconds(limits::DATABASE_TIME_MS);
  PGconn* c = connection.get();
  if (PQsendQueryParams(c, sql, static_cast<int>(parameters.size()), nullptr, values.data(), lengths.data(),
                        formats.data(), 0) != 1) {
    broken("the gateway's database is away");
  }
  for (int left = PQflush(c); left != 0; left = PQflush(c)) {
    if (left < 0) broken("the gateway's database is away");
    waitFor(POLLOUT, deadline);
  }
  Result last(nullptr, PQclear);
  while (true) {
    while (PQisBusy(c)) {
      waitFor(POLLIN, deadline);
      if (PQconsumeInput(c) != 1) broken("the gateway's database is away");
    }
    Result next(PQgetResult(c), PQclear);
    if (next == nullptr) break;
    last = std::move(next);
  }
  auto status = PQresultStatus(last.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return rowsOf(last.get());
  if (PQstatus(c) != CONNECTION_OK) broken("the gateway's database is away");
  const char* state = PQresultErrorField(last.get(), PG_DIAG_SQLSTATE);
  std::string_view sqlState = state == nullptr ? "" : state;
  // Going down, read-only, too many connections: another attempt may find a better server.
  if (sqlState.starts_with("57P") || sqlState.starts_with("08") || sqlState == "25006" || sqlState == "53300") {
    broken("the gateway's database takes no statements");
  }
  fail(ErrorCode::UNKNOWN, "the gateway's database refused a statement");
}

}  // namespace waas::gateway
