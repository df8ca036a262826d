#include "loop-turn.h"

#include "log.h"

namespace waas::broker {

LoopTurn::Task::~Task() noexcept(false) {
  if (previous == nullptr) return;
  *previous = next;
  if (next != nullptr) next->previous = previous;
}

LoopTurn::~LoopTurn() noexcept(false) {
  for (Task* task = first; task != nullptr; task = task->next) task->previous = nullptr;
}

void LoopTurn::atEnd(Task& task) {
  if (task.previous != nullptr) return;
  task.next = first;
  task.previous = &first;
  if (first != nullptr) first->previous = &task.next;
  first = &task;
  if (armed) return;
  armed = true;
  end = kj::evalLast([this]() { run(); }).eagerlyEvaluate(nullptr);
}

void LoopTurn::run() {
  // `armed` stays set until the end: the promise that runs this must not be replaced while it does.
  while (first != nullptr) {
    Task& task = *first;
    first = task.next;
    if (first != nullptr) first->previous = &first;
    task.previous = nullptr;
    task.next = nullptr;
    // One task's failure must not keep the others from their turn.
    KJ_IF_MAYBE (exception, kj::runCatchingExceptions([&task]() { task.endOfTurn(); })) {
      logFault("B9001", "a task at the end of a turn failed", *exception);
    }
  }
  armed = false;
}

}  // namespace waas::broker
