#include <daemon/broker/deadline-queue.h>

#include <gtest/gtest.h>
#include <kj/memory.h>

#include <string>

namespace waas::broker {
namespace {

class Entry final : public DeadlineQueue::Entry {
 public:
  Entry(std::string& log, char name) : log(log), name(name) {}

 private:
  void expired() override { log += name; }
  std::string& log;
  char name;
};

class DeadlineQueueTest : public ::testing::Test {
 protected:
  ~DeadlineQueueTest() noexcept override {}
  // The clock is the test's.
  void pass(kj::Duration time) {
    now = now + time;
    timer.advanceTo(now);
    kj::evalLast([]() {}).wait(waitScope);
  }
  kj::EventLoop loop;
  kj::WaitScope waitScope{loop};
  kj::TimePoint now = kj::origin<kj::TimePoint>();
  kj::TimerImpl timer{now};
  DeadlineQueue queue{timer, 1 * kj::SECONDS, 100 * kj::MILLISECONDS};
  std::string log;
};

TEST_F(DeadlineQueueTest, ExpiresInOrderAndOnce) {
  Entry a(log, 'a'), b(log, 'b');
  queue.enter(a);
  pass(300 * kj::MILLISECONDS);
  queue.enter(b);
  pass(600 * kj::MILLISECONDS);
  EXPECT_EQ(log, "");
  pass(200 * kj::MILLISECONDS);
  EXPECT_EQ(log, "a");
  pass(1 * kj::SECONDS);
  EXPECT_EQ(log, "ab");
  pass(5 * kj::SECONDS);
  EXPECT_EQ(log, "ab");
}

TEST_F(DeadlineQueueTest, WhoLeavesOrEndsDoesNotExpire) {
  Entry stays(log, 's'), leaves(log, 'l');
  auto ends = kj::heap<Entry>(log, 'e');
  queue.enter(leaves);
  queue.enter(*ends);
  queue.enter(stays);
  leaves.leave();
  ends = nullptr;
  pass(2 * kj::SECONDS);
  EXPECT_EQ(log, "s");
}

TEST_F(DeadlineQueueTest, EnteringAgainStartsTheTimeAnew) {
  Entry a(log, 'a');
  queue.enter(a);
  pass(800 * kj::MILLISECONDS);
  queue.enter(a);
  pass(800 * kj::MILLISECONDS);
  EXPECT_EQ(log, "");
  pass(400 * kj::MILLISECONDS);
  EXPECT_EQ(log, "a");
}

TEST_F(DeadlineQueueTest, AnIdleQueueSetsNoTimer) {
  Entry a(log, 'a');
  queue.enter(a);
  a.leave();
  pass(1 * kj::SECONDS);
  EXPECT_EQ(timer.nextEvent(), nullptr);
}

}  // namespace
}  // namespace waas::broker
