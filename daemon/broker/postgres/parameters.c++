#include "parameters.h"

#include <kj/debug.h>

namespace waas::broker {
namespace {

// Type ids of pg_catalog.pg_type, fixed for ever.
constexpr unsigned BYTEA = 17, INT8 = 20, TEXT = 25, BYTEA_ARRAY = 1001, INT8_ARRAY = 1016, TIMESTAMPTZ = 1184;

// PostgreSQL counts microseconds from 2000-01-01.
constexpr int64_t EPOCH_2000_MS = 946'684'800'000;
constexpr uint64_t LAST_TIME_MS = 6'248'223'000'000'000;

}  // namespace

void PostgresParameters::begin(unsigned type) {
  KJ_REQUIRE(used < MAX, "too many parameters");
  starts[used] = buffer.size();
  types[used] = type;
  formats[used] = 1;
  used++;
}

void PostgresParameters::put32(uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) buffer.add(static_cast<kj::byte>(value >> shift));
}

void PostgresParameters::put64(uint64_t value) {
  put32(static_cast<uint32_t>(value >> 32));
  put32(static_cast<uint32_t>(value));
}

void PostgresParameters::bytes(kj::ArrayPtr<const kj::byte> value) {
  begin(BYTEA);
  buffer.addAll(value);
}

void PostgresParameters::text(kj::StringPtr value) {
  begin(TEXT);
  buffer.addAll(value.asBytes());
}

void PostgresParameters::integer(int64_t value) {
  begin(INT8);
  put64(static_cast<uint64_t>(value));
}

void PostgresParameters::time(uint64_t unixMilliseconds) {
  begin(TIMESTAMPTZ);
  int64_t ms = static_cast<int64_t>(kj::min(unixMilliseconds, LAST_TIME_MS));
  put64(static_cast<uint64_t>((ms - EPOCH_2000_MS) * 1000));
}

void PostgresParameters::beginArray(Element type, size_t count) {
  begin(type == Element::BYTES ? BYTEA_ARRAY : INT8_ARRAY);
  if (count == 0) {
    for (int i = 0; i < 2; i++) put32(0);  // no dimensions, no nulls
  } else {
    put32(1);  // one dimension
    put32(1);  // nulls may come
  }
  put32(type == Element::BYTES ? BYTEA : INT8);
  if (count > 0) {
    put32(static_cast<uint32_t>(count));
    put32(1);  // lower bound
  }
}

void PostgresParameters::element(kj::ArrayPtr<const kj::byte> value) {
  put32(static_cast<uint32_t>(value.size()));
  buffer.addAll(value);
}

void PostgresParameters::element(int64_t value) {
  put32(8);
  put64(static_cast<uint64_t>(value));
}

void PostgresParameters::nullElement() { put32(0xffffffff); }

PostgresParameters::View PostgresParameters::view() {
  buffer.add(0);  // so that an empty last value has an address
  for (size_t i = 0; i < used; i++) {
    size_t end = i + 1 < used ? starts[i + 1] : buffer.size() - 1;
    values[i] = reinterpret_cast<const char*>(buffer.begin() + starts[i]);
    lengths[i] = static_cast<int>(end - starts[i]);
  }
  return View{static_cast<int>(used), types, values, lengths, formats};
}

}  // namespace waas::broker
