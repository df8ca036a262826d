// waas-gateway: wiring, in the order of losing power.
#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <seccomp/install.h>
#include <seccomp/sandbox.h>
#include <sodium.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "cron-run.h"
#include "http/server.h"
#include "log.h"
#include "service.h"

namespace waas::gateway {
namespace {

struct Arguments {
  std::string config, credentials, listen;
  bool printSandbox = false;
  int exitCode = -1;  // not -1: end now with this code

  Arguments(int count, char** values) {
    CLI::App app{"waas-gateway: the HTTP API of WaaS"};
    app.add_option("--config", config, "settings (gateway.toml)");
    app.add_option("--credentials", credentials, "folder of credentials (default: $CREDENTIALS_DIRECTORY)");
    app.add_option("--listen", listen, "address:port or unix:/path, in place of the one in the settings");
    app.add_flag("--print-sandbox", printSandbox, "show the table of allowed system calls, and end");
    app.set_version_flag("--version", std::string(WAAS_VERSION));
    try {
      app.parse(count, values);
    } catch (const CLI::ParseError& error) {
      exitCode = app.exit(error) == 0 ? 0 : 2;
    }
    const char* folder = getenv("CREDENTIALS_DIRECTORY");
    if (credentials.empty() && folder != nullptr) credentials = folder;
  }
};

void require(const seccomp::Outcome& outcome) {
  if (outcome) throw SettingsError{outcome->sentence};
}

// As many descriptors as connections need; fewer connections where the system does not give them.
void fitConnections(Settings& settings) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  rlim_t wanted = settings.connections + limits::SPARE_DESCRIPTORS;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = kj::min(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) return;
  settings.connections =
      static_cast<uint32_t>(kj::max(limit.rlim_cur, 2 * limits::SPARE_DESCRIPTORS)) - limits::SPARE_DESCRIPTORS;
  logWarning("G0002", "fewer connections than set, for want of descriptors", {{"connections", settings.connections}});
}

kj::Own<kj::ConnectionReceiver> openPort(kj::AsyncIoContext& io, const std::string& address) {
  if (getenv("LISTEN_FDS") != nullptr) {
    return io.lowLevelProvider->wrapListenSocketFd(3, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
  }
  if (address.starts_with("unix:")) unlink(address.c_str() + 5);
  try {
    return io.provider->getNetwork()
        .parseAddress(kj::StringPtr(address.c_str(), address.size()))
        .wait(io.waitScope)
        ->listen();
  } catch (const kj::Exception&) {
    throw SettingsError{"the address of listen can't be used: malformed, taken, or not ours"};
  }
}

seccomp::GatewaySandboxOptions sandboxOptions(const Settings& settings) {
  seccomp::GatewaySandboxOptions options;
  if (!settings.credentials.empty()) options.readablePaths.push_back(settings.credentials);
  if (auto port = databasePort(settings.databaseUrl)) options.connectPorts.push_back(*port);
  return options;
}

void enterSandbox(const Settings& settings) {
#ifdef WAAS_UNSANDBOXED_BUILD
  // Sanitizers make calls that no table has; such a build is for tests only.
  (void)settings;
  logWarning("G0003", "this build has no sandbox");
#else
  seccomp::LandlockReport report;
  require(seccomp::enterGatewaySandbox(sandboxOptions(settings), report));
  logInfo("G0004", "sandboxed", {{"landlock", report.abi}});
#endif
}

class LoggedTasks final : public kj::TaskSet::ErrorHandler {
 public:
  void taskFailed(kj::Exception&& exception) override { logFault("G6002", "a background task failed", exception); }
};

kj::Promise<void> cleanUp(Database& database, kj::Timer& timer) {
  return database.clean()
      .catch_([](kj::Exception&& exception) { logFault("G6003", "old rows were not thrown out", exception); })
      .then([&timer]() { return timer.afterDelay(limits::CLEAN_EVERY); })
      .then([&database, &timer]() { return cleanUp(database, timer); });
}

void reload(TlsIdentity& identity) {
  auto result = identity.reload();
  if (result == TlsIdentity::Reload::TAKEN) logInfo("G0005", "took the new certificate");
  if (result == TlsIdentity::Reload::REFUSED) logError("G0006", "the new certificate is no good; the old one stays");
}

kj::Promise<void> watchCertificate(TlsIdentity& identity, kj::UnixEventPort& port) {
  return port.getTimer()
      .afterDelay(5 * kj::SECONDS)
      .exclusiveJoin(port.onSignal(SIGHUP).ignoreResult())
      .then([&identity, &port]() {
        reload(identity);
        return watchCertificate(identity, port);
      });
}

int serve(Settings settings) {
  signal(SIGPIPE, SIG_IGN);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) kj::UnixEventPort::captureSignal(number);
  auto io = kj::setupAsyncIo();
  auto& timer = io.unixEventPort.getTimer();

  auto identity = settings.credentials.empty() ? nullptr : TlsIdentity::load(settings.credentials);
  if (identity == nullptr && !isLocalAddress(settings.listen)) {
    throw SettingsError{"without a certificate the gateway listens on loopback or a Unix socket only"};
  }
  bool overTls = identity != nullptr && !settings.listen.starts_with("unix:");
  auto listener = openPort(io, settings.listen);
  enterSandbox(settings);

  // From here on threads may start.
  LoggedTasks logged;
  Metrics metrics;
  WorkerPool stretching(settings.stretching, settings.stretchQueue);
  Database database(settings.databaseUrl, settings.databasePassword);
  DaemonLink daemon(io.provider->getNetwork(), timer, settings.socket, settings.vault, settings.daemonConnections);
  SessionCache sessions(daemon, limits::SESSIONS);
  Readiness readiness(timer, daemon, database);
  CronRun cron(timer, daemon);
  kj::TaskSet background(logged);
  bool secureCookies = overTls || std::any_of(settings.origins.begin(), settings.origins.end(),
                                              [](auto& origin) { return origin.starts_with("https://"); });
  Parts parts{settings,  timer, daemon,  sessions,   database,      stretching,
              readiness, cron,  metrics, background, secureCookies, {}};
  Service service(parts);
  HttpServer server(timer, service, {settings.connections, settings.connectionsPerAddress, settings.idle});
  parts.sample = [&]() {
    return Metrics::Sampled{server.connections(),        service.calls(),   sessions.size(),
                            server.refusedConnections(), daemon.connects(), readiness.wasReady()};
  };

  background.add(cleanUp(database, timer));
  kj::Maybe<TlsIdentity&> tls;
  KJ_IF_MAYBE (it, identity) {
    if (overTls) tls = **it;
    background.add(watchCertificate(**it, io.unixEventPort));
  }
  auto listening = server.listen(*listener, tls).eagerlyEvaluate([](kj::Exception&& exception) {
    logFault("G6001", "listening ended", exception);
  });
  logInfo("G0001", "serving",
          {{"pid", getpid()}, {"tls", overTls}, {"port", static_cast<int64_t>(listener->getPort())}});

  io.unixEventPort.onSignal(SIGTERM).exclusiveJoin(io.unixEventPort.onSignal(SIGINT)).wait(io.waitScope);
  logInfo("G0007", "stopping", {{"calls", static_cast<int64_t>(service.calls())}});
  listening = nullptr;
  listener = nullptr;
  server.drain().wait(io.waitScope);
  logInfo("G0008", "stopped");
  // What is left is given back by the kernel; threads may still wait for a database.
  fflush(nullptr);
  _exit(0);
}

int run(int count, char** values) {
  Arguments arguments(count, values);
  if (arguments.exitCode != -1) return arguments.exitCode;
  if (arguments.printSandbox) {
    fputs(seccomp::describe(seccomp::gatewayProfile()).c_str(), stdout);
    return 0;
  }
  require(seccomp::beginGateway({getenv("LISTEN_FDS") != nullptr ? 4u : 3u}));
  if (sodium_init() < 0) throw SettingsError{"no randomness"};
  umask(0117);
  auto settings = readSettings(arguments.config, arguments.credentials);
  if (!arguments.listen.empty()) settings.listen = arguments.listen;
  startLog(settings.verbose);
  QuietCallback quiet;
  fitConnections(settings);
  return serve(kj::mv(settings));
}

}  // namespace
}  // namespace waas::gateway

int main(int count, char** values) {
  int code = 1;
  try {
    code = waas::gateway::run(count, values);
  } catch (const waas::gateway::SettingsError& error) {
    fprintf(stderr, "waas-gateway: %s\n", error.message.c_str());
  } catch (const kj::Exception& exception) {
    fprintf(stderr, "waas-gateway: could not start (%s:%d)\n", exception.getFile(), exception.getLine());
  } catch (const std::exception&) {
    fprintf(stderr, "waas-gateway: could not start\n");
  }
  fflush(nullptr);
  _exit(code);
}
