// V32: a secret isn't passed by value.
// refused: deleted function | deleted constructor
#include "secret/secret.h"
inline void take(waas::Secret<32>) {}
inline void borrow(const waas::Secret<32>&) {}

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  borrow(secret);
#ifdef WAAS_FORBIDDEN
  take(secret);
#endif
}
