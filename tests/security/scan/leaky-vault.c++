// The vault with one deliberate leak, for the scan's positive control: a copy of share 1 of each signature stays in
// ordinary memory. No leak is in the product's sources: the linker puts this function before the real one (--wrap).
#include <span>

#include "daemon/vault/shamir.h"

#define COMBINE_SHARES                                                            \
  "_ZN4waas5vault13combineSharesESt4spanIKNS_6SecretILm32EEELm184467440737095516" \
  "15EES1_IKhLm18446744073709551615EERS3_"

namespace waas::vault {

bool realCombineShares(std::span<const Secret<32>> shares, std::span<const uint8_t> coordinates,
                       Secret<32>& secret) asm("__real_" COMBINE_SHARES);
bool wrappedCombineShares(std::span<const Secret<32>> shares, std::span<const uint8_t> coordinates,
                          Secret<32>& secret) asm("__wrap_" COMBINE_SHARES);

namespace {
volatile uint8_t leaked[32];
}

bool wrappedCombineShares(std::span<const Secret<32>> shares, std::span<const uint8_t> coordinates,
                          Secret<32>& secret) {
  if (!shares.empty()) {
    std::span<const uint8_t, 32> share = shares[0].reveal(SecretAccess::here());
    for (size_t i = 0; i < share.size(); i++) leaked[i] = share[i];
  }
  return realCombineShares(shares, coordinates, secret);
}

}  // namespace waas::vault
