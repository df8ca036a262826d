// V32: a secret isn't copied.
// refused: deleted function | deleted constructor
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  waas::Secret<32> fresh;
  (void)fresh;
#ifdef WAAS_FORBIDDEN
  waas::Secret<32> copy(secret);
#endif
}
