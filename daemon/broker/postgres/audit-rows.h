#pragma once
// The audit log as statements and answers.
#include <daemon/broker/postgres/answer.h>
#include <daemon/broker/postgres/parameters.h>
#include <daemon/broker/wallet-store.h>

namespace waas::broker {

extern const kj::StringPtr INSERT_AUDIT;     // 4 arrays of addAuditRows
extern const kj::StringPtr AUDIT_ROWS_AT;    // 2 arrays of addAuditPlaces
extern const kj::StringPtr AUDIT_AFTER;      // after, limit, instance
extern const kj::StringPtr AUDIT_LAST;       // after, limit
extern const kj::StringPtr AUDIT_INSTANCES;  // no parameter

void addAuditRows(PostgresParameters& parameters, kj::ArrayPtr<const AuditRow> rows);
void addAuditPlaces(PostgresParameters& parameters, kj::ArrayPtr<const AuditRow> rows);

// Throws recordRefused when a row has not the form of one.
kj::Array<AuditRow> readAudit(const PostgresAnswer& answer);
kj::Array<AuditInstance> readAuditInstances(const PostgresAnswer& answer);

// Whether each of `rows` stands in `stored` with equal bytes.
bool allStored(kj::ArrayPtr<const AuditRow> rows, kj::ArrayPtr<const AuditRow> stored);

}  // namespace waas::broker
