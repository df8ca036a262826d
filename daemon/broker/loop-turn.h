#pragma once
// Work that is put off to the end of the event loop's turn, so that what arrived together leaves together: one write
// for all answers to a connection, one record for many requests to the vault.
#include <kj/async.h>

namespace waas::broker {

// The end of a turn: when no event is left and the loop is about to wait for I/O.
//
// One object serves the whole process and arms one event a turn, however many tasks there are.
class LoopTurn {
 public:
  class Task {
   public:
    virtual ~Task() noexcept(false);
    Task() = default;
    KJ_DISALLOW_COPY(Task);

   protected:
    // Runs once for any number of atEnd() calls in one turn. May call atEnd() for others, which then run in this turn.
    virtual void endOfTurn() = 0;

   private:
    friend class LoopTurn;
    Task** previous = nullptr;  // null: not in the list
    Task* next = nullptr;
  };

  LoopTurn() = default;
  ~LoopTurn() noexcept(false);
  KJ_DISALLOW_COPY(LoopTurn);

  // Has `task` run at the end of this turn, in no particular order. One that is destroyed before its time is forgotten.
  void atEnd(Task& task);

 private:
  void run();

  Task* first = nullptr;
  bool armed = false;
  kj::Promise<void> end = kj::READY_NOW;
};

}  // namespace waas::broker
