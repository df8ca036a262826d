#include "client/lib/buffered-stream.h"

#include <gtest/gtest.h>

#include <string>

namespace waas::client {
namespace {

struct Stream : testing::Test {
  ~Stream() noexcept override = default;

  kj::AsyncIoContext io = kj::setupAsyncIo();
  kj::TwoWayPipe pipe = kj::newTwoWayPipe();
  kj::Own<BufferedStream> stream = kj::heap<BufferedStream>(kj::mv(pipe.ends[0]));
  kj::AsyncIoStream& peer = *pipe.ends[1];

  std::string readFromPeer(size_t size) {
    std::string text(size, '\0');
    peer.read(text.data(), size).wait(io.waitScope);
    return text;
  }
};

TEST_F(Stream, WritesOfOneTurnLeaveTogetherAndInOrder) {
  std::string expected;
  for (int i = 0; i < 100; i++) {
    std::string piece = std::to_string(i) + ",";
    expected += piece;
    EXPECT_TRUE(stream->write(piece.data(), piece.size()).poll(io.waitScope)) << "a small write is done at once";
  }
  std::string got(expected.size(), '\0');
  size_t first = peer.tryRead(got.data(), 1, got.size()).wait(io.waitScope);
  EXPECT_EQ(got.substr(0, first), expected.substr(0, first));
  EXPECT_EQ(readFromPeer(got.size() - first), expected.substr(first));
}

TEST_F(Stream, WhatWasWrittenIsSentBeforeTheStreamIsShut) {
  stream->write("abc", 3).wait(io.waitScope);
  stream->shutdownWrite();
  char buffer[8];
  EXPECT_EQ(peer.tryRead(buffer, 8, 8).wait(io.waitScope), 3u) << "the three bytes, then the end";
}

TEST_F(Stream, OneReadFeedsManySmallOnes) {
  auto writing = peer.write("0123456789", 10);
  char buffer[4];
  EXPECT_EQ(stream->tryRead(buffer, 3, 4).wait(io.waitScope), 4u);
  EXPECT_EQ(std::string(buffer, 4), "0123");
  EXPECT_EQ(stream->tryRead(buffer, 4, 4).wait(io.waitScope), 4u);
  EXPECT_EQ(std::string(buffer, 4), "4567");
  writing.wait(io.waitScope);
  pipe.ends[1]->shutdownWrite();
  EXPECT_EQ(stream->tryRead(buffer, 4, 4).wait(io.waitScope), 2u) << "the end comes before the fourth byte";
}

TEST_F(Stream, AReadWaitsForItsMinimum) {
  char buffer[6];
  auto reading = stream->tryRead(buffer, 6, 6);
  peer.write("abc", 3).wait(io.waitScope);
  EXPECT_FALSE(reading.poll(io.waitScope));
  peer.write("def", 3).wait(io.waitScope);
  EXPECT_EQ(reading.wait(io.waitScope), 6u);
  EXPECT_EQ(std::string(buffer, 6), "abcdef");
}

TEST_F(Stream, LargeReadsAreWhole) {
  std::string sent(BufferedStream::READ_BYTES * 3, 'z'), got(sent.size(), '\0');
  sent[70'000] = 'y';
  auto writing = peer.write(sent.data(), sent.size());
  EXPECT_EQ(stream->tryRead(got.data(), got.size(), got.size()).wait(io.waitScope), got.size());
  EXPECT_EQ(got, sent);
  writing.wait(io.waitScope);
}

TEST_F(Stream, APeerThatDoesNotReadHoldsTheWriterBack) {
  std::string piece(BufferedStream::MAX_UNSENT_BYTES / 4, 'x');
  size_t pieces = 0;
  kj::Promise<void> held = kj::READY_NOW;
  for (; pieces < 20; pieces++) {
    held = stream->write(piece.data(), piece.size());
    if (!held.poll(io.waitScope)) break;
  }
  ASSERT_LT(pieces, 20u) << "the buffer grew without bound";
  for (size_t i = 0; i <= pieces; i++) EXPECT_EQ(readFromPeer(piece.size()), piece);
  EXPECT_TRUE(held.poll(io.waitScope)) << "and goes on when the peer has read";
}

TEST_F(Stream, AfterAFailedWriteAllFail) {
  pipe.ends[1] = nullptr;
  bool failed = false;
  for (int i = 0; i < 10 && !failed; i++) {
    try {
      stream->write("abc", 3).wait(io.waitScope);
      io.waitScope.poll();
    } catch (const kj::Exception&) {
      failed = true;
    }
  }
  EXPECT_TRUE(failed);
  EXPECT_THROW(stream->write("abc", 3).wait(io.waitScope), kj::Exception);
}

TEST_F(Stream, ItMayEndWhileBytesWait) {
  auto writing = stream->write("abc", 3);
  stream = nullptr;
}

}  // namespace
}  // namespace waas::client
