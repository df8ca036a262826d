// Signatures a second and microseconds a signature in the vault alone, through its link: with one and two workers, with
// and without the guard, one signature a record and 64. A measurement, not a test.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "person.h"

namespace waas::hostile {
namespace {

// CPU time of all threads of a process, in nanoseconds.
double cpuNs(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; i++) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) * 1e9 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

void measure(const char* workers, bool guarded, unsigned perRecord, unsigned inFlight, double seconds) {
  VaultOptions options;
  options.workers = workers;
  options.guarded = guarded;
  Scene scene(options);
  WalletCopy wallet = serviceWallet(*scene.link, scene.peer, "w");
  Octets transaction = transactionFor(wallet.publicKey());
  capnp::MallocMessageBuilder message(16384);
  auto requests = message.initRoot<rpc::Record>().initRequests(2);
  auto in = requests[0].initSign();
  in.initCaller().setPeer(scene.peer);
  for (auto item : in.initItems(perRecord)) {
    item.initSelector().setName("w");
    wallet.fill(item.initWallet());
    item.setTransaction(reader(Bytes(transaction)));
  }
  uint64_t acknowledged = 1;
  auto sendOne = [&] {
    requests[1].setAcknowledgeAudit(acknowledged);
    scene.link->send(encode(message));
    scene.link->sent.clear(), scene.link->received.clear();
  };
  using Clock = std::chrono::steady_clock;
  auto begin = Clock::now(),
       end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  double cpu = cpuNs(scene.pid);
  size_t signatures = 0;
  for (unsigned i = 0; i < inFlight; i++) sendOne();
  for (unsigned flying = inFlight; flying > 0;) {
    Reply reply(*scene.link->receive());
    if (reply.answer().isRefused()) {
      fprintf(stderr, "refused\n");
      exit(1);
    }
    signatures += perRecord;
    acknowledged = std::max(acknowledged, reply.get().getHead().getSequence());
    if (Clock::now() < end) {
      sendOne();
    } else {
      flying--;
    }
  }
  double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  double used = cpuNs(scene.pid) - cpu;
  printf(
      "%s worker(s), %-10s %2u a record, %u in flight: %8.0f signatures/s, %6.1f us each, %6.1f us of the vault's "
      "CPU\n",
      workers, guarded ? "guarded," : "unguarded,", perRecord, inFlight, static_cast<double>(signatures) / elapsed,
      elapsed * 1e6 / static_cast<double>(signatures), used / 1e3 / static_cast<double>(signatures));
}

}  // namespace
}  // namespace waas::hostile

int main(int argc, char** argv) {
  double seconds = argc > 1 ? atof(argv[1]) : 2;
  for (const char* workers : {"1", "2"}) {
    for (bool guarded : {true, false}) {
      waas::hostile::measure(workers, guarded, 1, 1, seconds);
      waas::hostile::measure(workers, guarded, 64, 2, seconds);
    }
  }
}
