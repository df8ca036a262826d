#include "deadline-queue.h"

#include "log.h"

namespace waas::broker {

void DeadlineQueue::Entry::leave() {
  if (queue == nullptr) return;
  (previous != nullptr ? previous->next : queue->oldest) = next;
  (next != nullptr ? next->previous : queue->newest) = previous;
  queue = nullptr;
  previous = next = nullptr;
}

DeadlineQueue::DeadlineQueue(kj::Timer& timer, kj::Duration length, kj::Duration tick)
    : timer(timer), duration(length), tick(tick) {}

DeadlineQueue::~DeadlineQueue() noexcept(false) {
  while (oldest != nullptr) oldest->leave();
}

void DeadlineQueue::enter(Entry& entry) {
  entry.leave();
  entry.queue = this;
  entry.when = timer.now() + duration;
  entry.previous = newest;
  (newest != nullptr ? newest->next : oldest) = &entry;
  newest = &entry;
  if (watching) return;
  watching = true;
  watcher = watch().eagerlyEvaluate([this](kj::Exception&& exception) {
    watching = false;
    logFault("B9003", "the watch over deadlines failed", exception);
  });
}

kj::Promise<void> DeadlineQueue::watch() {
  return timer.afterDelay(tick).then([this]() -> kj::Promise<void> {
    expire();
    if (oldest != nullptr) return watch();
    watching = false;
    return kj::READY_NOW;
  });
}

void DeadlineQueue::expire() {
  auto now = timer.now();
  while (oldest != nullptr && oldest->when <= now) {
    Entry& entry = *oldest;
    entry.leave();
    entry.expired();
  }
}

}  // namespace waas::broker
