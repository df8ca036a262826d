#pragma once
// Fixed-size byte strings of the protocol (ids, keys, hashes), and a bounds-checked writer and reader for its canonical
// byte layouts. Not for secrets: see secret/secret.h.
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace waas {

using Bytes = std::span<const uint8_t>;

using Id = std::array<uint8_t, 16>;
using PublicKey = std::array<uint8_t, 32>;
using Hash = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

// Who owns a wallet: one kind byte and 16 bytes. A user's id is random; a service's is derived from its name.
struct OwnerId {
  enum class Kind : uint8_t { USER = 1, SERVICE = 2 };
  static constexpr size_t SIZE = 17;

  Kind kind = Kind::USER;
  Id id{};

  bool operator==(const OwnerId&) const = default;
};

// Appends to a caller's buffer; after an overflow `ok()` is false and nothing more is written.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<uint8_t> out) : out(out) {}

  void bytes(Bytes b) {
    if (!reserve(b.size())) return;
    if (!b.empty()) memcpy(out.data() + used, b.data(), b.size());
    used += b.size();
  }
  void u8(uint8_t v) { integer(v); }
  void u16(uint16_t v) { integer(v); }
  void u32(uint32_t v) { integer(v); }
  void u64(uint64_t v) { integer(v); }
  void owner(const OwnerId& o) {
    u8(static_cast<uint8_t>(o.kind));
    bytes(o.id);
  }

  bool ok() const { return !overflow; }
  size_t size() const { return used; }
  Bytes written() const { return out.first(used); }

 private:
  bool reserve(size_t n) {
    if (overflow || n > out.size() - used) overflow = true;
    return !overflow;
  }
  template <typename T>
  void integer(T v) {
    uint8_t le[sizeof(T)];
    for (size_t i = 0; i < sizeof(T); i++) le[i] = static_cast<uint8_t>(static_cast<uint64_t>(v) >> (8 * i));
    bytes(le);
  }

  std::span<uint8_t> out;
  size_t used = 0;
  bool overflow = false;
};

// Reads what ByteWriter wrote; after a short read `ok()` is false and everything reads as zero.
class ByteReader {
 public:
  explicit ByteReader(Bytes in) : in(in) {}

  Bytes bytes(size_t n) {
    if (short_ || n > in.size() - used) {
      short_ = true;
      return {};
    }
    used += n;
    return in.subspan(used - n, n);
  }
  template <size_t N>
  void fill(std::array<uint8_t, N>& out) {
    Bytes b = bytes(N);
    if (b.size() == N) memcpy(out.data(), b.data(), N);
  }
  uint8_t u8() { return integer<uint8_t>(); }
  uint16_t u16() { return integer<uint16_t>(); }
  uint32_t u32() { return integer<uint32_t>(); }
  uint64_t u64() { return integer<uint64_t>(); }
  // False in `ok()` for an unknown kind, too.
  OwnerId owner() {
    OwnerId o;
    uint8_t kind = u8();
    if (kind != 1 && kind != 2) short_ = true;
    o.kind = static_cast<OwnerId::Kind>(kind);
    fill(o.id);
    return o;
  }

  bool ok() const { return !short_; }
  // True when everything was read and nothing is left over.
  bool done() const { return ok() && used == in.size(); }

 private:
  template <typename T>
  T integer() {
    Bytes b = bytes(sizeof(T));
    uint64_t v = 0;
    for (size_t i = 0; i < b.size(); i++) v |= static_cast<uint64_t>(b[i]) << (8 * i);
    return static_cast<T>(v);
  }

  Bytes in;
  size_t used = 0;
  bool short_ = false;
};

inline Bytes asBytes(const char* text, size_t size) { return Bytes(reinterpret_cast<const uint8_t*>(text), size); }

}  // namespace waas
