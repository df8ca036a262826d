// V32: a secret isn't taken for public bytes.
// refused: no matching function | cannot convert | could not convert | no viable conversion
#include "protocol/bytes.h"
#include "secret/secret.h"
inline void publish(waas::Bytes) {}

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  publish(waas::Hash{});
#ifdef WAAS_FORBIDDEN
  publish(secret);
#endif
}
