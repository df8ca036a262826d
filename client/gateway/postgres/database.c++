#include "database.h"

#include "../limits.h"

namespace waas::gateway {
namespace {

std::vector<std::unique_ptr<PostgresConnection>> makeConnections(const std::string& conninfo,
                                                                 const std::string& password) {
  std::vector<std::unique_ptr<PostgresConnection>> connections;
  for (uint32_t i = 0; i < limits::DATABASE_THREADS; i++) {
    connections.push_back(std::make_unique<PostgresConnection>(conninfo, password));
  }
  return connections;
}

// A row is taken when there is none, when it is over, or when the same request's attempt was given up long ago.
constexpr const char* TAKE =
    "INSERT INTO waas_gateway.idempotency AS i (user_id, route, key, fingerprint, attempt, held_until, expires_at)"
    " VALUES ($1, $2, $3, $4, $5, pg_catalog.now() + $6::bigint * interval '1 second',"
    " pg_catalog.now() + $7::bigint * interval '1 hour')"
    " ON CONFLICT (user_id, route, key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, attempt = EXCLUDED.attempt,"
    " held_until = EXCLUDED.held_until, expires_at = EXCLUDED.expires_at, status = NULL, content_type = NULL, body = "
    "NULL"
    " WHERE i.expires_at < pg_catalog.now()"
    " OR (i.status IS NULL AND i.held_until < pg_catalog.now() AND i.fingerprint = EXCLUDED.fingerprint)"
    " RETURNING true";
constexpr const char* LOOK =
    "SELECT fingerprint = $4, status, content_type, pg_catalog.convert_from(body, 'UTF8') FROM waas_gateway.idempotency"
    " WHERE user_id = $1 AND route = $2 AND key = $3";
constexpr const char* ANSWERED =
    "UPDATE waas_gateway.idempotency SET status = $5, content_type = $6, body = $7, held_until = NULL"
    " WHERE user_id = $1 AND route = $2 AND key = $3 AND attempt = $4";
constexpr const char* RELEASE =
    "DELETE FROM waas_gateway.idempotency WHERE user_id = $1 AND route = $2 AND key = $3 AND attempt = $4"
    " AND status IS NULL";

// What is left refills with time; a refused attempt takes nothing, so trying on does not prolong the wait.
constexpr const char* CHARGE =
    "INSERT INTO waas_gateway.attempts AS a (subject, used, counted_at, granted)"
    " VALUES ($1, 1, pg_catalog.clock_timestamp(), true)"
    " ON CONFLICT (subject) DO UPDATE SET counted_at = pg_catalog.clock_timestamp(),"
    " granted = waas_gateway.used_now(a.used, a.counted_at, $3) + 1 <= $2::double precision,"
    " used = waas_gateway.used_now(a.used, a.counted_at, $3)"
    " + CASE WHEN waas_gateway.used_now(a.used, a.counted_at, $3) + 1 <= $2::double precision THEN 1 ELSE 0 END"
    " RETURNING granted, pg_catalog.ceil((used + 1 - $2::double precision) * $3::double precision)::bigint";

std::vector<Parameter> keyOf(const KeyedRequest& request) {
  return {Parameter::bytes(request.user), Parameter::text(request.route), Parameter::text(request.key)};
}

KeyTaken takeNow(PostgresConnection& connection, const KeyedRequest& request) {
  auto parameters = keyOf(request);
  parameters.push_back(Parameter::bytes(request.fingerprint));
  auto looking = parameters;
  parameters.push_back(Parameter::bytes(request.attempt));
  parameters.push_back(Parameter::number(limits::IDEMPOTENCY_HELD_SECONDS));
  parameters.push_back(Parameter::number(limits::IDEMPOTENCY_HOURS));
  if (!connection.query(TAKE, parameters).empty()) return {KeyTaken::Outcome::MINE, {}};
  auto rows = connection.query(LOOK, looking);
  if (rows.empty()) return {KeyTaken::Outcome::IN_FLIGHT, {}};  // just released: ask again
  auto& row = rows[0];
  if (row[0] != "t") return {KeyTaken::Outcome::MISMATCH, {}};
  if (!row[1]) return {KeyTaken::Outcome::IN_FLIGHT, {}};
  return {KeyTaken::Outcome::ANSWERED,
          {static_cast<unsigned>(std::stoul(*row[1])), row[2].value_or(""), row[3].value_or("")}};
}

}  // namespace

Database::Database(std::string conninfo, std::string password)
    : connections(makeConnections(conninfo, password)), pool(limits::DATABASE_THREADS, limits::DATABASE_QUEUE) {}

template <typename T>
kj::Promise<T> Database::run(kj::Function<T(PostgresConnection&)> job) {
  return pool.run<T>([this, job = kj::mv(job)](uint32_t thread) mutable { return job(*connections[thread]); });
}

kj::Promise<void> Database::runVoid(kj::Function<void(PostgresConnection&)> job) {
  return run<bool>([job = kj::mv(job)](PostgresConnection& connection) mutable {
           job(connection);
           return true;
         })
      .ignoreResult();
}

kj::Promise<KeyTaken> Database::take(KeyedRequest request) {
  return run<KeyTaken>([request = std::move(request)](PostgresConnection& c) { return takeNow(c, request); });
}

kj::Promise<void> Database::answered(KeyedRequest request, KeptAnswer answer) {
  return runVoid([request = std::move(request), answer = std::move(answer)](PostgresConnection& connection) {
    auto parameters = keyOf(request);
    parameters.push_back(Parameter::bytes(request.attempt));
    parameters.push_back(Parameter::number(answer.status));
    parameters.push_back(Parameter::text(answer.contentType));
    parameters.push_back(Parameter::bytes(asBytes(answer.body.data(), answer.body.size())));
    connection.query(ANSWERED, parameters);
  });
}

kj::Promise<void> Database::release(KeyedRequest request) {
  return runVoid([request = std::move(request)](PostgresConnection& connection) {
    auto parameters = keyOf(request);
    parameters.push_back(Parameter::bytes(request.attempt));
    connection.query(RELEASE, parameters);
  });
}

kj::Promise<uint32_t> Database::charge(std::vector<Allowance> allowances) {
  return run<uint32_t>([allowances = std::move(allowances)](PostgresConnection& connection) -> uint32_t {
    for (auto& allowance : allowances) {
      auto rows = connection.query(CHARGE, {Parameter::bytes(allowance.subject), Parameter::number(allowance.atOnce),
                                            Parameter::number(allowance.refillMs)});
      if (rows.empty() || rows[0][0] != "t") {
        long wait = rows.empty() ? 1000 : std::stol(rows[0][1].value_or("1000"));
        return static_cast<uint32_t>(std::max(wait, 1l));
      }
    }
    return 0;
  });
}

kj::Promise<void> Database::giveBack(std::vector<Hash> subjects) {
  return runVoid([subjects = std::move(subjects)](PostgresConnection& connection) {
    for (auto& subject : subjects) {
      connection.query("UPDATE waas_gateway.attempts SET used = greatest(used - 1, 0) WHERE subject = $1",
                       {Parameter::bytes(subject)});
    }
  });
}

kj::Promise<bool> Database::isFamiliar(Hash subject) {
  return run<bool>([subject](PostgresConnection& connection) {
    return !connection
                .query(
                    "SELECT 1 FROM waas_gateway.familiar WHERE subject = $1"
                    " AND seen_at > pg_catalog.now() - interval '90 days'",
                    {Parameter::bytes(subject)})
                .empty();
  });
}

kj::Promise<void> Database::noteFamiliar(Hash subject) {
  return runVoid([subject](PostgresConnection& connection) {
    connection.query(
        "INSERT INTO waas_gateway.familiar (subject, seen_at) VALUES ($1, pg_catalog.now())"
        " ON CONFLICT (subject) DO UPDATE SET seen_at = EXCLUDED.seen_at",
        {Parameter::bytes(subject)});
  });
}

kj::Promise<void> Database::ping() {
  return runVoid(
      [](PostgresConnection& connection) { connection.query("SELECT 1 FROM waas_gateway.idempotency LIMIT 0", {}); });
}

kj::Promise<void> Database::clean() {
  return runVoid([](PostgresConnection& connection) {
    connection.query("DELETE FROM waas_gateway.idempotency WHERE expires_at < pg_catalog.now()", {});
    connection.query("DELETE FROM waas_gateway.attempts WHERE counted_at < pg_catalog.now() - interval '1 day'", {});
    connection.query("DELETE FROM waas_gateway.familiar WHERE seen_at < pg_catalog.now() - interval '90 days'", {});
  });
}

}  // namespace waas::gateway
