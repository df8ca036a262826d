// V32: a container can't copy secrets around.
// refused: deleted function | deleted constructor | static assertion failed | static_assert failed
#include <vector>
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  std::vector<waas::Secret<32>> all(3);
#ifdef WAAS_FORBIDDEN
  all.push_back(secret);
#endif
}
