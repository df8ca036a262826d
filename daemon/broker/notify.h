#pragma once
// Tells systemd that the service is ready or stopping (sd_notify by hand: one datagram).
#include <kj/string.h>

namespace waas::broker {

// Does nothing without NOTIFY_SOCKET. `state` is like "READY=1". A failure is only logged.
void notifySupervisor(kj::StringPtr state);

}  // namespace waas::broker
