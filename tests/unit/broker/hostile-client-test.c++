// B4: whatever bytes come in at the door, the broker stays up and others are served.
#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <kj/debug.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "broker-client.h"
#include "whole-broker.h"

namespace waas::testing {
namespace {

// A bare connection. A resource.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path.c_str(), path.size());
    connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { close(fd); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Sends what the other side takes. False when it has hung up.
  bool send(kj::ArrayPtr<const kj::byte> bytes) {
    while (bytes.size() > 0) {
      ssize_t n = ::send(fd, bytes.begin(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes = bytes.slice(static_cast<size_t>(n), bytes.size());
    }
    return true;
  }
  bool send(capnp::MessageBuilder& message) { return send(capnp::messageToFlatArray(message).asBytes()); }

  // Waits until the broker hangs up; answers before that are thrown away.
  bool isHungUp(int milliseconds) {
    char buffer[65536];
    for (;;) {
      pollfd readable{fd, POLLIN, 0};
      if (poll(&readable, 1, milliseconds) != 1) return false;
      if (recv(fd, buffer, sizeof(buffer), 0) <= 0) return true;
    }
  }
  int descriptor() const { return fd; }
  bool connected = false;

 private:
  int fd;
};

class HostileClient : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    stack = new WholeBroker();
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(stack->end(SIGTERM), 0);
    delete stack;
    stack = nullptr;
  }
  HostileClient() : io(kj::setupAsyncIo()), good(io, stack->socket()), session(good.service()) {
    static int number = 0;
    name = "good " + std::to_string(++number);
    key = createWallet(io, session, name);
  }
  ~HostileClient() noexcept override {
    EXPECT_TRUE(stack->isAlive());
    EXPECT_EQ(signMessage(io, session, name, key), "ok");
  }

  static void bootstrap(capnp::MallocMessageBuilder& message, uint32_t question) {
    message.initRoot<capnp::rpc::Message>().initBootstrap().setQuestionId(question);
  }
  static void callEnter(capnp::MallocMessageBuilder& message, uint32_t question, uint32_t on) {
    auto call = message.initRoot<capnp::rpc::Message>().initCall();
    call.setQuestionId(question);
    call.setInterfaceId(capnp::typeId<protocol::Signer>());
    call.setMethodId(0);
    call.initTarget().initPromisedAnswer().setQuestionId(on);
    call.initParams();
  }

  static WholeBroker* stack;
  kj::AsyncIoContext io;
  BrokerClient good;
  protocol::Session::Client session;
  std::string name;
  PublicKey key{};
};

WholeBroker* HostileClient::stack = nullptr;

TEST_F(HostileClient, B4_RandomBytesEndTheirConnectionOnly) {
  std::mt19937_64 random(42);
  int hungUp = 0;
  for (int i = 0; i < 300; i++) {
    RawClient client(stack->socket());
    kj::byte bytes[2048];
    for (auto& byte : bytes) byte = static_cast<kj::byte>(random());
    client.send(kj::arrayPtr(bytes, 1 + random() % sizeof(bytes)));
    ::shutdown(client.descriptor(), SHUT_WR);
    hungUp += client.isHungUp(5'000);
  }
  EXPECT_EQ(hungUp, 300);
}

TEST_F(HostileClient, B4_MessagesWithBitsFlippedEndTheirConnectionOnly) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2'000; i++) {
    RawClient client(stack->socket());
    capnp::MallocMessageBuilder first, second;
    bootstrap(first, 0);
    callEnter(second, 1, 0);
    auto a = capnp::messageToFlatArray(first), b = capnp::messageToFlatArray(second);
    auto victim = (i % 2 == 0 ? a : b).asBytes();
    for (uint64_t flips = 1 + random() % 8; flips > 0; flips--)
      victim[random() % victim.size()] ^= static_cast<kj::byte>(1u << random() % 8);
    client.send(a.asBytes());
    client.send(b.asBytes());
    ::shutdown(client.descriptor(), SHUT_WR);
    if (i % 50 == 0) client.isHungUp(5'000);
  }
}

TEST_F(HostileClient, B4_AnOverflowingSegmentCountIsCut) {
  RawClient client(stack->socket());
  uint32_t table[2] = {0xffffffff, 0};
  client.send(kj::arrayPtr(reinterpret_cast<kj::byte*>(table), sizeof(table)));
  EXPECT_TRUE(client.isHungUp(5'000));
}

TEST_F(HostileClient, B4_A64MegabyteFrameIsCutBeforeItIsSent) {
  auto before = stack->residentBytes();
  for (int i = 0; i < 50; i++) {
    RawClient client(stack->socket());
    uint32_t table[2] = {0, (64u << 20) / 8};
    client.send(kj::arrayPtr(reinterpret_cast<kj::byte*>(table), sizeof(table)));
    auto block = kj::heapArray<kj::byte>(1 << 20);
    memset(block.begin(), 0, block.size());
    for (int j = 0; j < 64 && client.send(block); j++) continue;
    EXPECT_TRUE(client.isHungUp(5'000));
  }
  EXPECT_LT(stack->residentBytes(), before + (32u << 20));
}

TEST_F(HostileClient, B4_DeepNestingIsCut) {
  RawClient client(stack->socket());
  capnp::MallocMessageBuilder message;
  auto inner = message.initRoot<capnp::rpc::Message>();
  for (int depth = 0; depth < 2'000; depth++) inner = inner.initUnimplemented();
  inner.initBootstrap();
  client.send(message);
  ::shutdown(client.descriptor(), SHUT_WR);
  EXPECT_TRUE(client.isHungUp(5'000));
}

TEST_F(HostileClient, B4_CallsOnWhatDoesNotExistAreAnsweredOrCut) {
  for (uint32_t target : {0u, 1u, 77u, 0xffffffffu}) {
    RawClient client(stack->socket());
    capnp::MallocMessageBuilder message;
    auto call = message.initRoot<capnp::rpc::Message>().initCall();
    call.setQuestionId(target);
    call.setInterfaceId(0x1234);
    call.initTarget().setImportedCap(target);
    client.send(message);
    ::shutdown(client.descriptor(), SHUT_WR);
    EXPECT_TRUE(client.isHungUp(5'000));
  }
}

TEST_F(HostileClient, B4_WhoNeverFinishesItsCallsIsCut) {
  RawClient client(stack->socket());
  bool accepted = true;
  uint32_t sent = 0;
  for (; accepted && sent < 100'000; sent++) {
    capnp::MallocMessageBuilder message;
    bootstrap(message, sent);
    accepted = client.send(message);
    char buffer[65536];
    while (recv(client.descriptor(), buffer, sizeof(buffer), MSG_DONTWAIT) > 0) continue;
  }
  EXPECT_TRUE(client.isHungUp(5'000));
  EXPECT_LT(sent, 100'000u);
}

TEST_F(HostileClient, B4_WhoCallsAndNeverReadsKeepsLittleMemory) {
  auto before = stack->residentBytes();
  RawClient client(stack->socket());
  fcntl(client.descriptor(), F_SETFL, O_NONBLOCK);
  capnp::MallocMessageBuilder first;
  bootstrap(first, 0);
  client.send(first);
  uint32_t question = 1;
  for (int i = 0; i < 200'000; i++) {
    capnp::MallocMessageBuilder call, finish;
    callEnter(call, question, 0);
    auto done = finish.initRoot<capnp::rpc::Message>().initFinish();
    done.setQuestionId(question++);
    if (!client.send(call) || !client.send(finish)) break;
  }
  EXPECT_LT(stack->residentBytes(), before + (64u << 20));
}

TEST_F(HostileClient, B4_TenThousandConnectionsLeaveOthersServed) {
  std::vector<std::unique_ptr<RawClient>> many;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  size_t count = std::min<size_t>(10'000, limit.rlim_cur - 200);
  for (size_t i = 0; i < count; i++) {
    many.push_back(std::make_unique<RawClient>(stack->socket()));
    if (i % 1'000 == 0) {
      EXPECT_EQ(signMessage(io, session, name, key), "ok");
    }
  }
  EXPECT_EQ(signMessage(io, session, name, key), "ok");
  EXPECT_LE(stack->openDescriptors(), 4'096u + 100);
  many.clear();
  waitUntil([]() { return stack->openDescriptors() < 100; }, "the connections are closed");
}

TEST_F(HostileClient, B4_HalfMessagesOfManyArePaidByWhatWasSent) {
  auto before = stack->residentBytes();
  std::vector<std::unique_ptr<RawClient>> many;
  uint32_t table[2] = {0, (1u << 20) / 8};
  for (int i = 0; i < 2'000; i++) {
    many.push_back(std::make_unique<RawClient>(stack->socket()));
    many.back()->send(kj::arrayPtr(reinterpret_cast<kj::byte*>(table), sizeof(table)));
  }
  EXPECT_EQ(signMessage(io, session, name, key), "ok");
  EXPECT_LT(stack->residentBytes(), before + (48u << 20));
}

TEST_F(HostileClient, B4_TooManyCallsInFlightAreRefusedAtOnce) {
  kj::Vector<kj::Promise<std::string>> calls;
  stack->redis1.pause();
  for (int i = 0; i < 400; i++) {
    auto request = session.signRequest();
    auto item = request.initItems(1)[0];
    item.initWallet().setName(name.c_str());
    item.setMessage(kj::str("call ", i).asBytes());
    calls.add(request.send().then([](auto&& response) { return outcome(response.getOutcomes()); }));
  }
  EXPECT_EQ(calls[399].wait(io.waitScope), "overloaded");
  stack->redis1.resume();
  for (size_t i = 0; i < 399; i++) calls[i].wait(io.waitScope);
  waitUntil([this]() { return signMessage(io, session, name, key) == "ok"; }, "signing goes on");
}

TEST_F(HostileClient, B4_CallsInFlightOutliveTheirConnection) {
  for (int round = 0; round < 20; round++) {
    BrokerClient leaving(io, stack->socket());
    auto other = leaving.service();
    kj::Vector<kj::Promise<void>> calls;
    for (int i = 0; i < 50; i++) {
      auto request = other.signRequest();
      auto item = request.initItems(1)[0];
      item.initWallet().setName(name.c_str());
      item.setMessage(kj::str("call ", i).asBytes());
      calls.add(request.send().ignoreResult().catch_([](kj::Exception&&) {}));
    }
    kj::evalLast([]() {}).wait(io.waitScope);
    leaving.hangUp();
  }
}

}  // namespace
}  // namespace waas::testing
