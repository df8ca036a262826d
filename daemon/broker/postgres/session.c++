#include "session.h"

#include <daemon/broker/fault.h>
#include <kj/debug.h>
#include <poll.h>
#include <sys/ioctl.h>

namespace waas::broker {
namespace {

using protocol::ErrorCode;
using FdObserver = kj::UnixEventPort::FdObserver;

constexpr size_t LIBPQ_READ_BYTES = 16384;

kj::Exception lost(kj::StringPtr reason) {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__, kj::heapString(reason));
}

}  // namespace

PostgresSession::PostgresSession(LibpqConnection established, kj::UnixEventPort& events, Limits limits)
    : connection(std::move(established)),
      events(events),
      limits(limits),
      observer(kj::heap<FdObserver>(events, PQsocket(connection.get()), FdObserver::OBSERVE_READ_WRITE)),
      lastProbe(events.getTimer().now()) {
  // Notices would be printed on stderr.
  PQsetNoticeReceiver(
      connection.get(), [](void*, const PGresult*) {}, nullptr);
  if (PQsetnonblocking(connection.get(), 1) != 0 || PQenterPipelineMode(connection.get()) != 1) {
    kj::throwFatalException(lost("libpq refused pipeline mode"));
  }
}

PostgresSession::~PostgresSession() noexcept(false) {
  for (auto& one : waiting) {
    one.fulfiller->reject(one.kind == Statement::READ
                              ? makeFault(ErrorCode::POSTGRES_UNREACHABLE, "the connection was lost")
                              : makeFault(ErrorCode::OUTCOME_UNKNOWN, "the connection was lost during a commit"));
  }
}

kj::Promise<void> PostgresSession::run() {
  return readLoop().exclusiveJoin(watch()).exclusiveJoin(kj::mv(broken.promise));
}

kj::Promise<PostgresAnswer> PostgresSession::query(kj::StringPtr sql, PostgresParameters& parameters, Statement kind) {
  if (abandoned) return makeFault(ErrorCode::POSTGRES_UNREACHABLE, "the connection was lost");
  if (waiting.size() >= MAX_IN_FLIGHT) return makeFault(ErrorCode::OVERLOADED, "too many statements wait");
  auto pair = kj::newPromiseAndFulfiller<PostgresAnswer>();
  waiting.push_back(Waiting{kj::mv(pair.fulfiller), kind, events.getTimer().now() + limits.deadline, {}, nullptr});
  send(sql, parameters, waiting.back().prepared);
  return kj::mv(pair.promise);
}

void PostgresSession::abandon(kj::StringPtr reason) {
  if (abandoned) return;
  abandoned = true;
  broken.fulfiller->reject(lost(reason));
}

kj::String PostgresSession::serverVersion() const {
  const char* version = PQparameterStatus(connection.get(), "server_version");
  kj::Vector<char> clean;
  for (const char* c = version == nullptr ? "" : version; *c != 0 && clean.size() < 64; c++) {
    clean.add(*c >= ' ' && *c <= '~' ? *c : '?');
  }
  return kj::heapString(clean);
}

void PostgresSession::send(kj::StringPtr sql, PostgresParameters& parameters, const void*& prepared) {
  PGconn* c = connection.get();
  auto view = parameters.view();
  bool sent = true;
  if (!limits.namedStatements || !known.isDirect) {
    sent = PQsendQueryParams(c, sql.cStr(), view.count, view.types, view.values, view.lengths, view.formats, 1) == 1;
  } else {
    kj::String& name = names.findOrCreate(static_cast<const void*>(sql.cStr()), [&]() {
      prepared = sql.cStr();
      return kj::HashMap<const void*, kj::String>::Entry{static_cast<const void*>(sql.cStr()),
                                                         kj::str("waas", ++nameCount)};
    });
    if (prepared != nullptr) sent = PQsendPrepare(c, name.cStr(), sql.cStr(), view.count, view.types) == 1;
    sent = sent && PQsendQueryPrepared(c, name.cStr(), view.count, view.values, view.lengths, view.formats, 1) == 1;
  }
  // A Sync also hands libpq's buffer to the kernel, as far as it takes it.
  if (!sent || PQpipelineSync(c) != 1) abandon(PQerrorMessage(c));
  noticeClosedSocket();
  flush();
}

void PostgresSession::flush() {
  if (flushWaits || abandoned) return;
  int state = PQflush(connection.get());
  noticeClosedSocket();
  if (state < 0) return abandon(PQerrorMessage(connection.get()));
  if (state == 0 || abandoned) return;
  flushWaits = true;
  flushing = observer->whenBecomesWritable()
                 .then([this]() {
                   flushWaits = false;
                   flush();
                 })
                 .eagerlyEvaluate([this](kj::Exception&& e) { abandon(e.getDescription()); });
}

// libpq closes a broken socket inside of any call that reads or writes. Its number can be another file's at the next
// turn of the loop, so the observer must be gone before.
void PostgresSession::noticeClosedSocket() {
  if (PQsocket(connection.get()) >= 0 || observer.get() == nullptr) return;
  abandon(PQerrorMessage(connection.get()));
  // The kernel has forgotten a closed socket by itself, which the observer takes for an error.
  KJ_IF_MAYBE (expected, kj::runCatchingExceptions([this]() { observer = nullptr; })) {
    (void)expected;
  }
}

kj::Promise<void> PostgresSession::readLoop() {
  drain();
  if (abandoned) return kj::NEVER_DONE;  // run() ends by what abandon() said
  return observer->whenBecomesReadable().then([this]() { return readLoop(); });
}

void PostgresSession::drain() {
  // The observer tells edges: everything must be read before the next wait. libpq alone does not see to it.
  PGconn* c = connection.get();
  struct pollfd readable = {};
  do {
    if (abandoned) return;
    readable = {PQsocket(c), POLLIN, 0};
    int arrived = 0;
    KJ_SYSCALL(ioctl(readable.fd, FIONREAD, &arrived));
    // libpq takes about this much at once; what is left is counted in the next round.
    unanswered += kj::min(static_cast<size_t>(arrived), LIBPQ_READ_BYTES);
    if (unanswered > MAX_ANSWER_BYTES) return abandon("the server sends more than was asked for");
    if (PQconsumeInput(c) == 0) abandon(PQerrorMessage(c));
    noticeClosedSocket();
    if (!abandoned) takeAnswers();
    while (PGnotify* notification = PQnotifies(c)) PQfreemem(notification);
  } while (!abandoned && poll(&readable, 1, 0) > 0);
}

void PostgresSession::takeAnswers() {
  PGconn* c = connection.get();
  for (int ends = 0; !waiting.empty() && PQisBusy(c) == 0;) {
    LibpqResult result(PQgetResult(c));
    if (result == nullptr) {
      // Ends one statement's results; twice in a row libpq expects nothing more, and we do.
      if (++ends == 2) return abandon("answers are out of step");
      continue;
    }
    ends = 0;
    switch (PQresultStatus(result.get())) {
      case PGRES_PIPELINE_SYNC: finishFront(); break;
      case PGRES_TUPLES_OK:
      case PGRES_COMMAND_OK:
      case PGRES_FATAL_ERROR:
      case PGRES_PIPELINE_ABORTED: waiting.front().answer.add(std::move(result)); break;
      default: kj::throwFatalException(lost("an answer of a kind that was not asked for"));
    }
    if (PQstatus(c) == CONNECTION_BAD) kj::throwFatalException(lost(PQerrorMessage(c)));
  }
}

void PostgresSession::finishFront() {
  Waiting done = kj::mv(waiting.front());
  waiting.pop_front();
  unanswered = 0;
  lastRoundTrip = events.getTimer().now() - (done.deadline - limits.deadline);
  if (done.answer.failed()) {
    // The name may or may not exist now; the next use takes a new one.
    if (done.prepared != nullptr) names.erase(done.prepared);
    // A server that was demoted, or is going down: the next attempt finds its successor.
    auto state = done.answer.sqlState();
    if (state == "25006" || state.startsWith("57P") || state.startsWith("08")) {
      abandon("the server takes no statements");
    }
    // A migration changed what a prepared statement means, or somebody dropped it: begin anew.
    if (state == "0A000" || state == "26000") abandon("a prepared statement is not valid any more");
  }
  done.fulfiller->fulfill(kj::mv(done.answer));
}

kj::Promise<void> PostgresSession::watch() {
  // With nothing in flight, whatever comes later has a later deadline than this waking.
  auto& timer = events.getTimer();
  auto next = timer.now() + kj::min(limits.deadline, limits.probeEvery);
  if (!waiting.empty()) next = kj::min(next, waiting.front().deadline);
  return timer.atTime(next).then([this]() {
    auto now = events.getTimer().now();
    if (!waiting.empty() && waiting.front().deadline <= now) kj::throwFatalException(lost("a deadline passed"));
    // Also under load: a server that was demoted still answers reads.
    if (now - lastProbe >= limits.probeEvery) ping();
    return watch();
  });
}

kj::Promise<void> PostgresSession::probe() {
  PostgresParameters none;
  return query(
             "SELECT pg_catalog.pg_is_in_recovery(),"
             " pg_catalog.current_setting('synchronous_commit') <> 'off'"
             " AND pg_catalog.current_setting('fsync') = 'on',"
             " pg_catalog.to_regclass('waas.audit') IS NOT NULL,"
             " pg_catalog.pg_backend_pid()::bigint",
             none, Statement::READ)
      .then([this](PostgresAnswer answer) {
        answer.requireSuccess();
        Facts facts;
        int64_t backend = 0;
        if (answer.rows() != 1 || !answer.boolean(0, 0, facts.inRecovery) || !answer.boolean(0, 1, facts.commitsWait) ||
            !answer.boolean(0, 2, facts.hasSchema) || !answer.integer(0, 3, backend)) {
          kj::throwFatalException(lost("the server answers a question about itself in an odd form"));
        }
        // A pooler makes up a process number of its own, and may send the next statement to another server process.
        facts.isDirect = backend == PQbackendPID(connection.get());
        known = facts;
        if (facts.isDirect && limits.namedStatements && !plansOnce) planOnce();
      });
}

// By itself the server plans each statement with an array anew, because it hopes for a better plan: that costs more
// than to carry it out. All of ours have one good plan.
void PostgresSession::planOnce() {
  plansOnce = true;
  PostgresParameters none;
  planning = query("SET plan_cache_mode = force_generic_plan", none, Statement::READ)
                 .then([](PostgresAnswer answer) { answer.requireSuccess(); })
                 .eagerlyEvaluate([this](kj::Exception&&) { abandon("the server refused a setting"); });
}

void PostgresSession::ping() {
  lastProbe = events.getTimer().now();
  bool before = known.inRecovery;
  pinging = probe()
                .then([this, before]() {
                  if (known.inRecovery != before) abandon("the server's role has changed");
                })
                .eagerlyEvaluate([this](kj::Exception&&) { abandon("the server refused a ping"); });
}

}  // namespace waas::broker
