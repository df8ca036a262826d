// waas-broker: wiring, in the order of losing power.
#include <fcntl.h>
#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <kj/debug.h>
#include <seccomp/install.h>
#include <seccomp/sandbox.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "door.h"
#include "health.h"
#include "lifecycle/share-keeper.h"
#include "limit-turns.h"
#include "log.h"
#include "notify.h"
#include "policy-keeper.h"
#include "postgres/endpoints.h"
#include "postgres/postgres-store.h"
#include "redis/redis-share-store.h"
#include "redis/redis-url.h"
#include "version.h"

namespace waas::broker {
namespace {

constexpr uint16_t POSTGRES_PORT = 5432;

struct Arguments {
  std::string config, credentials, listen;
  bool printSandbox = false;
  int exitCode = -1;  // not -1: end now with this code

  Arguments(int count, char** values) {
    CLI::App app{"waas-broker: the part of the WaaS signing daemon that talks to clients and stores"};
    app.add_option("--config", config, "settings (signerd.toml)");
    app.add_option("--credentials", credentials, "folder of credentials (default: $CREDENTIALS_DIRECTORY)");
    app.add_option("--listen", listen, "path of the public socket, in place of the one in the settings");
    app.add_flag("--print-sandbox", printSandbox, "show the table of allowed system calls, and end");
    app.set_version_flag("--version", std::string(VERSION.cStr()));
    try {
      app.parse(count, values);
    } catch (const CLI::ParseError& error) {
      exitCode = app.exit(error) == 0 ? 0 : 2;
    }
    const char* folder = getenv("CREDENTIALS_DIRECTORY");
    if (credentials.empty() && folder != nullptr) credentials = folder;
  }
};

kj::Maybe<kj::StringPtr> optional(const std::string& text) {
  if (text.empty()) return nullptr;
  return kj::StringPtr(text.c_str(), text.size());
}

void require(const seccomp::Outcome& outcome) {
  if (outcome) throw SettingsError{kj::heapString(outcome->sentence)};
}

kj::AutoCloseFd findListener(const Settings& settings, const Arguments& arguments) {
  KJ_IF_MAYBE (passed, inheritedListener()) return kj::mv(*passed);
  kj::StringPtr path = settings.socket;
  KJ_IF_MAYBE (given, optional(arguments.listen)) path = *given;
  kj::Maybe<kj::StringPtr> group;
  KJ_IF_MAYBE (name, settings.socketGroup) group = kj::StringPtr(*name);
  return bindListener(path, group);
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
      static_cast<uint32_t>(limit.rlim_cur > 2 * limits::SPARE_DESCRIPTORS ? limit.rlim_cur - limits::SPARE_DESCRIPTORS
                                                                           : limits::SPARE_DESCRIPTORS);
  logWarning("B0002", "fewer connections than set, for want of descriptors", {{"connections", settings.connections}});
}

uint32_t randomSeed() {
  uint32_t seed = 1;
  if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) seed = static_cast<uint32_t>(getpid());
  return seed;
}

kj::Maybe<kj::String> copyOf(const kj::Maybe<kj::String>& text) {
  return text.map([](const kj::String& it) { return kj::heapString(it); });
}

PostgresOptions postgresOptions(const Settings& settings) {
  PostgresOptions options;
  options.conninfo = kj::heapString(settings.postgres.url);
  options.password = copyOf(settings.postgres.password);
  options.caFile = copyOf(settings.postgres.caFile);
  options.namedStatements = settings.namedStatements;
  options.deadline = kj::min(options.deadline, settings.deadline);
  options.jitterSeed = randomSeed();
  return options;
}

RedisOptions redisOptions(const Settings& settings, const ServerSettings& server, uint8_t shareIndex,
                          uint32_t waitReplicas = 0) {
  RedisOptions options;
  options.name = kj::str("redis", shareIndex - 1, waitReplicas > 0 ? " writes" : "");
  options.url = kj::heapString(server.url);
  options.password = copyOf(server.password);
  options.caFile = copyOf(server.caFile);
  options.shareIndex = shareIndex;
  options.waitReplicas = waitReplicas;
  options.deadline = kj::min(options.deadline, settings.deadline);
  options.jitterSeed = randomSeed();
  return options;
}

// Comings and goings of stores, for the daemon's own log; the reason is what the server or library said.
class StoreLog final : public StoreObserver {
 public:
  explicit StoreLog(kj::Function<void()> connected) : connected(kj::mv(connected)) {}
  void storeConnected(kj::StringPtr store) override {
    logInfo("B7001", kj::str(store, " connected").cStr());
    connected();
  }
  void storeLost(kj::StringPtr store, kj::StringPtr reason) override {
    logWarning("B7002", kj::str(store, " lost: ", reason).cStr());
  }

 private:
  kj::Function<void()> connected;
};

class LoggedTasks final : public kj::TaskSet::ErrorHandler {
 public:
  void taskFailed(kj::Exception&& exception) override { logFault("B6002", "a background task failed", exception); }
};

seccomp::BrokerSandboxOptions sandboxOptions(const Settings& settings) {
  seccomp::BrokerSandboxOptions options;
  for (auto server : {&settings.postgres, &settings.redis1, &settings.redis2}) {
    KJ_IF_MAYBE (file, server->caFile) options.readablePaths.emplace_back(file->cStr());
  }
  for (auto& endpoint : parsePostgresTarget(postgresOptions(settings)).endpoints) {
    long port = endpoint.port.size() == 0 ? POSTGRES_PORT : strtol(endpoint.port.cStr(), nullptr, 10);
    options.connectPorts.push_back(static_cast<uint16_t>(port));
  }
  for (auto server : {&settings.redis1, &settings.redis2}) {
    for (uint16_t port : portsOf(parseRedisUrl(server->url))) options.connectPorts.push_back(port);
  }
  return options;
}

// From here on: no file but a few to read, no program, no other address. Returns whether it is really so.
bool enterSandbox(const Settings& settings) {
#ifdef WAAS_UNSANDBOXED_BUILD
  // Sanitizers make calls that no table has; such a build is for tests only and says so in its health report.
  (void)settings;
  logWarning("B0003", "this build has no sandbox");
  return false;
#else
  seccomp::LandlockReport report;
  require(seccomp::enterBrokerSandbox(sandboxOptions(settings), report));
  logInfo("B0004", "sandboxed", {{"landlock", report.abi}});
  return true;
#endif
}

int serve(Settings settings, kj::AutoCloseFd listener) {
  signal(SIGPIPE, SIG_IGN);
  kj::UnixEventPort::captureSignal(SIGTERM);
  kj::UnixEventPort::captureSignal(SIGINT);
  auto io = kj::setupAsyncIo();
  auto& port = io.unixEventPort;
  auto& timer = port.getTimer();
  auto& network = io.provider->getNetwork();

  LoopTurn turn;
  LoggedTasks logged;
  auto failure = kj::newPromiseAndFulfiller<int>();
  kj::Function<void()> compareServers = []() {};
  StoreLog storeLog([&compareServers]() { compareServers(); });
  auto postgres = newPostgresStore(postgresOptions(settings), network, port, storeLog);
  auto redis1 = newRedisShareStore(redisOptions(settings, settings.redis1, 2), network, timer, storeLog);
  auto redis2 = newRedisShareStore(redisOptions(settings, settings.redis2, 3), network, timer, storeLog);
  auto sameServer = [&failure]() {
    logError("B0006", "both Redis settings name the same server");
    failure.fulfiller->fulfill(1);
  };
  compareServers = [&]() {
    if (HealthReport::isSameServer(redis1->health(), redis2->health())) sameServer();
  };
  // WAIT blocks what is sent behind it, so writes that wait for replicas have connections of their own.
  kj::Vector<kj::Own<ShareStore>> waiting;
  if (settings.waitReplicas > 0) {
    waiting.add(newRedisShareStore(redisOptions(settings, settings.redis1, 2, settings.waitReplicas), network, timer,
                                   storeLog));
    waiting.add(newRedisShareStore(redisOptions(settings, settings.redis2, 3, settings.waitReplicas), network, timer,
                                   storeLog));
  }
  ShareStores writers{{redis1.get(), redis2.get()}};
  for (size_t i = 0; i < waiting.size(); i++) writers.stores[i] = waiting[i].get();

  uint32_t connections = 0;
  Admission admission(settings.calls, limits::CALLS_PER_CONNECTION);
  DeadlineQueue deadlines(timer, settings.deadline, limits::DEADLINE_TICK);
  VaultLink vault(port, turn, kj::heapString(settings.vault));
  AuditWriter audit(*postgres, vault, turn, timer);
  HealthReport health(connections);
  ShareKeeper keeper(timer, kj::systemPreciseCalendarClock());
  LimitTurns limitTurns;
  PolicyKeeper policies(postgres->policies(), vault, timer);
  kj::TaskSet background(logged);
  Parts parts{settings,   timer,     kj::systemPreciseCalendarClock(),
              admission,  deadlines, *postgres,
              *redis1,    *redis2,   vault,
              audit,      health,    keeper,
              limitTurns, policies,  writers,
              background};
  StreamPool pool{port, turn};
  Door door(kj::mv(listener), pool, parts, connections);

  health.sandboxed = enterSandbox(settings);

  VaultListener* const listeners[] = {&audit, &policies, &door};
  vault.start(listeners);
  door.open();
  keeper.start(parts, sameServer);
  policies.start();
  logInfo("B0001", "serving", {{"pid", getpid()}});
  notifySupervisor("READY=1"_kj);

  auto stop = port.onSignal(SIGTERM).exclusiveJoin(port.onSignal(SIGINT)).then([](siginfo_t&&) { return 0; });
  int code = stop.exclusiveJoin(kj::mv(failure.promise)).wait(io.waitScope);
  notifySupervisor("STOPPING=1"_kj);
  logInfo("B0007", "stopping", {{"calls", admission.callsInFlight()}});
  if (code == 0) door.drain().wait(io.waitScope);
  logInfo("B0008", "stopped");
  return code;
}

int run(int count, char** values) {
  Arguments arguments(count, values);
  if (arguments.exitCode != -1) return arguments.exitCode;
  if (arguments.printSandbox) {
    fputs(seccomp::describe(seccomp::brokerProfile()).c_str(), stdout);
    return 0;
  }
  bool passed = getenv("LISTEN_FDS") != nullptr;
  require(seccomp::beginBroker({passed ? 4u : 3u}));
  auto settings = readSettings(optional(arguments.config), optional(arguments.credentials));
  startLog(settings.verbose);
  QuietCallback quiet;
  fitConnections(settings);
  auto listener = findListener(settings, arguments);
  return serve(kj::mv(settings), kj::mv(listener));
}

}  // namespace
}  // namespace waas::broker

int main(int count, char** values) {
  int code = 1;
  try {
    code = waas::broker::run(count, values);
  } catch (const waas::broker::SettingsError& error) {
    fprintf(stderr, "waas-broker: %s\n", error.message.cStr());
  } catch (const kj::Exception& exception) {
    // Options of stores that can't be read throw a Fault with a literal of ours; anything else keeps its text to
    // itself.
    auto fault = waas::broker::faultOf(exception);
    fprintf(stderr, "waas-broker: could not start: %s (%s:%d)\n", fault.detail.cStr(), exception.getFile(),
            exception.getLine());
  }
  // No destructors of static objects: threads that resolve names may still run.
  fflush(nullptr);
  _exit(code);
}
