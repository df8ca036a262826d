#include "daemon/vault/audit-ring.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "service-for-tests.h"

namespace waas::vault {
namespace {

constexpr Id INSTANCE{9, 9, 9};

class AuditRingTest : public testing::Test {
 protected:
  std::vector<AuditRecord> append(size_t count, size_t reserved) {
    std::vector<AuditRecord> events(count);
    for (auto& e : events) e.event = AuditEvent::TRANSACTION_SIGNED;
    last = ring.append(events, reserved);
    return events;
  }
  ClockForTests clock;
  AuditRing ring{8, INSTANCE, clock};
  Hash last{};
};

TEST_F(AuditRingTest, V7RoomIsReservedBeforeAndGivenBack) {
  EXPECT_TRUE(ring.reserve(8));
  EXPECT_FALSE(ring.reserve(1));
  append(0, 8);
  EXPECT_TRUE(ring.reserve(5));
  EXPECT_TRUE(ring.reserve(3));
  append(2, 5);
  EXPECT_TRUE(ring.reserve(3));
  EXPECT_FALSE(ring.reserve(1));
  append(3, 3);
  append(3, 3);
  EXPECT_FALSE(ring.reserve(1));
  EXPECT_FALSE(ring.reserve(SIZE_MAX));
  EXPECT_TRUE(ring.acknowledge(1));
  EXPECT_TRUE(ring.reserve(1));
}

TEST_F(AuditRingTest, V7RecordsAreChainedWithoutGaps) {
  ASSERT_TRUE(ring.reserve(3));
  auto events = append(3, 3);
  Hash previous{};
  for (uint64_t i = 0; i < 3; i++) {
    EXPECT_EQ(events[i].sequence, i + 1);
    EXPECT_EQ(events[i].previous, previous);
    EXPECT_EQ(events[i].instance, INSTANCE);
    EXPECT_EQ(events[i].time, clock.time);
    AuditBytes bytes;
    events[i].write(bytes);
    previous = auditHash(bytes);
  }
  EXPECT_EQ(last, previous);
}

TEST_F(AuditRingTest, AcknowledgingNeverGoesBackwardsNorBeyondTheEnd) {
  ASSERT_TRUE(ring.reserve(4));
  append(4, 4);
  EXPECT_FALSE(ring.acknowledge(5));
  EXPECT_TRUE(ring.acknowledge(3));
  EXPECT_TRUE(ring.acknowledge(1));
  EXPECT_TRUE(ring.acknowledge(0));
  EXPECT_EQ(ring.position().firstUnacknowledged, 4u);
  EXPECT_EQ(ring.position().next, 5u);
  EXPECT_FALSE(ring.acknowledge(UINT64_MAX));
}

TEST_F(AuditRingTest, ReplaysWhatIsUnacknowledged) {
  for (int round = 0; round < 5; round++) {
    ASSERT_TRUE(ring.reserve(6));
    append(6, 6);
    std::vector<AuditBytes> out(4);
    uint64_t first = ring.position().firstUnacknowledged;
    EXPECT_EQ(ring.replay(0, out), 4u);
    AuditRecord record;
    ASSERT_TRUE(record.parse(out[0]));
    EXPECT_EQ(record.sequence, first);
    EXPECT_EQ(ring.replay(first + 4, out), 2u);
    EXPECT_EQ(ring.replay(first + 6, out), 0u);
    EXPECT_EQ(ring.replay(UINT64_MAX, out), 0u);
    ASSERT_TRUE(ring.acknowledge(ring.position().next - 1));
    EXPECT_EQ(ring.replay(0, out), 0u);
  }
}

TEST(AuditRing, V7WorkersInParallelMakeOneChain) {
  ClockForTests clock;
  AuditRing ring(10'000, INSTANCE, clock);
  std::vector<std::thread> workers;
  for (int w = 0; w < 4; w++) {
    workers.emplace_back([&ring] {
      for (int i = 0; i < 500; i++) {
        AuditRecord events[3];
        if (!ring.reserve(4)) abort();
        ring.append(std::span(events).first(static_cast<size_t>(i % 4 == 3 ? 0 : i % 4)), 4);
      }
    });
  }
  for (auto& w : workers) w.join();
  size_t count = ring.position().next - 1;
  EXPECT_EQ(count, 4u * 125 * (0 + 1 + 2 + 0));
  std::vector<AuditBytes> all(count);
  ASSERT_EQ(ring.replay(1, all), count);
  Hash previous{};
  for (const auto& bytes : all) {
    AuditRecord record;
    ASSERT_TRUE(record.parse(bytes));
    ASSERT_EQ(record.previous, previous);
    previous = auditHash(bytes);
  }
  EXPECT_TRUE(ring.reserve(10'000 - count));
}

}  // namespace
}  // namespace waas::vault
