#pragma once
// Reading and writing bytes within bounds.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace waas::solana {

using Bytes = std::span<const std::uint8_t>;

/// Reads from the front of a byte string. Each call either takes all that it was asked for or takes nothing and answers
/// false. Integers are little endian. Value type; does not own the bytes.
class ByteReader {
 public:
  explicit constexpr ByteReader(Bytes bytes) noexcept : bytes(bytes) {}

  std::size_t position() const noexcept { return at; }
  std::size_t remaining() const noexcept { return bytes.size() - at; }
  bool atEnd() const noexcept { return at == bytes.size(); }

  [[nodiscard]] bool take(std::size_t count, Bytes& out) noexcept {
    if (count > remaining()) return false;
    out = bytes.subspan(at, count);
    at += count;
    return true;
  }

  [[nodiscard]] bool read(std::uint8_t& out) noexcept {
    if (atEnd()) return false;
    out = bytes[at++];
    return true;
  }

  [[nodiscard]] bool read(std::uint16_t& out) noexcept { return readInteger(out); }
  [[nodiscard]] bool read(std::uint32_t& out) noexcept { return readInteger(out); }
  [[nodiscard]] bool read(std::uint64_t& out) noexcept { return readInteger(out); }

 private:
  Bytes bytes;
  std::size_t at = 0;

  template <typename Integer>
  bool readInteger(Integer& out) noexcept {
    Bytes part;
    if (!take(sizeof(Integer), part)) return false;
    std::uint64_t value = 0;
    for (std::size_t i = part.size(); i-- > 0;) value = value << 8 | part[i];
    out = static_cast<Integer>(value);
    return true;
  }
};

/// Writes into a buffer of the caller's. Once something did not fit, nothing more is written and `fits()` is false; so
/// one check at the end is enough. Value type; does not own the buffer.
class ByteWriter {
 public:
  explicit constexpr ByteWriter(std::span<std::uint8_t> buffer) noexcept : buffer(buffer) {}

  bool fits() const noexcept { return good; }
  std::size_t size() const noexcept { return at; }

  void put(Bytes bytes) noexcept {
    good = good && bytes.size() <= buffer.size() - at;
    if (!good || bytes.empty()) return;
    std::memcpy(buffer.data() + at, bytes.data(), bytes.size());
    at += bytes.size();
  }

  void put(std::uint8_t byte) noexcept { put(Bytes(&byte, 1)); }
  void put(std::uint16_t value) noexcept { putInteger(value); }
  void put(std::uint32_t value) noexcept { putInteger(value); }
  void put(std::uint64_t value) noexcept { putInteger(value); }

 private:
  std::span<std::uint8_t> buffer;
  std::size_t at = 0;
  bool good = true;

  template <typename Integer>
  void putInteger(Integer value) noexcept {
    std::uint8_t bytes[sizeof(Integer)];
    for (std::size_t i = 0; i < sizeof(Integer); ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    put(Bytes(bytes));
  }
};

}  // namespace waas::solana
