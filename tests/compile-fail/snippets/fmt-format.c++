// V32: a secret isn't formatted by fmt or spdlog.
// refused: deleted function | deleted constructor | formattable
#include <fmt/format.h>
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  (void)fmt::format("{}", 32);
#ifdef WAAS_FORBIDDEN
  (void)fmt::format("{}", secret);
#endif
}
