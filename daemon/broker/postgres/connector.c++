#include "connector.h"

#include <kj/debug.h>

namespace waas::broker {
namespace {

using FdObserver = kj::UnixEventPort::FdObserver;

// One attempt. Members in this order: the observer must die before the socket.
class Attempt {
 public:
  Attempt(LibpqConnection connection, kj::UnixEventPort& events) : connection(std::move(connection)), events(events) {}

  // libpq's rule: after PQconnectStart act as if PQconnectPoll had said "writing".
  kj::Promise<void> begin() { return wait(PGRES_POLLING_WRITING); }

  LibpqConnection take() { return std::move(connection); }

 private:
  kj::Promise<void> step() {
    // libpq may close the socket and open another one in here.
    observer = nullptr;
    auto state = PQconnectPoll(connection.get());
    if (state == PGRES_POLLING_OK) return kj::READY_NOW;
    return wait(state);
  }

  kj::Promise<void> wait(PostgresPollingStatusType state) {
    if (state == PGRES_POLLING_FAILED || PQsocket(connection.get()) < 0) {
      return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__,
                           kj::heapString(PQerrorMessage(connection.get())));
    }
    observer = kj::heap<FdObserver>(events, PQsocket(connection.get()), FdObserver::OBSERVE_READ_WRITE);
    auto ready = state == PGRES_POLLING_READING ? observer->whenBecomesReadable() : observer->whenBecomesWritable();
    return ready.then([this]() { return step(); });
  }

  LibpqConnection connection;
  kj::UnixEventPort& events;
  kj::Own<FdObserver> observer;
};

LibpqConnection start(const PostgresTarget& target, const PostgresEndpoint& endpoint) {
  kj::Vector<const char*> keywords, values;
  auto add = [&](const char* keyword, kj::StringPtr value) {
    if (value.size() == 0) return;
    keywords.add(keyword);
    values.add(value.cStr());
  };
  add("host", endpoint.host);
  add("hostaddr", endpoint.hostAddress);
  add("port", endpoint.port);
  add("sslmode", target.sslMode(endpoint));
  for (auto& setting : target.settings) {
    if (setting.keyword != "sslmode") add(setting.keyword.cStr(), setting.value);
  }
  keywords.add(nullptr);
  values.add(nullptr);
  return LibpqConnection(PQconnectStartParams(keywords.begin(), values.begin(), 0));
}

}  // namespace

kj::Promise<LibpqConnection> connectPostgres(const PostgresTarget& target, const PostgresEndpoint& endpoint,
                                             kj::UnixEventPort& events) {
  auto attempt = kj::heap<Attempt>(start(target, endpoint), events);
  auto& ref = *attempt;
  return ref.begin().then([&ref]() { return ref.take(); }).attach(kj::mv(attempt));
}

}  // namespace waas::broker
