#pragma once
// Policy bundles and limit rows as statements and answers.
#include <daemon/broker/policy-store.h>
#include <daemon/broker/postgres/answer.h>
#include <daemon/broker/postgres/parameters.h>

namespace waas::broker {

// Parameters in the order of the names.
extern const kj::StringPtr BUNDLES_ABOVE;   // number, limit
extern const kj::StringPtr INSERT_BUNDLE;   // number, bundle
extern const kj::StringPtr REPLACE_LIMITS;  // row, version of the one that it replaces

// Bytes that name a limit row's version as the database has it; those of "none yet" are like no row's.
std::array<uint8_t, 16> limitVersionBytes(const LimitVersion& version);

// Throws recordRefused when a row has not the form of a bundle.
kj::Array<PolicyRow> readBundles(const PostgresAnswer& answer);

}  // namespace waas::broker
