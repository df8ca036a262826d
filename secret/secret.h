#pragma once
// A fixed-size secret that can't be copied, printed or compared by accident.
//
// May be used by: the vault, and the client library (session keys, stretched passwords).
#include <cstddef>
#include <cstdint>
#include <span>

#include <sodium.h>

namespace waas {

// The pass-key for reading or writing the bytes of a Secret. Only `here()` makes one, so that
// `grep 'SecretAccess::here'` lists every reader; tests/architecture holds that list against the allowed one.
class SecretAccess {
 public:
  static constexpr SecretAccess here() { return SecretAccess(); }

 private:
  constexpr SecretAccess() = default;
};

// N secret bytes, wiped when the object ends.
//
// A resource: neither copied nor moved, so there is one place in memory to wipe. It has no `operator==`, no conversion
// and no formatter: `kj::str(s)`, `fmt::format("{}", s)` and `a == b` do not compile (tests/compile-fail). The object
// lives wherever its owner puts it; in the vault that must be secret memory (daemon/vault/secret-memory.h).
template <size_t N>
class Secret {
 public:
  static constexpr size_t SIZE = N;

  Secret() { wipe(); }
  ~Secret() { wipe(); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  bool operator==(const Secret&) const = delete;

  // The bytes, to compute with. The span must not outlive the object, and what is computed from it is a secret again.
  std::span<const uint8_t, N> reveal(SecretAccess) const { return std::span<const uint8_t, N>(bytes, N); }

  // The bytes, to be written.
  std::span<uint8_t, N> fill(SecretAccess) { return std::span<uint8_t, N>(bytes, N); }

  // Overwrites the bytes with zeros in a way the compiler can't leave out.
  void wipe() { sodium_memzero(bytes, N); }

  // Compares in constant time (constant in the contents).
  bool matches(const Secret& other) const { return sodium_memcmp(bytes, other.bytes, N) == 0; }

 private:
  alignas(16) uint8_t bytes[N];
};

}  // namespace waas
