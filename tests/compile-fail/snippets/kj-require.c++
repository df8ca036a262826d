// V32: a secret is no operand of an assertion, even by name.
// refused: toCharSequence
#include <kj/debug.h>
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  KJ_REQUIRE(secret.matches(other), "differs");
#ifdef WAAS_FORBIDDEN
  KJ_REQUIRE(secret.matches(other), "differs", secret);
#endif
}
