#include "daemon/vault/random.h"

#include <sodium.h>

namespace waas::vault {

void KernelRandom::fill(std::span<uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace waas::vault
