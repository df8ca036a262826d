#pragma once
// Local services: who owns their wallets.
#include "bytes.h"

#include <string_view>

namespace waas {

// 1 to 32 of a-z, 0-9 and -.
bool isServiceName(std::string_view name);

// Owner id of the wallets of the service with this name: the first 16 bytes of SHA-256("waas service " + name).
OwnerId serviceOwner(std::string_view name);

}  // namespace waas
