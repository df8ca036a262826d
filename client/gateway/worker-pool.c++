#include "worker-pool.h"

namespace waas::gateway {

WorkerPool::WorkerPool(uint32_t count, uint32_t queue) : queue(queue) {
  for (uint32_t i = 0; i < count; i++) threads.emplace_back([this, i]() { work(i); });
}

WorkerPool::~WorkerPool() noexcept(false) {
  {
    std::lock_guard lock(mutex);
    ending = true;
    jobs.clear();
  }
  arrived.notify_all();
  for (auto& thread : threads) thread.join();
}

bool WorkerPool::add(Job job) {
  {
    std::lock_guard lock(mutex);
    if (jobs.size() >= queue) return false;
    jobs.push_back(std::move(job));
  }
  arrived.notify_one();
  return true;
}

void WorkerPool::work(uint32_t thread) {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex);
      arrived.wait(lock, [this]() { return ending || !jobs.empty(); });
      if (ending) return;
      job = std::move(jobs.front());
      jobs.pop_front();
    }
    job(thread);
  }
}

}  // namespace waas::gateway
