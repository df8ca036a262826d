#include "proof.h"

namespace waas {

ProofBuilder::ProofBuilder(std::span<const uint8_t, 32> key, const Id& tokenId, uint64_t timeMs, Call call) {
  uint8_t head[12 + 16 + 8 + 1];
  ByteWriter w(head);
  w.bytes(asBytes("waas proof 1", 12));
  w.bytes(tokenId);
  w.u64(timeMs);
  w.u8(static_cast<uint8_t>(call));
  crypto_auth_hmacsha256_init(&state, key.data(), key.size());
  crypto_auth_hmacsha256_update(&state, head, w.size());
}

ProofBuilder::~ProofBuilder() { sodium_memzero(&state, sizeof state); }

void ProofBuilder::field(Bytes bytes) {
  uint8_t length[4];
  ByteWriter w(length);
  w.u32(static_cast<uint32_t>(bytes.size()));
  crypto_auth_hmacsha256_update(&state, length, sizeof length);
  crypto_auth_hmacsha256_update(&state, bytes.data(), bytes.size());
}

Hash ProofBuilder::finish() {
  Hash mac;
  crypto_auth_hmacsha256_final(&state, mac.data());
  return mac;
}

}  // namespace waas
