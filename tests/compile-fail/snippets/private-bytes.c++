// V32: the bytes can't be reached around it.
// refused: is private | is a private member
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  (void)secret;
#ifdef WAAS_FORBIDDEN
  (void)secret.bytes;
#endif
}
