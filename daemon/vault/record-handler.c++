#include "daemon/vault/record-handler.h"

#include <capnp/message.h>

#include <new>

#include "daemon/vault/key-requests.h"
#include "daemon/vault/session-requests.h"

namespace waas::vault {
namespace {

// Sizes in a Reply, for keeping it within MAX_RECORD_BYTES: they are upper bounds that the tests hold it to.
constexpr size_t REPLY_FRAME_BYTES = 512;  // segment table, root, list tags, audit head
constexpr size_t ANSWER_BYTES = 32;        // an Answer
constexpr size_t REFUSAL_BYTES = 208;      // a Refusal with the longest detail and rule
constexpr size_t AUDIT_EVENT_BYTES = 8 + 152;
constexpr size_t MESSAGE_FRAME_BYTES = 64;  // what an off-chain message has besides its text
constexpr size_t ROOM = MAX_RECORD_BYTES - REPLY_FRAME_BYTES - MAX_REQUESTS * (ANSWER_BYTES + REFUSAL_BYTES);

// Room in the audit ring, given back unless it was used.
class Reservation {
 public:
  Reservation(AuditRing& ring, size_t count) : ring(ring), count(ring.reserve(count) ? count : 0) {}
  ~Reservation() {
    if (!used) ring.append({}, count);
  }
  Reservation(const Reservation&) = delete;

  Hash append(std::span<AuditRecord> events) {
    used = true;
    return ring.append(events, count);
  }
  size_t size() const { return count; }

 private:
  AuditRing& ring;
  size_t count;
  bool used = false;
};

// The stream framing with exactly one segment, and nothing after it.
bool isOneSegment(Bytes record) {
  ByteReader r(record);
  uint32_t segmentsLess1 = r.u32();
  uint64_t words = r.u32();
  return r.ok() && segmentsLess1 == 0 && record.size() == 8 + words * 8;
}

size_t signaturesOf(rpc::Request::Reader request) { return request.isSign() ? request.getSign().getItems().size() : 0; }

size_t replyBytesOf(const Row& row, rpc::Request::Reader request) {
  if (!request.isSign()) return row.replyBytes;
  size_t bytes = 16;
  for (auto item : request.getSign().getItems()) {
    bytes += row.replyBytes;
    if (item.isMessage()) bytes += item.getMessage().size() + MESSAGE_FRAME_BYTES;
  }
  return bytes;
}

}  // namespace

// What is decided about each request before any of them is run.
struct RecordHandler::Admission {
  std::array<Refusal, MAX_REQUESTS> refused;
  std::array<size_t, MAX_REQUESTS> events{};
  size_t eventsInAll = 0;
  size_t signatures = 0;
  size_t replyBytes = 0;
};

RecordHandler::Verdict RecordHandler::handle(size_t size, int descriptor, ReplySink& sink) {
  try {
    if (!isOneSegment(Bytes(scratch.in).first(size))) return Verdict::BROKEN;
    auto words = kj::arrayPtr(reinterpret_cast<const capnp::word*>(scratch.in.data()), size / sizeof(capnp::word));
    capnp::FlatArrayMessageReader reader(words, capnp::ReaderOptions{TRAVERSAL_WORDS, NESTING});
    auto requests = reader.getRoot<rpc::Record>().getRequests();
    if (requests.size() == 0 || requests.size() > MAX_REQUESTS) return Verdict::BROKEN;
    bool takesDescriptor = requests.size() == 1 && requests[0].isPresentPeer();
    if (descriptor >= 0 && !takesDescriptor) return Verdict::BROKEN;
    return answer(requests, descriptor, sink);
  } catch (...) {
    // Bytes that are no Cap'n Proto message, or no memory for the frame of an answer.
    return Verdict::BROKEN;
  }
}

void RecordHandler::admit(Requests requests, Admission& admission) const {
  for (unsigned i = 0; i < requests.size(); i++) {
    Admission before = admission;
    try {
      admission.refused[i] = admitOne(requests[i], requests.size() - 1, admission);
    } catch (...) {
      admission.refused[i] = Refused{ErrorCode::INVALID_REQUEST, "request can't be read"};
    }
    if (admission.refused[i]) {
      Refusal why = admission.refused[i];
      admission = before;
      admission.refused[i] = why;
    } else {
      admission.events[i] = admission.eventsInAll - before.eventsInAll;
    }
  }
}

Refusal RecordHandler::admitOne(rpc::Request::Reader request, size_t companions, Admission& admission) const {
  const Row* row = rowOf(request.which());
  if (row == nullptr) return Refused{ErrorCode::INVALID_REQUEST, "unknown request"};
  if ((row->when == When::AFTER_HELLO) != helloSaid.load()) {
    return Refused{ErrorCode::INVALID_REQUEST, "not in this state of the link"};
  }
  if (row->company != Company::ANY && companions > 0) {
    return Refused{ErrorCode::INVALID_REQUEST, "must be alone in its record"};
  }
  if (request.isAuthorize() &&
      (!isHarmless(request.getAuthorize().getCall()) || request.getAuthorize().getFields().size() > MAX_PROOF_FIELDS)) {
    return Refused{ErrorCode::INVALID_REQUEST, "not a call to be authorized"};
  }
  size_t signatures = signaturesOf(request);
  if (request.isSign() && signatures == 0) return Refused{ErrorCode::INVALID_REQUEST, "nothing to sign"};
  // Before anything is added up: a list can claim more items than there are bytes.
  if (signatures > MAX_SIGNATURES - admission.signatures) return Refused{ErrorCode::TOO_LARGE, "too many signatures"};
  size_t events = row->events * (request.isSign() ? signatures : 1);
  size_t bytes = replyBytesOf(*row, request) + events * AUDIT_EVENT_BYTES;
  if (bytes > ROOM - admission.replyBytes) return Refused{ErrorCode::TOO_LARGE, "the reply would be too large"};
  admission.signatures += signatures;
  admission.eventsInAll += events;
  admission.replyBytes += bytes;
  return std::nullopt;
}

RecordHandler::Verdict RecordHandler::answer(Requests requests, int descriptor, ReplySink& sink) {
  service.counters.requests += requests.size();
  const bool over = service.custody.isOver(service.clock.now());
  bool change = over;
  for (auto request : requests) change = change || changesKeys(request);
  std::optional<KeyLock::Held> held(std::in_place, service.keyLock, change ? KeyLock::For::CHANGE : KeyLock::For::USE);
  if (over && !service.custody.forget(*service.changeable)) return Verdict::BROKEN;
  Admission admission;
  admit(requests, admission);
  Reservation reservation(service.audit, admission.eventsInAll);
  bool auditFull = reservation.size() < admission.eventsInAll;

  auto segment = kj::arrayPtr(reinterpret_cast<capnp::word*>(scratch.out.data()) + 1,
                              scratch.out.size() / sizeof(capnp::word) - 1);
  // Zeroes what it used of the segment when it ends.
  capnp::MallocMessageBuilder message(segment, capnp::AllocationStrategy::FIXED_SIZE);
  auto reply = message.initRoot<rpc::Reply>();
  auto answers = reply.initAnswers(requests.size());
  EventList events;
  Context context{service,   scratch.wallet,      scratch.decision[0],
                  events,    service.clock.now(), ROOM - admission.replyBytes,
                  descriptor};
  std::array<size_t, MAX_REQUESTS> eventsThrough{};
  for (unsigned i = 0; i < requests.size(); i++) {
    answers[i].setId(requests[i].getId());
    Refusal refused = admission.refused[i];
    if (!refused && auditFull && admission.events[i] > 0) refused = Refused{ErrorCode::AUDIT_UNAVAILABLE};
    size_t before = events.size();
    if (!refused) refused = run(context, requests[i], answers[i]);
    if (refused) {
      service.counters.count(refused->code);
      writeRefusal(answers[i].initRefused(), *refused);
    }
    eventsThrough[i] = events.size() > before ? events.size() : 0;
  }

  Hash last = reservation.append(events.all());
  for (unsigned i = 0; i < requests.size(); i++) {
    if (eventsThrough[i] > 0) answers[i].setAuditThrough(events.all()[eventsThrough[i] - 1].sequence);
  }
  if (!writeAudit(context, last, reply)) return Verdict::BROKEN;

  auto segments = message.getSegmentsForOutput();
  if (segments.size() != 1) return Verdict::BROKEN;
  ByteWriter frame(scratch.out);
  frame.u32(0);
  frame.u32(static_cast<uint32_t>(segments[0].size()));
  if (context.helloSaid) helloSaid = true;
  held.reset();  // how long sending takes is the broker's to say
  sink.send(Bytes(scratch.out).first(8 + segments[0].size() * sizeof(capnp::word)));
  return Verdict::GO_ON;
}

Refusal RecordHandler::run(Context& context, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  try {
    const Row& row = *rowOf(request.which());
    if (row.company == Company::ALONE_WITH_DESCRIPTOR && context.descriptor < 0) {
      return Refused{ErrorCode::INVALID_REQUEST, "a descriptor must come with it"};
    }
    Covered covered = row.covered;
    if (request.isAuthorize()) covered.call = static_cast<Call>(request.getAuthorize().getCall());
    Caller caller;
    if (auto refused = identify(service, row.who, request, covered, context.now, caller)) return refused;
    return row.handler(context, caller, request, answer);
  } catch (const std::bad_alloc&) {
    return Refused{ErrorCode::OVERLOADED, "out of memory"};
  } catch (...) {
    return Refused{ErrorCode::INVALID_REQUEST, "request can't be read"};
  }
}

bool RecordHandler::writeAudit(Context& context, const Hash& last, rpc::Reply::Builder reply) {
  auto writeHead = [&](uint64_t sequence, const Hash& hash) {
    Signature signature;
    auto covered = auditHeadBytes(service.instance, sequence, hash);
    if (!service.keyring.newest(Purpose::AUDIT).sign(covered, signature)) return false;
    auto head = reply.initHead();
    head.setInstance(reader(service.instance));
    head.setSequence(sequence);
    head.setHash(reader(hash));
    head.setSignature(reader(signature));
    return true;
  };
  if (context.events.size() > 0) {
    auto list = reply.initAudit(static_cast<unsigned>(context.events.size()));
    unsigned i = 0;
    for (const AuditRecord& event : context.events.all()) {
      auto bytes = list.init(i++, AUDIT_RECORD_BYTES);
      event.write(std::span<uint8_t, AUDIT_RECORD_BYTES>(bytes.begin(), AUDIT_RECORD_BYTES));
    }
    return writeHead(context.events.all().back().sequence, last);
  }
  if (context.replayFrom == 0) return true;

  std::array<AuditBytes, MAX_REPLAY> records;
  size_t count = service.audit.replay(context.replayFrom, records);
  if (count == 0) return true;
  auto list = reply.initAudit(static_cast<unsigned>(count));
  for (unsigned i = 0; i < count; i++) list.set(i, reader(records[i]));
  AuditRecord end;
  return end.parse(records[count - 1]) && writeHead(end.sequence, auditHash(records[count - 1]));
}

}  // namespace waas::vault
