#pragma once
// Parameters of one statement, in PostgreSQL's binary form.
#include <daemon/broker/rows.h>
#include <kj/vector.h>

namespace waas::broker {

// Builds up to MAX parameters in order; their bytes are copied. Used once, on the stack, then handed to
// PostgresConnection::query. A resource.
class PostgresParameters {
 public:
  static constexpr size_t MAX = 16;

  PostgresParameters() = default;
  KJ_DISALLOW_COPY(PostgresParameters);

  void bytes(kj::ArrayPtr<const kj::byte> value);
  void text(kj::StringPtr value);
  void integer(int64_t value);
  void time(uint64_t unixMilliseconds);  // timestamptz; after the year 200000 it stands still

  // An array parameter: beginArray, then exactly `count` elements.
  enum class Element : uint8_t { BYTES, INTEGER };
  void beginArray(Element type, size_t count);
  void element(kj::ArrayPtr<const kj::byte> value);
  void element(int64_t value);
  void nullElement();

  // As libpq wants them; valid until the next change.
  struct View {
    int count;
    const unsigned* types;
    const char* const* values;
    const int* lengths;
    const int* formats;
  };
  View view();

 private:
  void begin(unsigned type);
  void put32(uint32_t value);
  void put64(uint64_t value);

  kj::Vector<kj::byte> buffer;
  size_t used = 0;
  size_t starts[MAX] = {};
  unsigned types[MAX] = {};
  int lengths[MAX] = {};
  int formats[MAX] = {};
  const char* values[MAX] = {};
};

template <size_t N>
kj::ArrayPtr<const kj::byte> bytesOf(const std::array<uint8_t, N>& bytes) {
  return kj::ArrayPtr<const kj::byte>(bytes.data(), N);
}

}  // namespace waas::broker
