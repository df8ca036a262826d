// V32: a secret isn't assigned.
// refused: deleted function | deleted operator
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  secret.wipe();
#ifdef WAAS_FORBIDDEN
  secret = other;
#endif
}
