// V32: only here() makes the pass-key.
// refused: is private within this context | calling a private constructor | could not convert | no matching | no viable
// conversion
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  (void)secret.reveal(waas::SecretAccess::here());
#ifdef WAAS_FORBIDDEN
  (void)secret.reveal(waas::SecretAccess());
#endif
}
