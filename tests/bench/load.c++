// waas-load: closed-loop load on the signing daemon's public socket, as a local service, with every n-th signature
// verified. Prints one JSON object: rate, p50 and p99 (microseconds), errors by code, and for processes that are
// watched the processor time per signature (microseconds) and the resident memory (KiB).
//
//   . run/stack.env; build/waas-load --conns 8 --depth 8 --seconds 5
//   build/waas-load --conns 2 --depth 1 --many 32 --pids broker=123,vault=124,postgres=125+
//
// Exit code 1 when a signature was wrong, or when nothing was signed.
#include <sodium.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "load-process.h"
#include "load-tally.h"
#include "load-wallets.h"
#include "load-worker.h"

namespace waas::load {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string socket = "/run/waas/signer.sock", vaultPub = "/etc/waas/vault.pub", pids = watchedFromEnvironment();
  uint32_t conns = 1, depth = 1, many = 1;
  size_t wallets = 256;
  double seconds = 5, warmUp = 0.5;
};

struct Costs {
  std::vector<Watched> watched;
  std::vector<uint64_t> before, after;
  uint64_t selfBefore = 0, selfAfter = 0;

  static uint64_t self() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto ns = [](const timeval& t) {
      return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_usec) * 1000;
    };
    return ns(usage.ru_utime) + ns(usage.ru_stime);
  }
  void sample(std::vector<uint64_t>& into, uint64_t& selfInto) {
    for (auto& process : watched) into.push_back(processorTime(process));
    selfInto = self();
  }
};

Json report(const Options& options, Tally& tally, const Costs& costs) {
  auto perSignature = [&](uint64_t ns) {
    return tally.signatures() == 0 ? 0.0 : static_cast<double>(ns) / 1000.0 / static_cast<double>(tally.signatures());
  };
  Json cpu = {{"client", perSignature(costs.selfAfter - costs.selfBefore)}}, rss = Json::object();
  for (size_t i = 0; i < costs.watched.size(); i++) {
    cpu[costs.watched[i].name] = perSignature(costs.after[i] - costs.before[i]);
    rss[costs.watched[i].name] = residentMemory(costs.watched[i]);
  }
  return {{"conns", options.conns},
          {"depth", options.depth},
          {"many", options.many},
          {"wallets", options.wallets},
          {"seconds", tally.seconds()},
          {"signatures", tally.signatures()},
          {"rate", static_cast<double>(tally.signatures()) / tally.seconds()},
          {"p50", tally.quantile(0.5)},
          {"p99", tally.quantile(0.99)},
          {"verified", tally.good()},
          {"wrong", tally.bad()},
          {"errors", tally.errors()},
          {"cpuMicrosecondsPerSignature", cpu},
          {"rssKiB", rss}};
}

VaultPublicKeys readVaultKeys(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  auto keys = VaultPublicKeys::parse(text.str());
  if (!keys) throw std::runtime_error("no vault's public keys in " + path);
  return *keys;
}

std::vector<LoadWallet> findWallets(const Options& options, kj::AsyncIoContext& io) {
  auto client = client::Client::connect(io.provider->getNetwork(), io.provider->getTimer(), options.socket.c_str(),
                                        readVaultKeys(options.vaultPub), {60 * kj::SECONDS})
                    .wait(io.waitScope);
  auto roles = client->enter().wait(io.waitScope);
  KJ_IF_MAYBE (service, roles.service) return prepareWallets(**service, options.wallets, io.waitScope);
  throw std::runtime_error("this user is no local service of the daemon");
}

// Samples the costs at the window's two ends. Looks every few milliseconds, which is little against its length.
kj::Promise<void> watch(Tally& tally, Costs& costs, kj::Timer& timer) {
  return timer.afterDelay(2 * kj::MILLISECONDS).then([&tally, &costs, &timer]() -> kj::Promise<void> {
    if (tally.windowBegun && costs.selfBefore == 0) costs.sample(costs.before, costs.selfBefore);
    if (!tally.goesOn()) return kj::READY_NOW;
    return watch(tally, costs, timer);
  });
}

int run(const Options& options) {
  auto io = kj::setupAsyncIo();
  auto& timer = io.provider->getTimer();
  auto wallets = findWallets(options, io);
  auto duration = [](double s) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
  };
  Tally tally(duration(options.warmUp), duration(options.seconds));
  Costs costs;
  costs.watched = parseWatched(options.pids);

  auto address = io.provider->getNetwork().parseAddress(kj::str("unix:", options.socket)).wait(io.waitScope);
  std::vector<std::unique_ptr<Worker>> workers;
  for (uint32_t i = 0; i < options.conns; i++) {
    uint64_t seed = 0;
    randombytes_buf(&seed, sizeof seed);
    auto stream = address->connect().wait(io.waitScope);
    workers.push_back(std::make_unique<Worker>(kj::mv(stream), timer, wallets, tally, options.many, seed | 1));
    workers.back()->enter().wait(io.waitScope);
  }
  tally.start();
  auto watching = watch(tally, costs, timer).eagerlyEvaluate(nullptr);
  kj::Vector<kj::Promise<void>> running;
  for (auto& worker : workers) running.add(worker->run(options.depth));
  watching.wait(io.waitScope);
  costs.sample(costs.after, costs.selfAfter);
  kj::joinPromises(running.releaseAsArray()).wait(io.waitScope);

  std::cout << report(options, tally, costs).dump() << std::endl;
  return tally.bad() == 0 && tally.signatures() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace waas::load

int main(int argc, char** argv) {
  waas::load::Options options;
  CLI::App app("Closed-loop load on the signing daemon, as a local service.", "waas-load");
  app.add_option("--socket", options.socket)->envname("WAAS_SOCKET")->capture_default_str();
  app.add_option("--vault-pub", options.vaultPub)->envname("WAAS_VAULT_PUB")->capture_default_str();
  app.add_option("--conns", options.conns, "Connections")->check(CLI::Range(1u, 10'000u))->capture_default_str();
  app.add_option("--depth", options.depth, "Calls in flight on each")
      ->check(CLI::Range(1u, 256u))
      ->capture_default_str();
  app.add_option("--many", options.many, "Transactions in each call")
      ->check(CLI::Range(1u, 64u))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "Length of the measured window")->capture_default_str();
  app.add_option("--warm-up", options.warmUp, "Seconds before it")->capture_default_str();
  app.add_option("--wallets", options.wallets, "Wallets load-0, load-1, …")
      ->check(CLI::Range(1u, 4000u))
      ->capture_default_str();
  app.add_option("--pids", options.pids,
                 "Processes to watch: name=pid, with + its children too (default: scripts/stack's)");
  CLI11_PARSE(app, argc, argv);
  try {
    if (sodium_init() < 0) return 1;
    return waas::load::run(options);
  } catch (const kj::Exception& e) {
    auto failure = waas::client::failureOf(e);
    std::cerr << "waas-load: " << waas::client::describe(failure.code).says.cStr() << " " << failure.detail.cStr()
              << "\n";
  } catch (const std::exception& e) {
    std::cerr << "waas-load: " << e.what() << "\n";
  }
  return 1;
}
