#pragma once
// What the routes work with. Made by main, outlives every call.
#include <kj/async.h>
#include <kj/timer.h>

#include "metrics.h"
#include "postgres/database.h"
#include "readiness.h"
#include "settings.h"
#include "signer/daemon-link.h"
#include "signer/session-cache.h"
#include "worker-pool.h"

namespace waas::gateway {

class CronRun;

struct Parts {
  const Settings& settings;
  kj::Timer& timer;
  DaemonLink& daemon;
  SessionCache& sessions;
  Database& database;
  WorkerPool& stretching;
  Readiness& readiness;
  CronRun& cron;
  Metrics& metrics;
  kj::TaskSet& background;  // what is to be done after the answer
  bool secureCookies;
  std::function<Metrics::Sampled()> sample;
};

}  // namespace waas::gateway
