// V7, V9: what a broker can fill is bounded, and full means refused, not forgotten.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "person.h"
#include "protocol/audit-record.h"

namespace waas::hostile {
namespace {

class Limits : public testing::Test {
 protected:
  Limits() : wallet(serviceWallet(*scene.link, scene.peer, "w")) {}

  Reply signMany(unsigned n) {
    Octets transaction = transactionFor(wallet.publicKey());
    return scene.link->ask([&](auto request) {
      auto in = request.initSign();
      in.initCaller().setPeer(scene.peer);
      for (auto item : in.initItems(n)) {
        item.initSelector().setName("w");
        wallet.fill(item.initWallet());
        item.setTransaction(reader(Bytes(transaction)));
      }
    });
  }

  Scene scene;
  WalletCopy wallet;
};

TEST_F(Limits, V7WithoutRoomForTheRecordNothingIsSigned) {
  uint64_t made = 1;  // the wallet
  Reply reply = signMany(64);
  while (!reply.answer().isRefused()) {
    made += reply.get().getAudit().size();
    EXPECT_EQ(reply.answer().getAuditThrough(), reply.get().getHead().getSequence());
    ASSERT_LE(made, 4096u);
    reply = signMany(64);
  }
  EXPECT_EQ(refusalOf(reply.answer()), ErrorCode::AUDIT_UNAVAILABLE);
  while (!(reply = signMany(1)).answer().isRefused()) made++;
  EXPECT_EQ(made, 4096u);
  // What uses no key goes on.
  auto health = scene.link->ask([](auto request) { request.setHealth(); });
  EXPECT_EQ(health.answer().getHealth().getUnacknowledged(), 4096u);
  Person person(scene.vault.publicKeys(), scene.peer, "a@b.c");
  EXPECT_TRUE(person.challengeFrom(*scene.link).answer().isChallenge());
  EXPECT_EQ(refusalOf(person.signUp(*scene.link).answer()), ErrorCode::AUDIT_UNAVAILABLE);

  // The broker crashes and comes back: everything is handed over again, in order, each record holding the one before.
  scene.reconnect();
  Hash previous{};
  uint64_t next = 1;
  while (next <= 4096) {
    Reply replay = scene.link->ask([&](auto request) { request.setReplayAudit(next); });
    ASSERT_EQ(replay.get().getAudit().size(), 256u);
    Id instance{};
    for (auto bytes : replay.get().getAudit()) {
      AuditRecord record;
      ASSERT_TRUE(record.parse(Bytes(bytes.begin(), bytes.size())));
      ASSERT_EQ(record.sequence, next++);
      ASSERT_EQ(record.previous, previous);
      previous = auditHash(Bytes(bytes.begin(), bytes.size()));
      instance = record.instance;
    }
    auto head = replay.get().getHead();
    EXPECT_EQ(head.getSequence(), next - 1);
    EXPECT_TRUE(verifyAuditHead(instance, next - 1, previous,
                                Bytes(head.getSignature().begin(), head.getSignature().size()),
                                scene.vault.publicKeys().audit));
  }
  EXPECT_EQ(scene.link->ask([&](auto request) { request.setReplayAudit(4097); }).get().getAudit().size(), 0u);

  // Nothing can be acknowledged that was never made; what was, makes room.
  EXPECT_EQ(refusalOf(scene.link->ask([](auto request) { request.setAcknowledgeAudit(4097); }).answer()),
            ErrorCode::INVALID_REQUEST);
  EXPECT_EQ(refusalOf(signMany(1).answer()), ErrorCode::AUDIT_UNAVAILABLE);
  scene.link->acknowledge(10);
  EXPECT_FALSE(signMany(10).answer().isRefused());
  EXPECT_EQ(refusalOf(signMany(1).answer()), ErrorCode::AUDIT_UNAVAILABLE);
  scene.link->acknowledge(4106);
  scene.link->acknowledge(5);  // never goes backwards
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, wallet), NOT_REFUSED);
}

TEST_F(Limits, V9APeerTableThatIsFullRefuses) {
  size_t before = scene.vault.residentBytes();
  auto c = scene.door.connect();
  uint64_t last = 0, count = 1;
  for (;;) {
    Reply reply = scene.link->present(c.server.get());
    if (reply.answer().isRefused()) {
      EXPECT_EQ(refusalOf(reply.answer()), ErrorCode::OVERLOADED);
      break;
    }
    last = reply.answer().getPeer().getHandle();
    ASSERT_LE(++count, 8192u);
    scene.link->sent.clear(), scene.link->received.clear();
  }
  EXPECT_EQ(count, 8192u);
  EXPECT_EQ(serviceSigns(*scene.link, last, wallet), NOT_REFUSED);
  scene.link->ask([&](auto request) { request.setDropPeer(last); });
  EXPECT_TRUE(scene.link->present(c.server.get()).answer().isPeer());
  EXPECT_LE(scene.vault.residentBytes(), before + (256u << 10));
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Limits, V9UsedChallengesThatAreFullRefuse) {
  // Sign-ins of unknown people, 64 a record, each with a fresh challenge, until there is no place to remember them.
  size_t before = scene.vault.residentBytes();
  Person nobody(scene.vault.publicKeys(), scene.peer, "n@b.c");
  bool full = false;
  size_t accepted = 0;
  while (!full) {
    Reply challenges = scene.link->askRecord([&](rpc::Record::Builder record) {
      for (auto request : record.initRequests(64)) {
        request.initChallenge().setPeer(scene.peer);
        request.getChallenge().setEmail("n@b.c");
      }
    });
    Reply reply = scene.link->askRecord([&](rpc::Record::Builder record) {
      auto requests = record.initRequests(64);
      for (unsigned i = 0; i < 64; i++) {
        auto in = requests[i].initSignIn();
        in.setPeer(scene.peer);
        in.setEmail("n@b.c");
        Octets challenge = octets(challenges.answer(i).getChallenge().getChallenge());
        Octets box =
            loginBox(nobody.keys, LoginPurpose::SIGN_IN, "n@b.c", challenge, nobody.sessionKey, nobody.stretched);
        in.setBox(reader(Bytes(box)));
      }
    });
    for (auto answer : reply.get().getAnswers()) {
      ErrorCode code = refusalOf(answer);
      full |= code == ErrorCode::OVERLOADED;
      accepted += code != ErrorCode::OVERLOADED;
    }
    scene.link->sent.clear(), scene.link->received.clear();
    ASSERT_LE(accepted, 16384u);
  }
  EXPECT_GT(accepted, 8192u);
  EXPECT_LE(scene.vault.residentBytes(), before + (256u << 10));
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Limits, V9ASecondBrokerWaits) {
  BrokerLink second(scene.vault, BrokerLink::Hello::LATER);
  capnp::MallocMessageBuilder hello;
  hello.initRoot<rpc::Record>().initRequests(1)[0].setHello();
  second.send(encode(hello));
  EXPECT_FALSE(second.hears(100));
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, wallet), NOT_REFUSED);
  scene.link.reset();
  auto reply = second.receive();
  ASSERT_TRUE(reply.has_value());
  EXPECT_TRUE(Reply(*reply).answer().isHello());
}

TEST_F(Limits, V9AnotherUserIsNoBroker) {
  if (getuid() != 0) GTEST_SKIP() << "needs root";
  scene.link.reset();
  int status = -1;
  pid_t pid = fork();
  if (pid == 0) {
    if (setresuid(54321, 54321, 54321) != 0) _exit(2);
    try {
      BrokerLink link(scene.vault, BrokerLink::Hello::LATER);
      capnp::MallocMessageBuilder hello;
      hello.initRoot<rpc::Record>().initRequests(1)[0].setHello();
      link.send(encode(hello));
      _exit(link.receive().has_value() ? 1 : 0);
    } catch (...) {
      _exit(3);
    }
  }
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Limits, V9ManyLinksLeaveNothingBehind) {
  size_t before = scene.vault.virtualBytes();
  for (int i = 0; i < 300; i++) {
    BrokerLink* old = scene.link.release();
    if (i % 3 == 0) old->send(Octets(100, 0xee));
    delete old;
    scene.reconnect();
    scene.connections.clear();
  }
  EXPECT_EQ(scene.vault.virtualBytes(), before);
  EXPECT_TRUE(scene.stillHonest());
}

}  // namespace
}  // namespace waas::hostile
