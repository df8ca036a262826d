#include "answer.h"

#include <daemon/broker/fault.h>

#include <cstdlib>

namespace waas::broker {
namespace {

constexpr int64_t EPOCH_2000_MS = 946'684'800'000;

uint64_t bigEndian(kj::ArrayPtr<const kj::byte> bytes) {
  uint64_t value = 0;
  for (kj::byte b : bytes) value = value << 8 | b;
  return value;
}

kj::StringPtr errorField(const LibpqResult& error, int field) {
  const char* text = error == nullptr ? nullptr : PQresultErrorField(error.get(), field);
  return text == nullptr ? ""_kj : kj::StringPtr(text);
}

}  // namespace

void PostgresAnswer::add(LibpqResult next) {
  switch (PQresultStatus(next.get())) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
      result = std::move(next);  // the last one counts: a PREPARE comes before its query
      break;
    case PGRES_PIPELINE_ABORTED: break;  // the error that aborted it came before
    default:
      if (error == nullptr) error = std::move(next);
  }
}

kj::StringPtr PostgresAnswer::sqlState() const { return errorField(error, PG_DIAG_SQLSTATE); }

kj::StringPtr PostgresAnswer::constraint() const { return errorField(error, PG_DIAG_CONSTRAINT_NAME); }

kj::Exception PostgresAnswer::fault() const {
  using protocol::ErrorCode;
  struct Row {
    kj::StringPtr prefix;
    ErrorCode code;
    kj::StringPtr detail;
  };
  // Longer prefixes first. https://www.postgresql.org/docs/15/errcodes-appendix.html
  static constexpr Row ROWS[] = {
      {"25006"_kj, ErrorCode::POSTGRES_UNREACHABLE, "the database server takes no writes"_kj},
      {"42501"_kj, ErrorCode::UNKNOWN, "the database role lacks a right"_kj},
      {"40"_kj, ErrorCode::CONFLICT, "the database rolled the statement back"_kj},
      {"42"_kj, ErrorCode::UNKNOWN, "the database schema does not fit: run waas db migrate"_kj},
      {"3F"_kj, ErrorCode::UNKNOWN, "the database schema does not fit: run waas db migrate"_kj},
      {"53"_kj, ErrorCode::POSTGRES_UNREACHABLE, "the database server is out of resources"_kj},
      {"57"_kj, ErrorCode::POSTGRES_UNREACHABLE, "the database server stopped the statement"_kj},
      {"08"_kj, ErrorCode::POSTGRES_UNREACHABLE, "a proxy lost the database server"_kj},
      {"23"_kj, ErrorCode::UNKNOWN, "the row breaks a constraint of the database"_kj},
  };
  auto state = sqlState();
  for (auto& row : ROWS) {
    if (state.startsWith(row.prefix)) return makeFault(row.code, row.detail);
  }
  return makeFault(ErrorCode::UNKNOWN, "the database refused a statement");
}

size_t PostgresAnswer::affected() const {
  return result == nullptr ? 0 : static_cast<size_t>(strtoull(PQcmdTuples(result.get()), nullptr, 10));
}

size_t PostgresAnswer::rows() const { return result == nullptr ? 0 : static_cast<size_t>(PQntuples(result.get())); }

bool PostgresAnswer::isNull(size_t row, int column) const {
  return column >= PQnfields(result.get()) || PQgetisnull(result.get(), static_cast<int>(row), column) != 0;
}

kj::ArrayPtr<const kj::byte> PostgresAnswer::bytes(size_t row, int column) const {
  if (isNull(row, column)) return nullptr;
  const char* value = PQgetvalue(result.get(), static_cast<int>(row), column);
  int length = PQgetlength(result.get(), static_cast<int>(row), column);
  return kj::arrayPtr(reinterpret_cast<const kj::byte*>(value), static_cast<size_t>(length));
}

bool PostgresAnswer::integer(size_t row, int column, int64_t& out) const {
  auto value = bytes(row, column);
  if (value.size() != 8) return false;
  out = static_cast<int64_t>(bigEndian(value));
  return true;
}

bool PostgresAnswer::boolean(size_t row, int column, bool& out) const {
  auto value = bytes(row, column);
  if (value.size() != 1) return false;
  out = value[0] != 0;
  return true;
}

bool PostgresAnswer::time(size_t row, int column, uint64_t& unixMilliseconds) const {
  int64_t microseconds;
  if (!integer(row, column, microseconds)) return false;
  int64_t ms = microseconds / 1000 + EPOCH_2000_MS;
  if (ms < 0) return false;
  unixMilliseconds = static_cast<uint64_t>(ms);
  return true;
}

}  // namespace waas::broker
