// V32: keys, keyrings, regions and scratches aren't copied either.
// refused: deleted function | deleted constructor
#include "daemon/vault/kdf.h"
#include "secret/secret.h"

void check(waas::Secret<32>& secret, waas::Secret<32>& other) {
  (void)secret, (void)other;
  waas::vault::HmacKey key(secret.reveal(waas::SecretAccess::here()));
#ifdef WAAS_FORBIDDEN
  waas::vault::HmacKey copy(key);
#endif
}
