#pragma once
// Reads of one row each that travel together: those of one turn of the event loop become one statement over an array of
// keys. While statements are in flight, further reads collect, so batches grow with the load by themselves.
#include <daemon/broker/fault.h>
#include <daemon/broker/postgres/connection.h>
#include <kj/vector.h>

#include <deque>

namespace waas::broker {

// The bytes that name a row in a lookup. A value.
struct LookupKey {
  static constexpr size_t MAX = OwnerId::SIZE + MAX_WALLET_NAME_BYTES;

  std::array<uint8_t, MAX> data{};
  size_t size = 0;

  // Adds bytes at the end; false when they do not fit.
  [[nodiscard]] bool add(kj::ArrayPtr<const kj::byte> more) {
    if (more.size() > MAX - size) return false;
    memcpy(data.data() + size, more.begin(), more.size());
    size += more.size();
    return true;
  }
  kj::ArrayPtr<const kj::byte> slice(size_t from, size_t to) const {
    return kj::arrayPtr(data.data() + from, to - from);
  }
  bool operator==(const LookupKey& other) const {
    return size == other.size && memcmp(data.data(), other.data.data(), size) == 0;
  }
};

// How one kind of lookup is asked and answered. A value.
template <typename Row>
struct LookupPlan {
  kj::StringPtr sql;   // takes one array of keys, or two of their parts
  size_t splitAt = 0;  // 0: whole keys; else where the second part begins
  // Finds out which key a row answers. False for a row that could answer none.
  bool (*keyOf)(const PostgresAnswer& answer, size_t row, LookupKey& out) = nullptr;
  // False when it has not the form of a row.
  bool (*read)(const PostgresAnswer& answer, size_t row, Row& out) = nullptr;
};

template <typename Row>
class Lookup final : private kj::TaskSet::ErrorHandler {
 public:
  static constexpr size_t MAX_BATCH = 64;
  static constexpr size_t MAX_PENDING = 8192;
  // Batches in flight before smaller ones wait for company, and before full ones wait.
  static constexpr size_t PARALLEL = 2;
  static constexpr size_t PARALLEL_FULL = 8;

  Lookup(PostgresConnection& connection, LookupPlan<Row> plan) : connection(connection), plan(plan), tasks(*this) {}
  KJ_DISALLOW_COPY(Lookup);

  kj::Promise<kj::Maybe<Row>> get(const LookupKey& key) {
    if (!connection.connected()) {
      return makeFault(protocol::ErrorCode::POSTGRES_UNREACHABLE, "there is no connection");
    }
    if (pending.size() >= MAX_PENDING) return makeFault(protocol::ErrorCode::OVERLOADED, "too many reads wait");
    auto pair = kj::newPromiseAndFulfiller<kj::Maybe<Row>>();
    pending.push_back(Waiter{key, kj::mv(pair.fulfiller)});
    schedule();
    return kj::mv(pair.promise);
  }

 private:
  struct Waiter {
    LookupKey key;
    kj::Own<kj::PromiseFulfiller<kj::Maybe<Row>>> fulfiller;
  };
  using Batch = kj::Vector<Waiter>;

  void schedule() {
    if (scheduled) return;
    scheduled = true;
    turn = kj::evalLast([this]() {
             scheduled = false;
             while (!pending.empty() && inFlight < (pending.size() >= MAX_BATCH ? PARALLEL_FULL : PARALLEL)) send();
           }).eagerlyEvaluate(nullptr);
  }

  void send() {
    size_t count = kj::min(pending.size(), MAX_BATCH);
    auto batch = kj::heap<Batch>(count);
    for (size_t i = 0; i < count; i++) {
      batch->add(kj::mv(pending.front()));
      pending.pop_front();
    }
    PostgresParameters parameters;
    parameters.beginArray(PostgresParameters::Element::BYTES, count);
    for (auto& waiter : *batch) {
      parameters.element(waiter.key.slice(0, plan.splitAt == 0 ? waiter.key.size : plan.splitAt));
    }
    if (plan.splitAt > 0) {
      parameters.beginArray(PostgresParameters::Element::BYTES, count);
      for (auto& waiter : *batch) parameters.element(waiter.key.slice(plan.splitAt, waiter.key.size));
    }
    inFlight++;
    auto& ref = *batch;
    tasks.add(connection.query(plan.sql, parameters, Statement::READ)
                  .then([this, &ref](PostgresAnswer answer) { settle(ref, answer); },
                        [this, &ref](kj::Exception&& e) { fail(ref, e); })
                  .attach(kj::mv(batch)));
  }

  void settle(Batch& batch, const PostgresAnswer& answer) {
    if (answer.failed()) return fail(batch, answer.fault());
    ended();
    LookupKey key;
    for (size_t row = 0; row < answer.rows(); row++) {
      key.size = 0;
      // Rows that nobody asked for are left alone: a server could send any.
      if (plan.keyOf(answer, row, key)) settleRow(batch, answer, row, key);
    }
    for (auto& waiter : batch) {
      if (waiter.fulfiller.get() != nullptr) waiter.fulfiller->fulfill(nullptr);
    }
  }

  void settleRow(Batch& batch, const PostgresAnswer& answer, size_t index, const LookupKey& key) {
    for (auto& waiter : batch) {
      if (waiter.fulfiller.get() == nullptr || !(waiter.key == key)) continue;
      Row row;
      if (plan.read(answer, index, row)) {
        waiter.fulfiller->fulfill(kj::mv(row));
      } else {
        waiter.fulfiller->reject(makeFault(protocol::ErrorCode::RECORD_REFUSED, "a row has not the form of a row"));
      }
      waiter.fulfiller = nullptr;
    }
  }

  void fail(Batch& batch, const kj::Exception& e) {
    ended();
    for (auto& waiter : batch) waiter.fulfiller->reject(kj::cp(e));
  }

  void ended() {
    inFlight--;
    if (!pending.empty()) schedule();
  }

  void taskFailed(kj::Exception&&) override {}  // every way out has told the waiters

  PostgresConnection& connection;
  LookupPlan<Row> plan;
  std::deque<Waiter> pending;
  size_t inFlight = 0;
  bool scheduled = false;
  kj::Promise<void> turn = nullptr;
  kj::TaskSet tasks;
};

}  // namespace waas::broker
