// The audit writer against a real PostgreSQL. What the vault sends is made here, so that it can come in any order.
#include <daemon/broker/audit-writer.h>

#include <capnp/message.h>
#include <daemon/broker/postgres/postgres-store.h>
#include <gtest/gtest.h>
#include <kj/async-io.h>
#include <servers.h>

#include <string>
#include <vector>

namespace waas::broker {
namespace {

class QuietObserver final : public StoreObserver {
 public:
  void storeConnected(kj::StringPtr) override {}
  void storeLost(kj::StringPtr, kj::StringPtr) override {}
};

class Waiter final : public AuditWaiter {
 public:
  Waiter(std::string& log, char name) : log(log), name(name) {}

 private:
  void durable() override { log += name; }
  void notDurable(protocol::ErrorCode, kj::StringPtr) override { log += static_cast<char>(toupper(name)); }
  std::string& log;
  char name;
};

class AuditWriterTest : public ::testing::Test {
 protected:
  AuditWriterTest() : io(kj::setupAsyncIo()) {
    postgres.migrate();
    PostgresOptions options;
    options.conninfo = kj::str(postgres.conninfo().c_str());
    options.password = kj::str(waas::testing::PrivatePostgres::password().c_str());
    options.maxBackoff = 200 * kj::MILLISECONDS;
    store = newPostgresStore(kj::mv(options), io.provider->getNetwork(), io.unixEventPort, observer);
    until([this]() { return store->health().reachable; });
    link = kj::heap<VaultLink>(io.unixEventPort, turn, kj::str("/nonexistent"));
    writer = kj::heap<AuditWriter>(*store, *link, turn, io.unixEventPort.getTimer());
    greet(1);
  }

  ~AuditWriterTest() noexcept override {}

  // Turns the loop until a condition holds; it never does by itself in a test that fails.
  template <typename Condition>
  void until(Condition condition) {
    auto& timer = io.unixEventPort.getTimer();
    for (int i = 0; i < 2'000 && !condition(); i++) timer.afterDelay(5 * kj::MILLISECONDS).wait(io.waitScope);
    ASSERT_TRUE(condition());
  }

  void greet(uint64_t firstUnacknowledged, uint8_t life = 1) {
    instance.fill(life);
    capnp::MallocMessageBuilder message;
    auto hello = message.initRoot<inner::Hello>();
    hello.setInstance(kj::arrayPtr(instance.data(), instance.size()));
    hello.setFirstUnacknowledged(firstUnacknowledged);
    writer->vaultGreeted(hello);
  }

  // A reply with the records first..last of the present life.
  void arrive(uint64_t first, uint64_t last) {
    capnp::MallocMessageBuilder message;
    auto reply = message.initRoot<inner::Reply>();
    auto audit = reply.initAudit(static_cast<unsigned int>(last - first + 1));
    for (uint64_t sequence = first; sequence <= last; sequence++) {
      AuditRecord record;
      record.event = AuditEvent::MESSAGE_SIGNED;
      record.instance = instance;
      record.sequence = sequence;
      std::array<uint8_t, AUDIT_RECORD_BYTES> bytes;
      record.write(bytes);
      audit.set(static_cast<unsigned int>(sequence - first), kj::arrayPtr(bytes.data(), bytes.size()));
    }
    writer->vaultWrote(reply);
  }

  std::string stored() {
    return postgres.sql(
        "SELECT string_agg(sequence::text, ',' ORDER BY sequence) FROM waas.audit WHERE get_byte(instance, 0) = " +
        std::to_string(instance[0]));
  }
  std::string storedTrimmed() {
    auto text = stored();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  kj::AsyncIoContext io;
  waas::testing::PrivatePostgres postgres;
  QuietObserver observer;
  LoopTurn turn;
  kj::Own<WalletStore> store;
  kj::Own<VaultLink> link;
  kj::Own<AuditWriter> writer;
  Id instance{};
  std::string log;
};

TEST_F(AuditWriterTest, B1_AResultWaitsUntilItsRecordsAreDurable) {
  Waiter a(log, 'a');
  arrive(1, 3);
  writer->wait(a, 3);
  EXPECT_EQ(log, "");
  until([this]() { return log == "a"; });
  EXPECT_EQ(storedTrimmed(), "1,2,3");
  EXPECT_EQ(writer->durableSequence(), 3u);
}

TEST_F(AuditWriterTest, B1_ALaterBatchWaitsForTheEarlierOnes) {
  Waiter a(log, 'a'), b(log, 'b');
  arrive(3, 4);
  writer->wait(b, 4);
  io.unixEventPort.getTimer().afterDelay(50 * kj::MILLISECONDS).wait(io.waitScope);
  EXPECT_EQ(log, "");
  EXPECT_EQ(storedTrimmed(), "");
  arrive(1, 2);
  writer->wait(a, 2);
  until([this]() { return log.size() == 2; });
  EXPECT_EQ(log, "ab");
  EXPECT_EQ(storedTrimmed(), "1,2,3,4");
}

TEST_F(AuditWriterTest, B1_WhatIsDurableAlreadyIsReleasedAtOnce) {
  Waiter a(log, 'a'), b(log, 'b'), none(log, 'n');
  arrive(1, 1);
  writer->wait(a, 1);
  until([this]() { return log == "a"; });
  writer->wait(b, 1);
  writer->wait(none, 0);
  EXPECT_EQ(log, "abn");
}

TEST_F(AuditWriterTest, B1_AReplayIsTakenOnce) {
  Waiter a(log, 'a');
  arrive(1, 2);
  writer->vaultLost();
  greet(1);
  arrive(1, 4);
  writer->wait(a, 4);
  until([this]() { return log == "a"; });
  EXPECT_EQ(storedTrimmed(), "1,2,3,4");
}

TEST_F(AuditWriterTest, B1_WhatAnotherLifeOfTheBrokerLeftIsTakenOver) {
  greet(41, 7);
  Waiter a(log, 'a');
  arrive(41, 45);
  writer->wait(a, 45);
  until([this]() { return log == "a"; });
  EXPECT_EQ(storedTrimmed(), "41,42,43,44,45");
}

TEST_F(AuditWriterTest, B1_RecordsAfterAGapOfALostLifeNeverGetIn) {
  Waiter before(log, 'b'), after(log, 'a'), next(log, 'n');
  arrive(1, 1);
  writer->wait(before, 1);
  arrive(3, 3);
  writer->wait(after, 3);
  greet(1, 2);
  EXPECT_EQ(log, "A");
  arrive(1, 1);
  writer->wait(next, 1);
  until([this]() { return log.size() == 3; });
  EXPECT_EQ(log, "Abn");
  EXPECT_EQ(storedTrimmed(), "1");
  instance.fill(1);
  EXPECT_EQ(storedTrimmed(), "1");
}

TEST_F(AuditWriterTest, B1_NothingIsLostWhileTheDatabaseIsAwayAndCallsAreRefusedSoon) {
  postgres.kill();
  Waiter a(log, 'a');
  arrive(1, 2);
  writer->wait(a, 2);
  until([this]() { return log == "A"; });
  EXPECT_FALSE(writer->accepts());
  Waiter refused(log, 'r');
  writer->wait(refused, 2);
  EXPECT_EQ(log, "AR");
  arrive(3, 3);
  postgres.start();
  until([this]() { return writer->accepts() && writer->waitingRecords() == 0; });
  EXPECT_EQ(storedTrimmed(), "1,2,3");
  EXPECT_EQ(writer->durableSequence(), 3u);
}

TEST_F(AuditWriterTest, ManyRecordsMakeFewCommits) {
  auto commits = [this]() { return std::stol(postgres.sql("SELECT count(DISTINCT xmin::text) FROM waas.audit")); };
  Waiter a(log, 'a');
  for (uint64_t i = 0; i < 200; i++) arrive(i * 10 + 1, i * 10 + 10);
  writer->wait(a, 2'000);
  until([this]() { return log == "a"; });
  EXPECT_LE(commits(), 5);
}

TEST_F(AuditWriterTest, AWaiterThatEndsIsForgotten) {
  auto a = kj::heap<Waiter>(log, 'a');
  Waiter b(log, 'b');
  arrive(1, 2);
  writer->wait(*a, 1);
  writer->wait(b, 2);
  a = nullptr;
  until([this]() { return !log.empty(); });
  EXPECT_EQ(log, "b");
}

TEST_F(AuditWriterTest, WhatIsNoRecordOfThisLifeIsNotWritten) {
  capnp::MallocMessageBuilder message;
  auto reply = message.initRoot<inner::Reply>();
  auto audit = reply.initAudit(2);
  audit.set(0, kj::heapArray<kj::byte>(AUDIT_RECORD_BYTES));
  audit.set(1, kj::heapArray<kj::byte>(3));
  writer->vaultWrote(reply);
  EXPECT_EQ(writer->waitingRecords(), 0u);
}

}  // namespace
}  // namespace waas::broker
