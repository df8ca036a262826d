#pragma once
// A few threads for work that would stop the event loop: stretching passwords, talking to the database.
#include <kj/async.h>
#include <kj/exception.h>
#include <kj/function.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "client/lib/error.h"

namespace waas::gateway {

// Jobs start in the order in which they were given. The destructor waits for those that run and drops the others.
class WorkerPool {
 public:
  WorkerPool(uint32_t threads, uint32_t queue);
  ~WorkerPool() noexcept(false);
  KJ_DISALLOW_COPY(WorkerPool);

  // Runs a job, which gets the number of its thread and must not touch the event loop's objects. What it throws breaks
  // the promise. `overloaded` when too many wait. A job whose promise was dropped still runs.
  template <typename T>
  kj::Promise<T> run(kj::Function<T(uint32_t thread)> job) {
    auto pair = kj::newPromiseAndCrossThreadFulfiller<T>();
    auto shared = std::make_shared<State<T>>(kj::mv(job), kj::mv(pair.fulfiller));
    bool taken = add([shared](uint32_t thread) {
      auto failed = kj::runCatchingExceptions([&]() { shared->fulfiller->fulfill(shared->job(thread)); });
      KJ_IF_MAYBE (exception, failed) shared->fulfiller->reject(kj::mv(*exception));
    });
    if (!taken) return client::makeFailure(client::ErrorCode::OVERLOADED);
    return kj::mv(pair.promise);
  }

 private:
  template <typename T>
  struct State {
    kj::Function<T(uint32_t)> job;
    kj::Own<kj::CrossThreadPromiseFulfiller<T>> fulfiller;
    State(kj::Function<T(uint32_t)> job, kj::Own<kj::CrossThreadPromiseFulfiller<T>> fulfiller)
        : job(kj::mv(job)), fulfiller(kj::mv(fulfiller)) {}
  };
  using Job = std::function<void(uint32_t)>;

  bool add(Job job);
  void work(uint32_t thread);

  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Job> jobs;
  uint32_t queue;
  bool ending = false;
  std::vector<std::thread> threads;
};

}  // namespace waas::gateway
