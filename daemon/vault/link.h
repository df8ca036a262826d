#pragma once
// The vault's one connection to the broker, and the workers that serve it.
//
// A SOCK_SEQPACKET socket on a fixed descriptor; each datagram in is a Record, each out a Reply. All workers block in
// recvmsg on it, so the kernel hands out the work. A Record that breaks the framing, a descriptor where none belongs,
// or a failed send ends the link: it is shut down, every worker drains what is left in it and parks. When all are
// parked the next broker may come. Nothing that arrives ends the process (V9).
#include <condition_variable>
#include <mutex>

#include "daemon/vault/record-handler.h"

namespace waas::vault {

// A resource; shared by the main thread and all workers.
class Link {
 public:
  // `listener` and `link` are the numbers of their descriptors; `link` is open (whatever it is), so that the numbers of
  // accepted and passed ones are higher.
  Link(Service& service, int listener, int link, unsigned workers);

  // For the main thread: waits until all workers have parked for the first time.
  void awaitWorkers();

  // For the main thread, after that: accepts one broker after the other, for ever. Others than the configured uid are
  // turned away.
  [[noreturn]] void serve();

  // For each worker: parks, serves a link until it ends, parks again, for ever. Runs on a secret stack.
  [[noreturn]] void work(WorkerScratch& scratch);

 private:
  class Sink;
  bool isBroker(int fd) const;
  void serveLink(WorkerScratch& scratch);
  bool handleOne(WorkerScratch& scratch, RecordHandler& handler, Sink& sink);

  Service& service;
  const int listener;
  const int link;
  const unsigned workers;
  std::atomic<bool> helloSaid{false};
  std::atomic<bool> ended{false};

  std::mutex mutex;
  std::condition_variable changed;
  unsigned parked = 0;
  uint64_t links = 0;  // how many there were
};

// Says one sentence on standard error, in one write. Literals only: this is all that the vault ever logs.
void lastWords(std::string_view literal);

}  // namespace waas::vault
