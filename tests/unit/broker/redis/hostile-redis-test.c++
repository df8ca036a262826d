// A server that speaks the protocol badly on purpose: the connection ends, nothing else does.
#include "redis-fixture.h"

#include <fstream>

namespace waas::broker {
namespace {

using protocol::ErrorCode;

// Listens on a Unix socket in the test's own loop; answers the login's INFO, then each HGETALL with the script.
class HostileRedisTest : public RedisTest {
 protected:
  void SetUp() override {
    auto path = folder / "s";
    auto address = io.provider->getNetwork().parseAddress(kj::str("unix:", path.c_str())).wait(io.waitScope);
    listener = address->listen();
    serving = acceptLoop().eagerlyEvaluate([](kj::Exception&&) {});
  }
  ~HostileRedisTest() noexcept override {}

  // Sets what the server says to the first command after the login, and connects.
  void play(std::string answer, bool thenClose = false) {
    script = std::move(answer);
    closeAfter = thenClose;
    accepted = 0;
    observer = RecordingObserver();
    auto options = optionsFor("unix://" + folder.path() + "/s");
    options.deadline = 500 * kj::MILLISECONDS;
    connect(kj::mv(options));
  }

  // The connection ends, the promise is a fault, and the store connects again.
  void expectCutOff(std::string answer) {
    std::string shown = answer.substr(0, 60);
    play(std::move(answer));
    EXPECT_EQ(codeOf(store->shares(sampleId(1))), code(ErrorCode::REDIS_UNREACHABLE)) << shown;
    turnUntil([&] { return observer.lost >= 1 && observer.connected >= 2; }, "no new connection");
  }
  void expectRefused(std::string answer, ErrorCode expected) {
    std::string shown = answer;
    play(std::move(answer));
    EXPECT_EQ(codeOf(store->shares(sampleId(1))), code(expected)) << shown;
    EXPECT_EQ(observer.lost, 0) << shown;
  }

  kj::Promise<void> acceptLoop() {
    return listener->accept().then([this](kj::Own<kj::AsyncIoStream> stream) {
      accepted++;
      auto peer = kj::heap<Peer>(Peer{kj::mv(stream), {}, false});
      auto& ref = *peer;
      peers.add(talk(ref).attach(kj::mv(peer)).eagerlyEvaluate([](kj::Exception&&) {}));
      return acceptLoop();
    });
  }
  struct Peer {
    kj::Own<kj::AsyncIoStream> stream;
    char buffer[4096];
    bool greeted;
  };
  kj::Promise<void> talk(Peer& peer) {
    return peer.stream->tryRead(peer.buffer, 1, sizeof(peer.buffer)).then([this, &peer](size_t n) -> kj::Promise<void> {
      if (n == 0) return kj::READY_NOW;
      std::string& say = peer.greeted ? script : greeting;
      bool close = peer.greeted && closeAfter;
      peer.greeted = true;
      if (say.empty() && close) return kj::READY_NOW;
      return peer.stream->write(say.data(), say.size()).then([this, &peer, close]() -> kj::Promise<void> {
        if (close) {
          peer.stream->shutdownWrite();
          return kj::READY_NOW;
        }
        return talk(peer);
      });
    });
  }

  static size_t residentKiB() {
    std::ifstream statm("/proc/self/statm");
    size_t all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4;
  }

  testing::TemporaryFolder folder;
  std::string greeting = "$9\r\nrun_id:ab\r\n";
  std::string script;
  bool closeAfter = false;
  int accepted = 0;
  kj::Own<kj::ConnectionReceiver> listener;
  kj::Vector<kj::Promise<void>> peers;
  kj::Promise<void> serving = nullptr;
};

TEST_F(HostileRedisTest, BytesThatAreNoReplyEndTheConnection) {
  for (const char* text :
       {"hello\r\n", "?\r\n", "\r\n", "\n", "$x\r\n", "$-5\r\n", "*-7\r\n", "$99999999999999999999\r\n",
        "*99999999999999999999\r\n", ":12x\r\n", "%1\r\n+a\r\n+b\r\n", ">1\r\n+a\r\n", "~1\r\n+a\r\n", "_\r\n",
        "#t\r\n", ",1.5\r\n", "(12345678901234567890\r\n", "=7\r\ntxt:abc\r\n"}) {
    // hiredis 0.14 takes some of them for an integer or an error of its own; none may come through as shares.
    play(text);
    EXPECT_NE(codeOf(store->shares(sampleId(1))), -1) << text;
  }
}

TEST_F(HostileRedisTest, HugeBulkLengthDoesNotGrowTheBroker) {
  std::string flood = "$536870912\r\n" + std::string(8u << 20, 'x');
  expectCutOff(flood);
}

TEST_F(HostileRedisTest, HugeArraysDoNotGrowTheBroker) {
  expectCutOff("*2147483647\r\n");
  expectCutOff("*4097\r\n");
  expectCutOff("*1000000000\r\n$1\r\na\r\n");
  // Each array small, all together large.
  std::string many = "*4000\r\n";
  for (int i = 0; i < 4000; i++) many += "*2\r\n:1\r\n:1\r\n";
  expectCutOff(many);
}

TEST_F(HostileRedisTest, DeepNestingEndsTheConnection) {
  std::string deep;
  for (int i = 0; i < 200; i++) deep += "*1\r\n";
  expectCutOff(deep + ":1\r\n");
}

TEST_F(HostileRedisTest, EndlessFloodOfRepliesDoesNotGrowTheBroker) {
  std::string flood;
  for (int i = 0; i < 400'000; i++) flood += "+OK\r\n";
  play(flood);
  size_t before = residentKiB();
  EXPECT_NE(codeOf(store->shares(sampleId(1))), -1);
  turnUntil([&] { return observer.lost >= 1; }, "replies to nothing are taken");
  EXPECT_LT(residentKiB(), before + 20'000);
}

TEST_F(HostileRedisTest, ReplyNobodyAskedForEndsTheConnection) { expectCutOff("-ERR no\r\n:1\r\n"); }

TEST_F(HostileRedisTest, HalfAReplyRunsIntoTheDeadline) {
  play("*2\r\n$18\r\n1-00000000");
  auto start = now();
  EXPECT_EQ(codeOf(store->shares(sampleId(1))), code(ErrorCode::REDIS_UNREACHABLE));
  EXPECT_LT(since(start) / kj::MILLISECONDS, 1'000);
}

TEST_F(HostileRedisTest, ClosingInTheMiddleOfAReplyIsALostConnection) {
  play("*2\r\n$18\r\n1-00000000", true);
  EXPECT_EQ(codeOf(store->shares(sampleId(1))), code(ErrorCode::REDIS_UNREACHABLE));
}

TEST_F(HostileRedisTest, WellFormedRepliesOfTheWrongKindFailOnlyTheirRequest) {
  std::string name = "$18\r\n1-0000000000000001\r\n", envelope = "$86\r\n" + std::string(86, 'e') + "\r\n";
  for (const std::string& reply :
       {std::string("+OK\r\n"), std::string(":5\r\n"), std::string("$-1\r\n"), std::string("*-1\r\n"), "*1\r\n" + name,
        "*3\r\n" + name + envelope + name, "*2\r\n" + name + ":5\r\n", "*2\r\n" + name + "$-1\r\n",
        "*2\r\n" + name + "-ERR x\r\n", "*2\r\n*1\r\n" + name + envelope, "*2\r\n" + name + "*1\r\n" + envelope,
        "*2\r\n" + envelope + name, "*2\r\n+1-0000000000000001\r\n" + envelope}) {
    expectRefused(reply, ErrorCode::RECORD_REFUSED);
  }
  expectRefused("-LOADING\r\n", ErrorCode::REDIS_UNREACHABLE);
  expectRefused("-\r\n", ErrorCode::REDIS_UNREACHABLE);
  expectRefused("-WRONGTYPE x\r\n", ErrorCode::RECORD_REFUSED);
}

TEST_F(HostileRedisTest, ServersTextNeverReachesTheFault) {
  play("-ERR <script>sesame</script>\r\n");
  auto promise = store->shares(sampleId(1));
  KJ_IF_MAYBE (e, kj::runCatchingExceptions([&]() { promise.wait(io.waitScope); })) {
    EXPECT_EQ(std::string(e->getDescription().cStr()).find("sesame"), std::string::npos);
  } else {
    FAIL() << "an error is no fault";
  }
}

TEST_F(HostileRedisTest, OddAnswersToTheLoginAreRetriedWithoutHaste) {
  greeting = "*1\r\n:1\r\n";
  observer = RecordingObserver();
  auto options = optionsFor("unix://" + folder.path() + "/s");
  options.minBackoff = 40 * kj::MILLISECONDS;
  connectWithoutWaiting(kj::mv(options));
  auto start = now();
  turnUntil([&] { return accepted >= 4; }, "no further attempt");
  EXPECT_GT(since(start) / kj::MILLISECONDS, 60);
  EXPECT_EQ(observer.connected, 0);
  EXPECT_EQ(observer.lost, 1);  // the same reason is told once
}

TEST_F(HostileRedisTest, InfoFullOfNonsenseIsHarmless) {
  std::string info = "run_id:" + std::string(100'000, 'r') + "\r\nredis_version:\x01\xff\r\n:\r\n\r\nrole\r\nloading:0";
  greeting = "$" + std::to_string(info.size()) + "\r\n" + info + "\r\n";
  play("*0\r\n");
  EXPECT_EQ(store->shares(sampleId(1)).wait(io.waitScope).fields.size(), 0u);
  EXPECT_LE(store->health().runId.size(), 64u);
  EXPECT_EQ(store->health().version, "Redis ??");
}

// Random bytes of the protocol's alphabet: whatever they are, the broker lives and connects again.
TEST_F(HostileRedisTest, RandomRepliesNeverCrash) {
  std::mt19937_64 random(11);
  static const char ALPHABET[] = "*$+-:\r\n\r\n\r\n0123456789abc-";
  for (int round = 0; round < 300; round++) {
    std::string bytes;
    size_t size = random() % 60 + 1;
    for (size_t i = 0; i < size; i++) bytes += ALPHABET[random() % (sizeof(ALPHABET) - 1)];
    play(bytes, true);
    auto promise = store->shares(sampleId(1));
    KJ_IF_MAYBE (e, kj::runCatchingExceptions([&]() { promise.wait(io.waitScope); })) {
      EXPECT_NE(faultOf(*e).code, ErrorCode::UNKNOWN) << bytes;
    }
  }
}

}  // namespace
}  // namespace waas::broker
