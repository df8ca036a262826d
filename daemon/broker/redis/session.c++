#include "session.h"

#include <daemon/broker/fault.h>
#include <kj/debug.h>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

kj::Exception lost(kj::StringPtr reason) {
  return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__, kj::heapString(reason));
}

void addNumber(kj::Vector<char>& out, char mark, size_t number) {
  char digits[24];
  size_t at = sizeof(digits);
  digits[--at] = '\n';
  digits[--at] = '\r';
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  digits[--at] = mark;
  out.addAll(digits + at, digits + sizeof(digits));
}

}  // namespace

RedisSession::RedisSession(kj::Own<kj::AsyncIoStream> opened, kj::Timer& timer, kj::Duration deadline)
    : stream(kj::mv(opened)), timer(timer), deadline(deadline) {}

RedisSession::~RedisSession() noexcept(false) {
  for (auto& one : waiting) one.handler->failed(makeFault(ErrorCode::REDIS_UNREACHABLE, "the connection was lost"));
}

kj::Promise<void> RedisSession::run() {
  return readLoop().exclusiveJoin(watch()).exclusiveJoin(kj::mv(broken.promise));
}

void RedisSession::send(std::initializer_list<Command> group, kj::Own<RedisReplyHandler> handler) {
  if (abandoned) return handler->failed(makeFault(ErrorCode::REDIS_UNREACHABLE, "the connection was lost"));
  if (waiting.size() >= MAX_GROUPS || unsent.size() > MAX_UNSENT_BYTES) {
    return handler->failed(makeFault(ErrorCode::OVERLOADED, "too many commands wait"));
  }
  for (auto& command : group) {
    addNumber(unsent, '*', command.size());
    for (auto& word : command) {
      addNumber(unsent, '$', word.size());
      unsent.addAll(word);
      unsent.add('\r');
      unsent.add('\n');
    }
  }
  waiting.push_back(Waiting{kj::mv(handler), group.size(), timer.now() + deadline});
  flush();
}

void RedisSession::abandon(kj::StringPtr reason) {
  abandoned = true;
  broken.fulfiller->reject(lost(reason));
}

void RedisSession::flush() {
  if (flushScheduled || writing) return;
  flushScheduled = true;
  flushTask = kj::evalLast([this]() {
                flushScheduled = false;
                write();
              }).eagerlyEvaluate(nullptr);
}

void RedisSession::write() {
  if (writing || unsent.empty()) return;
  writing = true;
  kj::Vector<char> empty = kj::mv(leaving);
  leaving = kj::mv(unsent);
  unsent = kj::mv(empty);
  unsent.clear();
  writeTask = kj::evalNow([this]() { return stream->write(leaving.begin(), leaving.size()); })
                  .then([this]() {
                    writing = false;
                    if (!unsent.empty()) flush();
                  })
                  .eagerlyEvaluate([this](kj::Exception&& e) { abandon(e.getDescription()); });
}

kj::Promise<void> RedisSession::readLoop() {
  return stream->tryRead(input, 1, sizeof(input)).then([this](size_t size) {
    if (size == 0) kj::throwFatalException(lost("the server closed the connection"));
    take(size);
    return readLoop();
  });
}

void RedisSession::take(size_t size) {
  replies.feed(kj::arrayPtr(input, size));
  for (;;) {
    KJ_IF_MAYBE (reply, replies.next()) {
      if (waiting.empty()) kj::throwFatalException(lost("the server sent a reply to nothing"));
      if (--waiting.front().replies > 0) continue;
      Waiting done = kj::mv(waiting.front());
      waiting.pop_front();
      lastRoundTrip = timer.now() - (done.deadline - deadline);
      done.handler->reply(*reply);
    } else {
      return;
    }
  }
}

kj::Promise<void> RedisSession::watch() {
  // With nothing in flight, whatever comes later has a later deadline than this waking.
  auto next = timer.now() + deadline;
  if (!waiting.empty()) next = kj::min(next, waiting.front().deadline);
  return timer.atTime(next).then([this]() {
    if (!waiting.empty() && waiting.front().deadline <= timer.now()) {
      kj::throwFatalException(lost("a deadline passed"));
    }
    return watch();
  });
}

}  // namespace waas::broker
