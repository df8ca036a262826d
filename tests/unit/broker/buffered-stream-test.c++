#include <daemon/broker/buffered-stream.h>

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <daemon/broker/limits.h>
#include <gtest/gtest.h>
#include <kj/async-io.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace waas::broker {
namespace {

using capnp::word;

class BufferedStreamTest : public ::testing::Test {
 protected:
  BufferedStreamTest() : io(kj::setupAsyncIo()), pool{io.unixEventPort, turn} {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) abort();
    peer = kj::AutoCloseFd(ends[1]);
    stream = kj::heap<BufferedStream>(kj::refcounted<SharedSocket>(kj::AutoCloseFd(ends[0])), pool);
  }

  ~BufferedStreamTest() noexcept override {}

  // A message in stream framing whose root is `text`.
  static kj::Array<word> message(kj::StringPtr text) {
    capnp::MallocMessageBuilder builder;
    builder.initRoot<capnp::AnyPointer>().setAs<capnp::Text>(text);
    return capnp::messageToFlatArray(builder);
  }
  static std::string textOf(kj::ArrayPtr<const word> words) {
    capnp::FlatArrayMessageReader reader(words);
    return reader.getRoot<capnp::AnyPointer>().getAs<capnp::Text>().cStr();
  }

  void write(kj::ArrayPtr<const kj::byte> bytes) {
    while (bytes.size() > 0) {
      ssize_t n = ::write(peer, bytes.begin(), bytes.size());
      ASSERT_GT(n, 0);
      bytes = bytes.slice(static_cast<size_t>(n), bytes.size());
    }
  }
  void writeTable(std::initializer_list<uint32_t> table) {
    write(kj::ArrayPtr<const kj::byte>(reinterpret_cast<const kj::byte*>(table.begin()), table.size() * 4));
  }

  // What arrives next; "" for the end of the stream, "!" and the reason for a broken one.
  std::string receive() {
    std::string result;
    KJ_IF_MAYBE (exception, kj::runCatchingExceptions([&]() {
                   auto message = stream->receive().wait(io.waitScope);
                   KJ_IF_MAYBE (words, message) result = textOf(*words);
                 })) {
      result = std::string("!") + exception->getDescription().cStr();
    }
    return result;
  }

  void send(kj::StringPtr text) {
    capnp::MallocMessageBuilder builder;
    builder.initRoot<capnp::AnyPointer>().setAs<capnp::Text>(text);
    stream->send(builder.getSegmentsForOutput());
  }
  void turnLoop() { io.waitScope.poll(); }

  kj::AsyncIoContext io;
  LoopTurn turn;
  StreamPool pool;
  kj::AutoCloseFd peer;
  kj::Own<BufferedStream> stream;
};

TEST_F(BufferedStreamTest, OneReadFeedsManyMessages) {
  kj::Vector<kj::byte> all;
  for (auto text : {"one", "two", "three"}) all.addAll(message(text).asBytes());
  write(all);
  EXPECT_EQ(receive(), "one");
  EXPECT_EQ(stream->progress(), 1u);
  EXPECT_EQ(receive(), "two");
  EXPECT_EQ(receive(), "three");
  EXPECT_EQ(stream->progress(), 1u);
}

TEST_F(BufferedStreamTest, MessagesMayBeCutAnywhere) {
  auto words = message("cut into single bytes");
  auto bytes = words.asBytes();
  auto promise = stream->receive().eagerlyEvaluate(nullptr);
  for (size_t i = 0; i < bytes.size(); i++) {
    ASSERT_FALSE(promise.poll(io.waitScope)) << i;
    write(bytes.slice(i, i + 1));
  }
  auto received = promise.wait(io.waitScope);
  EXPECT_EQ(textOf(KJ_ASSERT_NONNULL(received)), "cut into single bytes");
  EXPECT_EQ(pool.buffered, 0u);
}

TEST_F(BufferedStreamTest, AWholeMessageAndTheStartOfTheNextAreToldApart) {
  auto first = message("first"), second = message("second");
  write(first.asBytes());
  write(second.asBytes().slice(0, 5));
  EXPECT_EQ(receive(), "first");
  EXPECT_TRUE(stream->isStalled());
  write(second.asBytes().slice(5, second.asBytes().size()));
  EXPECT_EQ(receive(), "second");
  EXPECT_FALSE(stream->isStalled());
}

TEST_F(BufferedStreamTest, TheEndOfTheStreamIsNoError) {
  write(message("last").asBytes());
  peer = nullptr;
  EXPECT_EQ(receive(), "last");
  EXPECT_EQ(receive(), "");
}

TEST_F(BufferedStreamTest, AnEndInsideAMessageIsAnError) {
  write(message("half").asBytes().slice(0, 9));
  peer = nullptr;
  EXPECT_EQ(receive(), "!the stream ended inside a message");
}

TEST_F(BufferedStreamTest, ASegmentCountThatOverflowsIsRefused) {
  writeTable({0xffffffffu, 0});
  EXPECT_EQ(receive(), "!a message has too many segments");
}

TEST_F(BufferedStreamTest, MoreSegmentsThanTheLimitAreRefused) {
  writeTable({limits::MESSAGE_SEGMENTS, 0});
  EXPECT_EQ(receive(), "!a message has too many segments");
}

TEST_F(BufferedStreamTest, AnAnnouncedSizeOverTheLimitIsRefusedBeforeItIsSent) {
  writeTable({0, (64u << 20) / 8});
  EXPECT_EQ(receive(), "!a message is too large");
  EXPECT_EQ(pool.buffered, 0u);
}

TEST_F(BufferedStreamTest, SegmentSizesDoNotOverflowTogether) {
  writeTable({3, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0});
  EXPECT_EQ(receive(), "!a message is too large");
}

TEST_F(BufferedStreamTest, AnnouncingMuchCostsNothing) {
  writeTable({0, (1u << 20) / 8 - 8, 1, 2});
  EXPECT_FALSE(stream->receive().poll(io.waitScope));
  EXPECT_LE(pool.buffered, 4096u);
}

TEST_F(BufferedStreamTest, AllAnswersOfATurnLeaveInOneWrite) {
  for (auto text : {"a", "b", "c"}) send(text);
  EXPECT_EQ(stream->progress(), 0u);
  turnLoop();
  EXPECT_EQ(stream->progress(), 1u);
  char buffer[4096];
  ssize_t n = ::read(peer, buffer, sizeof(buffer));
  auto one = message("a");
  EXPECT_EQ(static_cast<size_t>(n), 3 * one.asBytes().size());
  EXPECT_EQ(memcmp(buffer, one.begin(), one.asBytes().size()), 0);
}

TEST_F(BufferedStreamTest, WhoDoesNotReadIsNotReadFrom) {
  auto big = kj::heapString(300'000);
  memset(big.begin(), 'x', big.size());
  for (int i = 0; i < 8; i++) send(big);
  turnLoop();
  write(message("one more call").asBytes());
  auto call = stream->receive().eagerlyEvaluate(nullptr);
  EXPECT_FALSE(call.poll(io.waitScope));
  EXPECT_TRUE(stream->isStalled());

  // The peer reads after all: everything arrives in order, and its call is taken.
  kj::Vector<kj::byte> got;
  char buffer[65536];
  while (got.size() < 8 * message(big).asBytes().size()) {
    ssize_t n = ::read(peer, buffer, sizeof(buffer));
    if (n > 0) got.addAll(kj::ArrayPtr<const kj::byte>(reinterpret_cast<kj::byte*>(buffer), static_cast<size_t>(n)));
    io.waitScope.poll();
  }
  auto received = call.wait(io.waitScope);
  EXPECT_EQ(textOf(KJ_ASSERT_NONNULL(received)), "one more call");
  EXPECT_EQ(pool.buffered, 0u);
}

TEST_F(BufferedStreamTest, WhoNeverReadsIsCutAndItsMemoryIsFree) {
  auto big = kj::heapString(900'000);
  memset(big.begin(), 'x', big.size());
  for (size_t sent = 0; sent < limits::OUTPUT_CUT_BYTES + (4u << 20); sent += big.size()) {
    send(big);
    turnLoop();
  }
  EXPECT_EQ(receive(), "!the peer does not read its answers");
  EXPECT_EQ(pool.buffered, 0u);
}

TEST_F(BufferedStreamTest, AllConnectionsTogetherAreBounded) {
  pool.buffered = limits::BUFFERED_BYTES;
  write(message("half").asBytes().slice(0, 9));
  EXPECT_EQ(receive(), "!too much is buffered for all connections");
  EXPECT_EQ(pool.buffered, limits::BUFFERED_BYTES);
}

TEST_F(BufferedStreamTest, CuttingWakesTheReader) {
  auto waiting = stream->receive().eagerlyEvaluate(nullptr);
  EXPECT_FALSE(waiting.poll(io.waitScope));
  stream->cut("enough"_kj);
  EXPECT_ANY_THROW(waiting.wait(io.waitScope));
}

TEST_F(BufferedStreamTest, FinishingSendsWhatIsThereFirst) {
  send("bye");
  stream->finish().wait(io.waitScope);
  char buffer[256];
  EXPECT_EQ(static_cast<size_t>(::read(peer, buffer, sizeof(buffer))), message("bye").asBytes().size());
  EXPECT_EQ(::read(peer, buffer, sizeof(buffer)), 0);
}

TEST_F(BufferedStreamTest, DescriptorsThatArePassedAreNotKept) {
  auto words = message("with a descriptor");
  iovec part{words.begin(), words.asBytes().size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  int given = 2;
  memcpy(CMSG_DATA(rights), &given, sizeof(given));
  int next = dup(0);
  close(next);
  ASSERT_GT(sendmsg(peer, &header, 0), 0);
  EXPECT_EQ(receive(), "with a descriptor");
  int after = dup(0);
  close(after);
  EXPECT_EQ(after, next);
}

}  // namespace
}  // namespace waas::broker
