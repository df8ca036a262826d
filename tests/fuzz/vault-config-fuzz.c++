// The vault's settings file: any text is taken or refused with a line of the text.
#include "daemon/vault/config.h"
#include "fuzz-check.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  waas::vault::Config config;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto error = config.parse(text)) {
    FUZZ_CHECK(error->line <= 1 + static_cast<size_t>(std::count(text.begin(), text.end(), '\n')));
    FUZZ_CHECK(error->says != nullptr && *error->says != 0);
  } else {
    FUZZ_CHECK(!config.socketPath.empty());
    FUZZ_CHECK(config.argon2Memory >= waas::MIN_ARGON2_MEMORY && config.argon2Passes >= waas::MIN_ARGON2_PASSES);
  }
  return 0;
}
