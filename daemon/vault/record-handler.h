#pragma once
// Turns one Record into one Reply: reads it in place, admits its requests, runs them by the request table, makes the
// audit records, and hands the bytes of the Reply to a sink.
#include <kj/common.h>

#include <capnp/serialize.h>

#include "daemon/vault/decision-scratch.h"
#include "daemon/vault/request-table.h"

namespace waas::vault {

// Takes a finished Reply. The bytes are gone when `send` returns.
class ReplySink {
 public:
  virtual void send(Bytes reply) = 0;

 protected:
  ~ReplySink() = default;
};

// Where one worker keeps what it works on. Lives in secret memory, since requests and answers pass through it. All
// zeros whenever no Record is being handled.
struct WorkerScratch {
  alignas(16) std::array<uint8_t, MAX_RECORD_BYTES> in{};
  alignas(16) std::array<uint8_t, MAX_RECORD_BYTES> out{};
  WalletScratch wallet;
  OrdinaryArray<DecisionScratch> decision{1};  // not in secret memory, nor zero in between
};

// One per worker and link. Expects a kj::ExceptionCallback of the caller's that keeps exceptions quiet.
class RecordHandler {
 public:
  // `helloSaid` is the state of the link, shared by all workers.
  RecordHandler(Service& service, WorkerScratch& scratch, std::atomic<bool>& helloSaid)
      : service(service), scratch(scratch), helloSaid(helloSaid) {}

  // Whether the link may go on. BROKEN is for what the framing of the protocol forbids, and for a fault of our own
  // after which no Reply can be sent.
  enum class Verdict : uint8_t { BROKEN, GO_ON };

  // Handles the first `size` bytes of scratch.in. `descriptor` came with them, or is -1; it stays the caller's.
  Verdict handle(size_t size, int descriptor, ReplySink& sink);

 private:
  struct Admission;
  using Requests = capnp::List<rpc::Request>::Reader;

  Verdict answer(Requests requests, int descriptor, ReplySink& sink);
  void admit(Requests requests, Admission& admission) const;
  Refusal admitOne(rpc::Request::Reader request, size_t companions, Admission& admission) const;
  Refusal run(Context& context, rpc::Request::Reader request, rpc::Answer::Builder answer);
  bool writeAudit(Context& context, const Hash& last, rpc::Reply::Builder reply);

  Service& service;
  WorkerScratch& scratch;
  std::atomic<bool>& helloSaid;
};

}  // namespace waas::vault
