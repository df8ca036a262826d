#pragma once
// Asks Redis Sentinels which server is the primary at the moment, so that a fail-over is followed.
#include <daemon/broker/redis/dialer.h>
#include <kj/timer.h>

namespace waas::broker {

// Asks the Sentinels of a URL in order until one of them knows; the one that knew comes first the next time. Rejected
// with a text for the log when none does. `url`, `dialer` and `timer` must outlive the promise.
kj::Promise<RedisUrl::Address> findPrimary(RedisUrl& url, RedisDialer& dialer, kj::Timer& timer, kj::Duration patience);

}  // namespace waas::broker
