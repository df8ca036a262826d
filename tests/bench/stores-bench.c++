// CPU time per row of the broker's stores, against private servers: ours and the servers' (notes: a budget of 4 to 6 us
// a row for PostgreSQL with libpq, 2 to 3 us for Redis with hiredis, at 64 in flight).
//
//   stores-bench [seconds per case]
//
// Prints one line per case: rows/s, CPU us/row of this process and of the server, mean rows per statement.
#include <daemon/broker/postgres/postgres-store.h>
#include <daemon/broker/redis/redis-share-store.h>
#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <kj/debug.h>
#include <servers.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>

using namespace waas;
using namespace waas::broker;

namespace {

constexpr uint64_t ROWS = 100'000;

class QuietObserver final : public StoreObserver {
 public:
  void storeConnected(kj::StringPtr) override {}
  void storeLost(kj::StringPtr store, kj::StringPtr reason) override {
    fprintf(stderr, "%s: %s\n", store.cStr(), reason.cStr());
  }
};

// Nanoseconds on a CPU of a process and its children.
uint64_t cpuOf(pid_t pid) {
  uint64_t total = 0;
  std::vector<pid_t> all = {pid};
  std::ifstream list("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  for (pid_t child; list >> child;) all.push_back(child);
  for (pid_t one : all) {
    std::ifstream stat("/proc/" + std::to_string(one) + "/schedstat");
    uint64_t ns = 0;
    stat >> ns;
    total += ns;
  }
  return total;
}

uint64_t ownCpu() {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto ns = [](const timeval& t) {
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_usec) * 1'000;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

struct Bench {
  kj::AsyncIoContext io = kj::setupAsyncIo();
  QuietObserver observer;
  double seconds = 1;
  uint64_t rows = 0;
  bool stop = false;

  using Step = std::function<kj::Promise<uint64_t>(uint64_t)>;

  kj::Promise<void> worker(const Step& step, uint64_t n) {
    return step(n).then([this, &step, n](uint64_t done) -> kj::Promise<void> {
      rows += done;
      if (stop) return kj::READY_NOW;
      return worker(step, n * 6364136223846793005 + 1442695040888963407);
    });
  }

  void run(const char* name, uint64_t inFlight, pid_t server, const Step& step) {
    stop = false;
    kj::Vector<kj::Promise<void>> workers;
    for (uint64_t i = 0; i < inFlight; i++) workers.add(worker(step, i * 7919 + 1).eagerlyEvaluate(nullptr));
    auto& timer = io.provider->getTimer();
    timer.afterDelay(200 * kj::MILLISECONDS).wait(io.waitScope);
    rows = 0;
    uint64_t own = ownCpu(), theirs = cpuOf(server);
    auto start = std::chrono::steady_clock::now();
    timer.afterDelay(static_cast<int64_t>(seconds * 1e9) * kj::NANOSECONDS).wait(io.waitScope);
    double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    double n = static_cast<double>(rows);
    double ownUs = static_cast<double>(ownCpu() - own) / 1e3 / n,
           serverUs = static_cast<double>(cpuOf(server) - theirs) / 1e3 / n;
    printf("%-44s %8.0f rows/s   ours %6.2f us   server %6.2f us   sum %6.2f us\n", name, n / took, ownUs, serverUs,
           ownUs + serverUs);
    fflush(stdout);
    stop = true;
    for (auto& w : workers) w.wait(io.waitScope);
  }
};

Id idOf(uint64_t n) {
  Id id{};
  for (size_t i = 0; i < 8; i++) id[i] = static_cast<uint8_t>(n >> (56 - 8 * i));
  return id;
}

void fillPostgres(testing::PrivatePostgres& server) {
  server.migrate();
  // Certificates of services, one wallet each; ids are big-endian numbers.
  server.sql(
      "INSERT INTO waas.wallets (certificate, signature, mac, epoch, tag, expires_at, share, recovery) "
      "SELECT '\\x01'::bytea || int8send(i) || int8send(0) || '\\x02'::bytea || substr(sha256(int8send(i)), 1, 16) || "
      "sha256(int8send(-i)) || '\\x01'::bytea || int8send(0) || '\\x04'::bytea || 'main'::bytea, "
      "sha256('a') || sha256('b'), sha256('c'), 1, i, now() + interval '30 days', "
      "substr(sha256('d') || sha256('e') || sha256('f'), 1, 86), "
      "substr(sha256('d') || sha256('e') || sha256('f') || sha256('g'), 1, 118) "
      "FROM generate_series(0, " +
      std::to_string(ROWS - 1) + ") AS i");
  server.sql(
      "INSERT INTO waas.accounts (id, email, version, record) SELECT int8send(i) || int8send(0), 'p' || i || '@x', 1, "
      "sha256('a') || sha256('b') || sha256('c') FROM generate_series(0, " +
      std::to_string(ROWS - 1) + ") AS i");
  server.sql("VACUUM ANALYZE");
}

AuditRow auditRow(const Id& instance, uint64_t sequence) {
  AuditRecord record;
  record.instance = instance;
  record.sequence = sequence;
  AuditRow row;
  row.instance = instance;
  row.sequence = sequence;
  record.write(row.record);
  return row;
}

void waitFor(Bench& bench, const std::function<bool()>& ready) {
  while (!ready()) bench.io.provider->getTimer().afterDelay(5 * kj::MILLISECONDS).wait(bench.io.waitScope);
}

void postgresCases(Bench& bench, testing::PrivatePostgres& server, bool named) {
  PostgresOptions options;
  options.conninfo = kj::str(server.conninfo().c_str());
  options.password = kj::str(testing::PrivatePostgres::password().c_str());
  options.namedStatements = named;
  auto store =
      newPostgresStore(kj::mv(options), bench.io.provider->getNetwork(), bench.io.unixEventPort, bench.observer);
  waitFor(bench, [&] { return store->health().reachable; });
  const std::string kind = named ? " (named)" : "";
  auto one = [](auto row) -> uint64_t {
    KJ_REQUIRE(row != nullptr);
    return 1;
  };
  Bench::Step wallet = [&](uint64_t n) { return store->wallet(idOf((n >> 16) % ROWS)).then(one); };
  Bench::Step account = [&](uint64_t n) { return store->account(idOf((n >> 16) % ROWS)).then(one); };
  for (uint64_t inFlight : {1u, 8u, 64u, 256u}) {
    bench.run(("wallet by id, c" + std::to_string(inFlight) + kind).c_str(), inFlight, server.id(), wallet);
  }
  bench.run(("account by id, c64" + kind).c_str(), 64, server.id(), account);

  Id instance = idOf(named ? 2 : 1);
  uint64_t sequence = 0;
  for (uint64_t batch : {1u, 8u, 64u}) {
    Bench::Step append = [&, batch](uint64_t) {
      std::vector<AuditRow> rows;
      for (uint64_t i = 0; i < batch; i++) rows.push_back(auditRow(instance, ++sequence));
      return store->appendAudit(kj::arrayPtr(rows.data(), rows.size())).then([batch]() { return batch; });
    };
    bench.run(("audit append, " + std::to_string(batch) + " rows a commit, one after another" + kind).c_str(), 1,
              server.id(), append);
  }
}

void redisCases(Bench& bench, testing::PrivateRedis& server) {
  RedisOptions options;
  options.name = kj::str("redis");
  options.url = kj::str(server.url().c_str());
  auto store = newRedisShareStore(kj::mv(options), bench.io.provider->getNetwork(), bench.io.provider->getTimer(),
                                  bench.observer);
  waitFor(bench, [&] { return store->health().reachable; });
  kj::byte envelope[SHARE_ENVELOPE_BYTES] = {};
  for (uint64_t i = 0; i < ROWS; i += 2'000) {
    kj::Vector<kj::Promise<void>> writes;
    for (uint64_t k = 0; k < 2'000; k++) writes.add(store->put(idOf(i + k), {1, 1}, envelope, 30 * kj::DAYS));
    for (auto& w : writes) w.wait(bench.io.waitScope);
  }
  Bench::Step shares = [&](uint64_t n) {
    return store->shares(idOf((n >> 16) % ROWS)).then([](ShareHash hash) -> uint64_t {
      KJ_REQUIRE(hash.fields.size() == 1);
      return 1;
    });
  };
  for (uint64_t inFlight : {1u, 8u, 64u, 256u}) {
    bench.run(("shares, c" + std::to_string(inFlight)).c_str(), inFlight, server.id(), shares);
  }
  Bench::Step put = [&](uint64_t n) {
    return store->put(idOf((n >> 16) % ROWS), {1, 1}, envelope, 30 * kj::DAYS).then([]() -> uint64_t { return 1; });
  };
  bench.run("put, c64", 64, server.id(), put);
}

}  // namespace

int main(int argc, char** argv) {
  Bench bench;
  if (argc > 1) bench.seconds = std::stod(argv[1]);
  {
    testing::PrivateRedis redis;
    redisCases(bench, redis);
  }
  testing::PrivatePostgres postgres({.durable = true});
  fillPostgres(postgres);
  for (bool named : {false, true}) postgresCases(bench, postgres, named);
  return 0;
}
