// G2, G3: the connection's side of them, over real sockets on loopback.
#include <gtest/gtest.h>
#include <kj/async-unix.h>

#include "client/gateway/limits.h"
#include "fake-http-handler.h"

namespace waas::gateway {
namespace {

class Server {
 public:
  explicit Server(HttpServer::Options options = {100, 100, 60 * kj::SECONDS})
      : io(kj::setupAsyncIo()),
        port(io.provider->getNetwork().parseAddress("127.0.0.1").wait(io.waitScope)->listen()),
        server(io.provider->getTimer(), handler, options),
        listening(server.listen(*port, nullptr).eagerlyEvaluate(nullptr)) {}

  kj::Own<kj::AsyncIoStream> connect() {
    return io.provider->getNetwork()
        .parseAddress("127.0.0.1", port->getPort())
        .wait(io.waitScope)
        ->connect()
        .wait(io.waitScope);
  }

  // Sends, and reads until the server closes.
  std::string talk(std::string_view bytes) {
    auto stream = connect();
    stream->write(bytes.data(), bytes.size()).wait(io.waitScope);
    return readAll(*stream);
  }

  std::string readAll(kj::AsyncIoStream& stream) {
    auto text = io.provider->getTimer().timeoutAfter(20 * kj::SECONDS, stream.readAllText(1 << 20)).wait(io.waitScope);
    return std::string(text.begin(), text.size());
  }

  std::string readSome(kj::AsyncIoStream& stream) {
    char buffer[4096];
    size_t n = io.provider->getTimer()
                   .timeoutAfter(20 * kj::SECONDS, stream.tryRead(buffer, 1, sizeof buffer))
                   .wait(io.waitScope);
    return std::string(buffer, n);
  }

  kj::AsyncIoContext io;
  FakeHttpHandler handler;
  kj::Own<kj::ConnectionReceiver> port;
  HttpServer server;
  kj::Promise<void> listening;
};

std::string request(std::string_view path, std::string_view rest = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(rest);
}

TEST(HttpServer, AnswersRequestsOfOneConnectionInOrder) {
  Server s;
  auto text = s.talk(request("/one", "Content-Length: 3\r\n\r\nabc") + request("/two", "\r\n") +
                     request("/three", "Connection: close\r\n\r\n"));
  auto one = text.find("/one abc"), two = text.find("/two "), three = text.find("/three ");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
  EXPECT_EQ(s.handler.served, 3);
}

TEST(HttpServer, G2NothingAfterARefusedRequestIsServed) {
  for (auto rest : {"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                    "Content-Length: +3\r\n\r\nabc", "Content-Length : 3\r\n\r\nabc", "Content-Length: 101\r\n\r\n"}) {
    Server s;
    auto text = s.talk(request("/one", rest) + request("/smuggled", "\r\n"));
    EXPECT_EQ(text.find("smuggled"), std::string::npos) << rest;
    EXPECT_NE(text.find("HTTP/1.1 4"), std::string::npos) << rest;
    EXPECT_NE(text.find("Connection: close"), std::string::npos) << rest;
    EXPECT_EQ(s.handler.served, 0);
  }
}

TEST(HttpServer, SaysGoOnBeforeABodyThatWaitsForIt) {
  Server s;
  auto stream = s.connect();
  auto head = request("/one", "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  stream->write(head.data(), head.size()).wait(s.io.waitScope);
  EXPECT_EQ(s.readSome(*stream), "HTTP/1.1 100 Continue\r\n\r\n");
  stream->write("abc", 3).wait(s.io.waitScope);
  EXPECT_NE(s.readSome(*stream).find("/one abc"), std::string::npos);
}

TEST(HttpServer, AnswersAHeadThatArrivesByteByByte) {
  Server s;
  auto stream = s.connect();
  for (char c : request("/one", "Connection: close\r\n\r\n")) stream->write(&c, 1).wait(s.io.waitScope);
  EXPECT_NE(s.readAll(*stream).find("/one"), std::string::npos);
}

TEST(HttpServer, G3RefusesAHeadThatGrowsTooLarge) {
  Server s;
  auto text = s.talk(request("/one", "X: " + std::string(limits::HEAD_BYTES, 'a')));
  EXPECT_NE(text.find("HTTP/1.1 431"), std::string::npos);
}

TEST(HttpServer, G3AnAnswerThatIsNotFoundInTimeIsGivenUp) {
  Server s;
  auto text = s.talk(request("/never", "\r\n"));
  EXPECT_NE(text.find("HTTP/1.1 504"), std::string::npos);
}

TEST(HttpServer, G3AnIdleConnectionEnds) {
  Server s({100, 100, 300 * kj::MILLISECONDS});
  auto stream = s.connect();
  EXPECT_EQ(s.readAll(*stream), "");
}

TEST(HttpServer, G3TheLongestIdleMakesRoomForANewcomer) {
  Server s({2, 100, 60 * kj::SECONDS});
  auto first = s.connect();
  // Each is known to be accepted once it was answered.
  auto ask = [&](kj::AsyncIoStream& stream) {
    auto text = request("/x", "\r\n");
    stream.write(text.data(), text.size()).wait(s.io.waitScope);
    return s.readSome(stream);
  };
  ask(*first);
  auto second = s.connect();
  ask(*second);
  auto third = s.connect();
  EXPECT_NE(ask(*third).find("/x"), std::string::npos);
  EXPECT_EQ(s.readAll(*first), "");
  EXPECT_NE(ask(*second).find("/x"), std::string::npos);
}

TEST(HttpServer, G3OneAddressHasABoundedShare) {
  Server s({100, 2, 60 * kj::SECONDS});
  auto first = s.connect(), second = s.connect();
  auto third = s.connect();
  EXPECT_EQ(s.readAll(*third), "");
}

TEST(HttpServer, DrainEndsIdleConnectionsAtOnce) {
  Server s;
  auto stream = s.connect();
  auto text = request("/x", "\r\n");
  stream->write(text.data(), text.size()).wait(s.io.waitScope);
  s.readSome(*stream);
  auto draining = s.server.drain().eagerlyEvaluate(nullptr);
  EXPECT_EQ(s.readAll(*stream), "");
  draining.wait(s.io.waitScope);
  EXPECT_EQ(s.server.connections(), 0u);
}

}  // namespace
}  // namespace waas::gateway
