// V32: secrets aren't compared by an operator that may stop early.
// refused: deleted function | deleted
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  (void)secret.matches(other);
#ifdef WAAS_FORBIDDEN
  (void)(secret == other);
#endif
}
