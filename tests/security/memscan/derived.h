#pragma once
// What computations make of a key while they run: any of these in memory is as good as the key.
#include "encodings.h"

namespace waas::memscan {

// AES-256: all 15 round keys for encryption, and for the equivalent inverse cipher (same order).
Bytes aesSchedule(const Bytes& key);
Bytes aesInverseSchedule(const Bytes& schedule);
// GCM's authentication key H, and H doubled in the bit order of carry-less multiplication.
Bytes ghashKey(const Bytes& key);
Bytes doubledGhashKey(const Bytes& h);

// Ed25519: SHA-512 of a seed (scalar | nonce prefix); the clamped scalar; a scalar mod L; the 64 bytes whose remainder
// is the nonce of one signature.
Bytes expandSeed(const Bytes& seed);
Bytes clamped(Bytes scalar);
Bytes reduced(const Bytes& scalar);
Bytes wideNonce(const Bytes& seed, const Bytes& message);
Bytes seedAndPublicKey(const Bytes& seed);
// A scalar as twelve 21-bit limbs in 64-bit words, and as 64 signed digits of 4 bits.
Bytes limbs21(const Bytes& scalar);
Bytes radix16(const Bytes& scalar);

// HMAC-SHA256: the hash state after the block of the key, inner (0x36) or outer (0x5c), as words in memory.
Bytes hmacState(const Bytes& key, uint8_t pad);
Bytes xored(Bytes bytes, uint8_t with);

}  // namespace waas::memscan
