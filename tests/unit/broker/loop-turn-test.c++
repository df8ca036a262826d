#include <daemon/broker/loop-turn.h>

#include <gtest/gtest.h>
#include <kj/async.h>
#include <kj/debug.h>
#include <kj/function.h>
#include <kj/memory.h>

namespace waas::broker {
namespace {

class Counter final : public LoopTurn::Task {
 public:
  explicit Counter(kj::Function<void()> then = []() {}) : then(kj::mv(then)) {}
  int runs = 0;

 private:
  void endOfTurn() override {
    runs++;
    then();
  }
  kj::Function<void()> then;
};

class LoopTurnTest : public ::testing::Test {
 protected:
  ~LoopTurnTest() noexcept override {}
  void runTurn() { waitScope.poll(); }
  kj::EventLoop loop;
  kj::WaitScope waitScope{loop};
  LoopTurn turn;
};

TEST_F(LoopTurnTest, RunsOnceForManyRequestsOfATurn) {
  Counter task;
  for (int i = 0; i < 5; i++) turn.atEnd(task);
  EXPECT_EQ(task.runs, 0);
  runTurn();
  EXPECT_EQ(task.runs, 1);
  turn.atEnd(task);
  runTurn();
  EXPECT_EQ(task.runs, 2);
}

TEST_F(LoopTurnTest, RunsAfterEverythingElseOfTheTurn) {
  bool before = false, seen = false;
  Counter task([&]() { seen = before; });
  turn.atEnd(task);
  auto work = kj::evalLater([]() {}).then([]() {}).then([&]() { before = true; }).eagerlyEvaluate(nullptr);
  runTurn();
  EXPECT_TRUE(seen);
}

TEST_F(LoopTurnTest, ATaskMayAskForAnother) {
  Counter second;
  Counter first([&]() { turn.atEnd(second); });
  turn.atEnd(first);
  runTurn();
  EXPECT_EQ(second.runs, 1);
}

TEST_F(LoopTurnTest, ADestroyedTaskIsForgottenWhereverItStands) {
  auto a = kj::heap<Counter>(), b = kj::heap<Counter>(), c = kj::heap<Counter>();
  for (auto task : {a.get(), b.get(), c.get()}) turn.atEnd(*task);
  b = nullptr;
  c = nullptr;
  runTurn();
  EXPECT_EQ(a->runs, 1);
}

TEST_F(LoopTurnTest, ATaskMayDestroyAnother) {
  auto victim = kj::heap<Counter>();
  auto other = kj::heap<Counter>();
  Counter task([&]() { victim = nullptr; });
  turn.atEnd(*victim);
  turn.atEnd(task);
  turn.atEnd(*other);
  runTurn();
  EXPECT_EQ(other->runs, 1);
}

TEST_F(LoopTurnTest, ATaskThatFailsDoesNotStopLaterTurns) {
  Counter bad([]() { kj::throwFatalException(KJ_EXCEPTION(FAILED, "deliberate")); });
  turn.atEnd(bad);
  runTurn();
  Counter good;
  turn.atEnd(good);
  runTurn();
  EXPECT_EQ(good.runs, 1);
}

}  // namespace
}  // namespace waas::broker
