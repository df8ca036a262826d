#include "metrics.h"

#include <prometheus/text_serializer.h>

namespace waas::gateway {
namespace {

const prometheus::Histogram::BucketBoundaries SECONDS{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                      0.1,    0.25,  0.5,    1,     2.5,  10};

prometheus::Gauge& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

Metrics::Metrics()
    : requests(prometheus::BuildCounter()
                   .Name("waas_gateway_requests_total")
                   .Help("Requests that were answered, by route and status.")
                   .Register(registry)),
      durations(prometheus::BuildHistogram()
                    .Name("waas_gateway_request_seconds")
                    .Help("Time from a whole request to its answer.")
                    .Register(registry)),
      signatures(prometheus::BuildCounter()
                     .Name("waas_gateway_signatures_total")
                     .Help("Signatures asked for, by result.")
                     .Register(registry)),
      signIns(prometheus::BuildCounter()
                  .Name("waas_gateway_sign_ins_total")
                  .Help("Attempts to sign in, by result.")
                  .Register(registry)),
      connections(gauge(registry, "waas_gateway_connections", "Connections of clients.")),
      calls(gauge(registry, "waas_gateway_calls", "Requests that are being served.")),
      sessions(gauge(registry, "waas_gateway_sessions", "People's sessions that are kept ready.")),
      ready(gauge(registry, "waas_gateway_ready", "1 when daemon, stores and database are reached.")),
      refusedConnections(gauge(registry, "waas_gateway_refused_connections", "Connections that were not taken.")),
      daemonConnects(
          gauge(registry, "waas_gateway_daemon_connects", "Connections made to the daemon since the start.")) {}

void Metrics::answered(std::string_view name, unsigned status, uint64_t microseconds) {
  auto found = routes.find(name);
  if (found == routes.end()) {
    found = routes.emplace(std::string(name), Route{}).first;
    found->second.time = &durations.Add({{"route", found->first}}, SECONDS);
  }
  auto& route = found->second;
  auto& counter = route.byStatus[status];
  if (counter == nullptr) counter = &requests.Add({{"route", found->first}, {"status", std::to_string(status)}});
  counter->Increment();
  route.time->Observe(static_cast<double>(microseconds) / 1e6);
}

void Metrics::signature(std::string_view result) { signatures.Add({{"result", std::string(result)}}).Increment(); }
void Metrics::signIn(std::string_view result) { signIns.Add({{"result", std::string(result)}}).Increment(); }

std::string Metrics::text(const Sampled& now) {
  connections.Set(static_cast<double>(now.connections));
  calls.Set(static_cast<double>(now.calls));
  sessions.Set(static_cast<double>(now.sessions));
  ready.Set(now.ready ? 1 : 0);
  refusedConnections.Set(static_cast<double>(now.refusedConnections));
  daemonConnects.Set(static_cast<double>(now.daemonConnects));
  return prometheus::TextSerializer().Serialize(registry.Collect());
}

}  // namespace waas::gateway
