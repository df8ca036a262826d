// V32: a secret isn't written to a stream.
// refused: no match for | invalid operands
#include <iostream>
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  std::cout << 32;
#ifdef WAAS_FORBIDDEN
  std::cout << secret;
#endif
}
