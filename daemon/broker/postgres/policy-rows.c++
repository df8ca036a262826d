#include "policy-rows.h"

#include <daemon/broker/fault.h>

namespace waas::broker {
namespace {

enum BundleColumn { NUMBER, BUNDLE };

}  // namespace

const kj::StringPtr BUNDLES_ABOVE =
    "SELECT p.number, p.bundle FROM waas.policies p WHERE p.number > $1 ORDER BY p.number DESC LIMIT $2"_kj;
// The row counts, whether it was inserted or stood there with the same bytes.
const kj::StringPtr INSERT_BUNDLE =
    "WITH made AS (INSERT INTO waas.policies (number, bundle) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING"
    " RETURNING number) SELECT number FROM made UNION"
    " SELECT p.number FROM waas.policies p WHERE p.number = $1 AND p.bundle = $2"_kj;
const kj::StringPtr REPLACE_LIMITS =
    "INSERT INTO waas.limits AS l (row) VALUES ($1)"
    " ON CONFLICT (wallet) DO UPDATE SET row = excluded.row WHERE l.version = $2"_kj;

std::array<uint8_t, 16> limitVersionBytes(const LimitVersion& version) {
  std::array<uint8_t, 16> bytes{};
  ByteWriter w(bytes);
  w.u64(version.epoch);
  w.u64(version.tag);
  return bytes;
}

kj::Array<PolicyRow> readBundles(const PostgresAnswer& answer) {
  answer.requireSuccess();
  auto rows = kj::heapArrayBuilder<PolicyRow>(answer.rows());
  for (size_t i = 0; i < answer.rows(); i++) {
    int64_t number;
    auto bundle = answer.bytes(i, BUNDLE);
    if (!answer.integer(i, NUMBER, number) || number < 1 || bundle.size() == 0 ||
        bundle.size() > PolicyStore::MAX_BUNDLE_BYTES) {
      kj::throwFatalException(
          makeFault(protocol::ErrorCode::RECORD_REFUSED, "a row of the policies has not the form of one"));
    }
    rows.add(PolicyRow{static_cast<uint64_t>(number), kj::heapArray(bundle)});
  }
  return rows.finish();
}

}  // namespace waas::broker
