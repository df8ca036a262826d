#pragma once
#include <kj/string.h>

namespace waas::broker {

// Of the daemon, for people to read. WAAS_VERSION comes from the build.
constexpr kj::StringPtr VERSION = WAAS_VERSION ""_kj;

}  // namespace waas::broker
