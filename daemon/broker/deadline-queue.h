#pragma once
// Deadlines of calls, all of the same length: a list in order of time, looked at every few milliseconds. Costs two
// pointer writes a call, where a timer each would cost a tree node and a promise.
#include <kj/async.h>
#include <kj/timer.h>

namespace waas::broker {

class DeadlineQueue {
 public:
  class Entry {
   public:
    Entry() = default;
    KJ_DISALLOW_COPY(Entry);
    virtual ~Entry() noexcept(false) { leave(); }

    // Takes the entry out of its queue; harmless when it is in none.
    void leave();

   protected:
    // The deadline has passed. The entry has left the queue.
    virtual void expired() = 0;

   private:
    friend class DeadlineQueue;
    DeadlineQueue* queue = nullptr;
    Entry* previous = nullptr;
    Entry* next = nullptr;
    kj::TimePoint when = kj::origin<kj::TimePoint>();
  };

  DeadlineQueue(kj::Timer& timer, kj::Duration length, kj::Duration tick);
  ~DeadlineQueue() noexcept(false);
  KJ_DISALLOW_COPY(DeadlineQueue);

  void enter(Entry& entry);

  kj::Duration length() const { return duration; }

 private:
  kj::Promise<void> watch();
  void expire();

  kj::Timer& timer;
  kj::Duration duration;
  kj::Duration tick;
  Entry* oldest = nullptr;
  Entry* newest = nullptr;
  bool watching = false;
  kj::Promise<void> watcher = kj::READY_NOW;  // last: ends before what it looks at
};

}  // namespace waas::broker
