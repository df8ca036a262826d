// V32: a secret isn't formatted by KJ.
// refused: toCharSequence
#include <kj/string.h>
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  (void)kj::str("key ", 32);
#ifdef WAAS_FORBIDDEN
  (void)kj::str("key ", secret);
#endif
}
