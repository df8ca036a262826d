#include "call.h"

namespace waas::client {

uint64_t CallContext::now() const { return static_cast<uint64_t>((clock.now() - kj::UNIX_EPOCH) / kj::MILLISECONDS); }

}  // namespace waas::client
