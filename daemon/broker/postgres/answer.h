#pragma once
// What the server answered to one statement: rows, or an error that ended its transaction.
#include <daemon/broker/postgres/libpq-handle.h>
#include <kj/array.h>
#include <kj/exception.h>
#include <kj/string.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace waas::broker {

// An answer whose Sync was reached: if it is no error, the statement is committed. Moves; owns the rows' memory.
class PostgresAnswer {
 public:
  // The statement failed; nothing was changed. Codes and names are as the server sent them: compare, do not show.
  bool failed() const { return error != nullptr; }
  kj::StringPtr sqlState() const;
  kj::StringPtr constraint() const;

  // Turns a failure into a fault with a literal of ours.
  kj::Exception fault() const;
  void requireSuccess() const {
    if (failed()) kj::throwFatalException(fault());
  }

  // Rows that an INSERT or UPDATE changed.
  size_t affected() const;

  size_t rows() const;
  bool isNull(size_t row, int column) const;
  // The bytes of a value (empty for null), as long as this object lives.
  kj::ArrayPtr<const kj::byte> bytes(size_t row, int column) const;

  // Read a binary value of exactly that type's size; false when it is null or has another size.
  [[nodiscard]] bool integer(size_t row, int column, int64_t& out) const;
  [[nodiscard]] bool boolean(size_t row, int column, bool& out) const;
  [[nodiscard]] bool time(size_t row, int column, uint64_t& unixMilliseconds) const;  // before 1970 is false
  template <size_t N>
  [[nodiscard]] bool fixed(size_t row, int column, std::array<uint8_t, N>& out) const {
    auto value = bytes(row, column);
    if (value.size() != N || isNull(row, column)) return false;
    memcpy(out.data(), value.begin(), N);
    return true;
  }

  // For the session that collects it.
  void add(LibpqResult next);

 private:
  LibpqResult result;
  LibpqResult error;
};

}  // namespace waas::broker
