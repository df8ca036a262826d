#include "connection.h"

#include <algorithm>
#include <cstring>

#include "../limits.h"
#include "request-head.h"
#include "server.h"

namespace waas::gateway {

Connection::Connection(HttpServer& server, kj::Own<kj::AsyncIoStream> stream, Peer peer)
    : server(server), stream(kj::mv(stream)), peer(std::move(peer)), buffer(kj::heapArray<char>(limits::READ_BYTES)) {
  place = server.all.insert(server.all.end(), this);
}

Connection::~Connection() noexcept(false) {
  releaseRequest();
  if (isIdle) server.idle.erase(idlePlace);
  server.all.erase(place);
}

kj::Promise<void> Connection::run() {
  return canceler.wrap(loop())
      .catch_([this](kj::Exception&&) -> kj::Promise<void> {
        if (!expired) return kj::READY_NOW;
        expired = false;
        if (step == Step::HEAD || step == Step::BODY) return canceler.wrap(refuse({ErrorCode::REQUEST_TIMEOUT, ""}));
        if (step == Step::SERVING) return canceler.wrap(refuse({ErrorCode::DEADLINE_EXCEEDED, ""}));
        return kj::READY_NOW;
      })
      .catch_([](kj::Exception&&) {});
}

void Connection::enter(Step next, kj::Duration time) {
  step = next;
  deadline = server.timer.now() + time;
  bool nowIdle = next == Step::IDLE;
  if (nowIdle && !isIdle) idlePlace = server.idle.insert(server.idle.end(), this);
  if (!nowIdle && isIdle) server.idle.erase(idlePlace);
  isIdle = nowIdle;
}

void Connection::sweep(kj::TimePoint now) {
  if (now < deadline) return;
  expired = true;
  cut();
}

void Connection::cut() {
  if (isIdle) server.idle.erase(idlePlace);
  isIdle = false;
  canceler.cancel("cut");
}

void Connection::finish() {
  finishing = true;
  if (step == Step::IDLE) cut();
}

void Connection::evict() { cut(); }

void Connection::releaseRequest() {
  server.bodyBytes -= bodyHeld;
  bodyHeld = 0;
  request = nullptr;
}

kj::Promise<void> Connection::loop() {
  if (used == 0) {
    if (buffer.size() > limits::READ_BYTES) buffer = kj::heapArray<char>(limits::READ_BYTES);
    enter(Step::IDLE, server.options.idle);
    return read();
  }
  if (step != Step::HEAD) enter(Step::HEAD, limits::HEAD_TIME);
  auto end = findHeadEnd(std::string_view(buffer.begin(), used));
  if (auto refusal = std::get_if<Refusal>(&end)) return refuse(*refusal);
  size_t size = std::get<size_t>(end);
  return size == 0 ? read() : haveHead(size);
}

kj::Promise<void> Connection::read() {
  if (used == buffer.size()) {
    auto larger = kj::heapArray<char>(std::min(2 * buffer.size(), limits::HEAD_BYTES));
    memcpy(larger.begin(), buffer.begin(), used);
    buffer = kj::mv(larger);
  }
  return stream->tryRead(buffer.begin() + used, 1, buffer.size() - used).then([this](size_t n) -> kj::Promise<void> {
    if (n == 0) return kj::READY_NOW;
    used += n;
    return loop();
  });
}

kj::Promise<void> Connection::haveHead(size_t size) {
  request = kj::heap<Request>();
  request->peer = &peer;
  request->text = kj::heapArray<char>(buffer.begin(), size);
  auto head = parseHead(std::span<char>(request->text.begin(), size));
  if (auto refusal = std::get_if<Refusal>(&head)) return refuse(*refusal);
  request->head = std::move(std::get<Head>(head));

  auto admission = server.handler.admit(request->head);
  serveTime = admission.time;
  size_t length = static_cast<size_t>(request->head.contentLength);
  if (length > admission.bodyBytes) return refuse({ErrorCode::TOO_LARGE, "the body"});
  if (server.bodyBytes + length > limits::BODIES_BYTES) return refuse({ErrorCode::OVERLOADED, ""});
  server.bodyBytes += length;
  bodyHeld = length;

  // What has arrived of the body is taken out of the buffer; what is left there is the next request.
  request->body = kj::heapArray<char>(length);
  size_t got = std::min(length, used - size);
  memcpy(request->body.begin(), buffer.begin() + size, got);
  used -= size + got;
  memmove(buffer.begin(), buffer.begin() + size + got, used);
  if (got == length) return serve(got);
  enter(Step::BODY, limits::BODY_TIME);
  if (!request->head.expectsContinue) return readBody(got);
  static constexpr char GO_ON[] = "HTTP/1.1 100 Continue\r\n\r\n";
  return stream->write(GO_ON, sizeof GO_ON - 1).then([this, got]() { return readBody(got); });
}

kj::Promise<void> Connection::readBody(size_t got) {
  size_t missing = request->body.size() - got;
  return stream->tryRead(request->body.begin() + got, missing, missing)
      .then([this, got, missing](size_t n) -> kj::Promise<void> {
        if (n < missing) return kj::READY_NOW;  // the client went away within a body
        return serve(got + n);
      });
}

kj::Promise<void> Connection::serve(size_t) {
  enter(Step::SERVING, serveTime);
  bool isHead = request->head.method == "HEAD";
  return server.handler.serve(*request).then([this, isHead](Response response) -> kj::Promise<void> {
    bool close = response.close || finishing || !request->head.keepAlive;
    response.close = close;
    releaseRequest();
    return write(std::move(response), isHead).then([this, close]() -> kj::Promise<void> {
      if (close) {
        stream->shutdownWrite();
        return kj::READY_NOW;
      }
      return loop();
    });
  });
}

kj::Promise<void> Connection::write(Response response, bool isHead) {
  enter(Step::WRITING, limits::WRITE_TIME);
  out.clear();
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reasonPhrase(response.status));
  out.append("\r\nDate: ").append(server.date);
  if (!response.body.empty()) out.append("\r\nContent-Type: ").append(response.contentType);
  if (response.status != 204) out.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
  for (auto& [name, value] : response.headers) out.append("\r\n").append(name).append(": ").append(value);
  if (response.close) out.append("\r\nConnection: close");
  out.append("\r\n\r\n");
  if (!isHead) out.append(response.body);
  return stream->write(out.data(), out.size());
}

kj::Promise<void> Connection::refuse(Refusal refusal) {
  releaseRequest();
  auto response = server.handler.refuse(peer, refusal);
  response.close = true;
  return write(std::move(response), false).then([this]() {
    // A socket that is closed with unread bytes resets the connection, and the client would not see why.
    stream->shutdownWrite();
    enter(Step::LINGERING, limits::LINGER_TIME);
    return linger(limits::LINGER_BYTES);
  });
}

kj::Promise<void> Connection::linger(size_t left) {
  return stream->tryRead(buffer.begin(), 1, buffer.size()).then([this, left](size_t n) -> kj::Promise<void> {
    if (n == 0 || n >= left) return kj::READY_NOW;
    return linger(left - n);
  });
}

}  // namespace waas::gateway
