#pragma once
// Numbers for Prometheus. No label has a value that a client chose.
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace waas::gateway {

class Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // One request that was answered. `route` is a pattern or "none".
  void answered(std::string_view route, unsigned status, uint64_t microseconds);
  void signature(std::string_view result);  // signed, denied, failed
  void signIn(std::string_view result);     // accepted, refused, held (too many attempts), failed

  struct Sampled {
    size_t connections = 0, calls = 0, sessions = 0;
    uint64_t refusedConnections = 0, daemonConnects = 0;
    bool ready = false;
  };
  // The whole in Prometheus' text form, with what is measured only when somebody asks.
  std::string text(const Sampled& now);

 private:
  using Counters = prometheus::Family<prometheus::Counter>;
  using Histograms = prometheus::Family<prometheus::Histogram>;

  struct Route {
    prometheus::Histogram* time = nullptr;
    std::map<unsigned, prometheus::Counter*> byStatus;
  };

  prometheus::Registry registry;
  Counters& requests;
  Histograms& durations;
  Counters& signatures;
  Counters& signIns;
  prometheus::Gauge &connections, &calls, &sessions, &ready, &refusedConnections, &daemonConnects;
  std::map<std::string, Route, std::less<>> routes;
};

}  // namespace waas::gateway
