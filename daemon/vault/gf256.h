#pragma once
// The field GF(2^8) with the polynomial x^8 + x^4 + x^3 + x + 1 (0x11b, as in AES), sixteen elements at a time.
//
// Constant time in all operands: no table, no branch and no address depends on a value (tests/security/ct holds it to
// that). Elements lie in the bytes of a 128-bit vector; compilers turn the comparisons into lane masks.
#include <cstdint>
#include <cstring>

namespace waas::vault::gf256 {

typedef uint8_t Lanes __attribute__((vector_size(16)));
typedef int8_t SignedLanes __attribute__((vector_size(16)));

constexpr size_t LANES = 16;

// Hides where a value comes from, so that no compiler turns a mask made of it back into a branch.
inline Lanes opaque(Lanes v) {
#if defined(__x86_64__)
  asm("" : "+x"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
  return v;
}

inline Lanes load(const uint8_t* from) {
  Lanes v;
  memcpy(&v, from, LANES);
  return v;
}

inline void store(uint8_t* to, Lanes v) { memcpy(to, &v, LANES); }

inline Lanes broadcast(uint8_t b) { return Lanes{b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b}; }

// All ones in every lane whose top bit is set, else all zeros.
inline Lanes topBitMask(Lanes a) { return opaque((Lanes)((SignedLanes)a < 0)); }

// a * x in every lane.
inline Lanes timesX(Lanes a) { return (a + a) ^ (topBitMask(a) & broadcast(0x1b)); }

// a * b in every lane.
inline Lanes multiply(Lanes a, Lanes b) {
  Lanes product = broadcast(0);
  for (int bit = 0; bit < 8; bit++) {  // Horner's scheme over the bits of b, the highest first
    product = timesX(product) ^ (topBitMask(b) & a);
    b = b + b;
  }
  return product;
}

// 1 / a in every lane (a to the 254th); 0 for 0.
inline Lanes inverse(Lanes a) {
  Lanes a2 = multiply(a, a), a3 = multiply(a2, a), a6 = multiply(a3, a3), a12 = multiply(a6, a6);
  Lanes a15 = multiply(a12, a3), a30 = multiply(a15, a15), a60 = multiply(a30, a30), a120 = multiply(a60, a60);
  Lanes a126 = multiply(a120, a6), a127 = multiply(a126, a);
  return multiply(a127, a127);
}

}  // namespace waas::vault::gf256
