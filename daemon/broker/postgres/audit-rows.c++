#include "audit-rows.h"

#include <daemon/broker/fault.h>

namespace waas::broker {
namespace {

enum AuditColumn { INSTANCE, SEQUENCE, RECORD, HEAD_SIGNATURE };

#define AUDIT_COLUMNS "a.instance, a.sequence, a.record, a.head_signature"

// Every vault life with its last row, found by jumping from one to the next in the primary key: there is no index that
// would cost each insert something.
#define AUDIT_LIVES                                                                                                 \
  "WITH RECURSIVE lives AS ("                                                                                       \
  "(SELECT instance FROM waas.audit ORDER BY instance LIMIT 1) UNION ALL "                                          \
  "SELECT (SELECT a.instance FROM waas.audit a WHERE a.instance > l.instance ORDER BY a.instance LIMIT 1) "         \
  "FROM lives l WHERE l.instance IS NOT NULL), "                                                                    \
  "ended AS (SELECT l.instance, e.sequence, e.recorded_at FROM lives l, LATERAL (SELECT a.sequence, a.recorded_at " \
  "FROM waas.audit a WHERE a.instance = l.instance ORDER BY a.sequence DESC LIMIT 1) e) "

using Element = PostgresParameters::Element;

kj::Exception malformed() {
  return makeFault(protocol::ErrorCode::RECORD_REFUSED, "a row of the audit log has not the form of one");
}

}  // namespace

const kj::StringPtr INSERT_AUDIT =
    "INSERT INTO waas.audit (instance, sequence, record, head_signature)"
    " SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT (instance, sequence) DO NOTHING"_kj;
const kj::StringPtr AUDIT_ROWS_AT = "SELECT " AUDIT_COLUMNS
                                    " FROM waas.audit a JOIN unnest($1, $2) AS k (instance, sequence)"
                                    " ON a.instance = k.instance AND a.sequence = k.sequence"_kj;
const kj::StringPtr AUDIT_AFTER = "SELECT " AUDIT_COLUMNS
                                  " FROM waas.audit a WHERE a.instance = $3 AND a.sequence > $1"
                                  " ORDER BY a.sequence LIMIT $2"_kj;
const kj::StringPtr AUDIT_LAST =
    AUDIT_LIVES "SELECT * FROM (SELECT " AUDIT_COLUMNS
                " FROM waas.audit a WHERE a.instance ="
                " (SELECT e.instance FROM ended e ORDER BY e.recorded_at DESC, e.instance LIMIT 1)"
                " AND a.sequence > $1 ORDER BY a.sequence DESC LIMIT $2) AS tail ORDER BY sequence"_kj;
const kj::StringPtr AUDIT_INSTANCES = AUDIT_LIVES
    "SELECT e.instance, (SELECT a.sequence FROM waas.audit a WHERE a.instance = e.instance"
    " ORDER BY a.sequence LIMIT 1), e.sequence FROM ended e ORDER BY e.recorded_at DESC, e.instance LIMIT 1000"_kj;

void addAuditPlaces(PostgresParameters& parameters, kj::ArrayPtr<const AuditRow> rows) {
  parameters.beginArray(Element::BYTES, rows.size());
  for (auto& row : rows) parameters.element(bytesOf(row.instance));
  parameters.beginArray(Element::INTEGER, rows.size());
  for (auto& row : rows) parameters.element(static_cast<int64_t>(row.sequence));
}

void addAuditRows(PostgresParameters& parameters, kj::ArrayPtr<const AuditRow> rows) {
  addAuditPlaces(parameters, rows);
  parameters.beginArray(Element::BYTES, rows.size());
  for (auto& row : rows) parameters.element(bytesOf(row.record));
  parameters.beginArray(Element::BYTES, rows.size());
  for (auto& row : rows) {
    KJ_IF_MAYBE (signature, row.headSignature) {
      parameters.element(bytesOf(*signature));
    } else {
      parameters.nullElement();
    }
  }
}

kj::Array<AuditRow> readAudit(const PostgresAnswer& answer) {
  answer.requireSuccess();
  auto rows = kj::heapArrayBuilder<AuditRow>(answer.rows());
  for (size_t i = 0; i < answer.rows(); i++) {
    AuditRow row;
    int64_t sequence;
    bool good = answer.fixed(i, INSTANCE, row.instance) && answer.integer(i, SEQUENCE, sequence) && sequence >= 1 &&
                answer.fixed(i, RECORD, row.record);
    if (good && !answer.isNull(i, HEAD_SIGNATURE)) {
      good = answer.fixed(i, HEAD_SIGNATURE, row.headSignature.emplace());
    }
    if (!good) kj::throwFatalException(malformed());
    row.sequence = static_cast<uint64_t>(sequence);
    rows.add(kj::mv(row));
  }
  return rows.finish();
}

kj::Array<AuditInstance> readAuditInstances(const PostgresAnswer& answer) {
  answer.requireSuccess();
  auto rows = kj::heapArrayBuilder<AuditInstance>(answer.rows());
  for (size_t i = 0; i < answer.rows(); i++) {
    AuditInstance row;
    int64_t first, last;
    if (!answer.fixed(i, 0, row.instance) || !answer.integer(i, 1, first) || !answer.integer(i, 2, last) || first < 1 ||
        last < first) {
      kj::throwFatalException(malformed());
    }
    row.first = static_cast<uint64_t>(first);
    row.last = static_cast<uint64_t>(last);
    rows.add(row);
  }
  return rows.finish();
}

bool allStored(kj::ArrayPtr<const AuditRow> rows, kj::ArrayPtr<const AuditRow> stored) {
  for (auto& row : rows) {
    bool found = false;
    for (auto& other : stored) {
      found = found || (other.instance == row.instance && other.sequence == row.sequence && other.record == row.record);
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace waas::broker
