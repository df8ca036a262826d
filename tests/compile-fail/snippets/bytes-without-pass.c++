// V32: the bytes can't be read without the pass-key.
// refused: no matching function | too few arguments
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  (void)secret.reveal(waas::SecretAccess::here());
#ifdef WAAS_FORBIDDEN
  (void)secret.reveal();
#endif
}
