#pragma once
// One connection to PostgreSQL for one thread: each statement waits for its answer, with a deadline.
#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace waas::gateway {

// A statement's parameter: text, or bytes, or NULL.
struct Parameter {
  std::optional<std::string> value;
  bool binary = false;

  static Parameter text(std::string value) { return {std::move(value), false}; }
  static Parameter number(int64_t value) { return {std::to_string(value), false}; }
  static Parameter bytes(std::span<const uint8_t> value) {
    return {std::string(reinterpret_cast<const char*>(value.data()), value.size()), true};
  }
};

// Rows of texts; bytea come as they are (every column is asked for in text form but those wrapped by `encode`).
using Rows = std::vector<std::vector<std::optional<std::string>>>;

// A resource, used by one thread. Connects when it is first used and again after it broke.
class PostgresConnection {
 public:
  // `conninfo` as libpq takes it; `password` may be empty.
  PostgresConnection(std::string conninfo, std::string password);
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  // Runs one statement. Throws the failures `postgresUnreachable` (not connected, refused, too slow; a statement that
  // was sent may have been carried out) and `unknown` (the statement is wrong).
  Rows query(const char* sql, std::span<const Parameter> parameters);
  Rows query(const char* sql, std::initializer_list<Parameter> parameters) {
    return query(sql, std::span<const Parameter>(parameters.begin(), parameters.size()));
  }

 private:
  using Clock = std::chrono::steady_clock;

  void connect();
  void waitFor(short events, Clock::time_point deadline);
  [[noreturn]] void broken(const char* detail);

  std::string conninfo, password;
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection{nullptr, PQfinish};
};

}  // namespace waas::gateway
