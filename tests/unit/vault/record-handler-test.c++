// What needs a clock set by hand, small limits, or a look at the scratch. The whole of it, as a broker sees it:
// tests/integration/hostile-broker.
#include <gtest/gtest.h>

#include <random>

#include "protocol/audit-record.h"
#include "service-for-tests.h"

namespace waas::vault {
namespace {

using Octet64 = std::array<uint8_t, 64>;

constexpr ErrorCode NOT_REFUSED = static_cast<ErrorCode>(0xffff);

ErrorCode codeOf(rpc::Answer::Reader answer) {
  return answer.isRefused() ? answer.getRefused().getCode() : NOT_REFUSED;
}

void fillWallet(rpc::Request::Builder request, uint64_t peer, const char* name) {
  auto in = request.initCreateWallet();
  in.initCaller().setPeer(peer);
  in.setName(name);
}

TEST(Handler, V7AFullRingRefusesBeforeAKeyIsUsed) {
  ServiceForTests test(3);
  uint64_t peer = test.peerWith(false, true);
  auto two = [&](rpc::Record::Builder record) {
    auto requests = record.initRequests(2);
    for (unsigned i = 0; i < 2; i++) fillWallet(requests[i], peer, "w");
  };
  auto answers = test.ask(two);
  EXPECT_TRUE(answers[0].isWallet() && answers[1].isWallet());
  EXPECT_EQ(answers[0].getAuditThrough(), 1u);
  EXPECT_EQ(answers[1].getAuditThrough(), 2u);
  EXPECT_EQ(test.reply().getHead().getSequence(), 2u);
  answers = test.ask(two);
  EXPECT_EQ(codeOf(answers[0]), ErrorCode::AUDIT_UNAVAILABLE);
  EXPECT_EQ(codeOf(answers[1]), ErrorCode::AUDIT_UNAVAILABLE);
  EXPECT_FALSE(test.reply().hasHead());
  // Refused ones gave their room back.
  EXPECT_TRUE(test.askOne([&](auto request) { fillWallet(request, peer, "w"); }).isWallet());
  EXPECT_EQ(test.service.counters.failed, 2u);
}

TEST(Handler, V7TheHeadIsSignedOverTheLastRecord) {
  ServiceForTests test;
  uint64_t peer = test.peerWith(false, true);
  test.ask([&](rpc::Record::Builder record) {
    for (auto request : record.initRequests(5)) fillWallet(request, peer, "w");
  });
  auto audit = test.reply().getAudit();
  ASSERT_EQ(audit.size(), 5u);
  Hash hash = auditHash(view(audit[4]));
  auto head = test.reply().getHead();
  EXPECT_EQ(view(head.getHash()).size(), 32u);
  EXPECT_TRUE(
      verifyAuditHead(test.service.instance, 5, hash, view(head.getSignature()), keyringForTests().publicKeys().audit));
  AuditRecord record;
  ASSERT_TRUE(record.parse(view(audit[2])));
  EXPECT_EQ(record.event, AuditEvent::WALLET_CREATED);
  EXPECT_EQ(record.caller, test.us.owner);
  EXPECT_EQ(record.uid, 77u);
  EXPECT_EQ(record.epoch, 1u);
}

TEST(Handler, V1NothingOfARequestStaysInTheScratch) {
  ServiceForTests test;
  uint64_t peer = test.peerWith(true, true);
  test.askOne([&](auto request) { fillWallet(request, peer, "w"); });
  auto zero = [](Bytes bytes) { return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; }); };
  // Behind the segment table, which says only how long the reply was.
  EXPECT_TRUE(zero(Bytes(test.scratch->out).subspan(8)));
  EXPECT_TRUE(zero(Bytes(reinterpret_cast<const uint8_t*>(&test.scratch->wallet), sizeof(WalletScratch))));
}

TEST(Handler, V9RequestsFailOneByOne) {
  ServiceForTests test;
  uint64_t peer = test.peerWith(false, true);
  auto answers = test.ask([&](rpc::Record::Builder record) {
    auto requests = record.initRequests(4);
    for (unsigned i = 0; i < 4; i++) requests[i].setId(100 + i);
    fillWallet(requests[0], peer, "good");
    fillWallet(requests[1], peer, "");
    requests[2].setHello();
    fillWallet(requests[3], peer, "good too");
  });
  ASSERT_EQ(answers.size(), 4u);
  for (unsigned i = 0; i < 4; i++) EXPECT_EQ(answers[i].getId(), 100u + i);
  EXPECT_TRUE(answers[0].isWallet());
  EXPECT_EQ(codeOf(answers[1]), ErrorCode::INVALID_REQUEST);
  EXPECT_EQ(codeOf(answers[2]), ErrorCode::INVALID_REQUEST);
  EXPECT_TRUE(answers[3].isWallet());
  EXPECT_EQ(answers[1].getAuditThrough(), 0u);
  EXPECT_EQ(answers[3].getAuditThrough(), 2u);
  EXPECT_EQ(test.service.counters.requests, 4u);
  EXPECT_EQ(test.service.counters.refused, 2u);
}

TEST(Handler, V9AtMost64SignaturesARecord) {
  ServiceForTests test;
  uint64_t peer = test.peerWith(false, true);
  auto answers = test.ask([&](rpc::Record::Builder record) {
    auto requests = record.initRequests(3);
    unsigned counts[] = {40, 25, 24};
    for (unsigned i = 0; i < 3; i++) {
      auto in = requests[i].initSign();
      in.initCaller().setPeer(peer);
      in.initItems(counts[i]);
    }
  });
  EXPECT_TRUE(answers[0].isSigned());
  EXPECT_EQ(codeOf(answers[1]), ErrorCode::TOO_LARGE);
  EXPECT_TRUE(answers[2].isSigned());
}

TEST(Handler, V9AFullPeerTableRefuses) {
  ServiceForTests test(16, 1);
  test.peerWith(true, false);
  EXPECT_FALSE(test.service.peers.add(Peer{}).has_value());
}

TEST(Handler, ADescriptorGoesWithPresentPeerOnly) {
  ServiceForTests test;
  test.ask([](rpc::Record::Builder record) { record.initRequests(1)[0].setHealth(); }, 0);
  EXPECT_FALSE(test.goesOn);
  EXPECT_EQ(codeOf(test.askOne([](auto request) { request.setPresentPeer(); })), ErrorCode::INVALID_REQUEST);
  EXPECT_EQ(codeOf(test.askOne([](auto request) { request.setPresentPeer(); }, 0)), ErrorCode::NOT_ALLOWED);
}

TEST(Handler, V5SessionsAndTokensEndByTheClock) {
  ServiceForTests test;
  uint64_t peer = test.peerWith(true, false);
  // A token made by hand with the vault's own keys, so that only the clock decides.
  SessionToken token;
  token.generation = 1;
  token.sessionStart = test.clock.time / 1000;
  token.issuedAt = token.sessionStart;
  token.expiresAt = token.sessionStart + 900;
  Secret<32> key;
  ASSERT_TRUE(sealEnvelope(keyringForTests(), SessionKeyContext{}, key, test.random, token.key));
  AccountRecord account;
  account.generation = 1;
  std::array<uint8_t, ACCOUNT_RECORD_BYTES> sealed;
  ASSERT_TRUE(sealAccount(keyringForTests(), {Id{}, 1, "a@b"}, account, test.random, sealed));
  auto authorizeAt = [&](uint64_t time) {
    test.clock.time = time;
    TokenText text;
    mintToken(keyringForTests(), token, text);
    return codeOf(test.askOne([&](auto request) {
      auto in = request.initAuthorize();
      in.setCall(static_cast<uint8_t>(Call::WALLETS));
      auto caller = in.initCaller();
      caller.setPeer(peer);
      auto person = caller.initPerson();
      person.setToken(reader(asBytes(text.data(), text.size())));
      person.setTime(time);
      person.setProof(reader(ProofBuilder(Hash{}, token.token, time, Call::WALLETS).finish()));
      writeAccount(person.initAccount(), Id{}, "a@b", 1, sealed);
    }));
  };
  uint64_t start = token.sessionStart * 1000;
  EXPECT_EQ(authorizeAt(start + 1), NOT_REFUSED);
  EXPECT_EQ(authorizeAt(start + 899'999), NOT_REFUSED);
  EXPECT_EQ(authorizeAt(start + 900'000), ErrorCode::SESSION_INVALID);
  // Refreshed for ever, it still ends with the session.
  token.expiresAt = 9'999'999'999;
  EXPECT_EQ(authorizeAt(start + test.config.sessionLifeMs - 1), NOT_REFUSED);
  EXPECT_EQ(authorizeAt(start + test.config.sessionLifeMs), ErrorCode::SESSION_INVALID);
}

// One request of every kind, filled so that each gets as far as its checks let it.
std::vector<uint8_t> recordOfEverything(uint64_t peer) {
  capnp::MallocMessageBuilder message(1 << 13);
  auto requests = message.initRoot<rpc::Record>().initRequests(12);
  Octet64 bytes{};
  unsigned i = 0;
  requests[i++].setDropPeer(5);
  requests[i++].setAcknowledgeAudit(0);
  requests[i++].setHealth();
  auto challenge = requests[i++].initChallenge();
  challenge.setPeer(peer);
  challenge.setEmail("a@b");
  for (auto in : {requests[i].initSignUp(), requests[i + 1].initSignIn()}) {
    in.setPeer(peer);
    in.setEmail("a@b");
    in.setBox(reader(Bytes(bytes)));
  }
  i += 2;
  auto person = [&](rpc::Caller::Builder caller) {
    caller.setPeer(peer);
    auto p = caller.initPerson();
    p.setToken(reader(Bytes(bytes)));
    p.setProof(reader(Bytes(bytes).first(32)));
    writeAccount(p.initAccount(), Id{}, "a@b", 1, bytes);
  };
  person(requests[i++].initRefresh());
  person(requests[i++].initAuthorize().initCaller());
  person(requests[i++].initSignOut().initCaller());
  fillWallet(requests[i++], peer, "w");
  auto sign = requests[i++].initSign();
  sign.initCaller().setPeer(peer);
  for (auto item : sign.initItems(2)) {
    item.initSelector().setName("w");
    auto wallet = item.initWallet();
    wallet.setCertificate(reader(Bytes(bytes)));
    wallet.setMac(reader(Bytes(bytes).first(32)));
    wallet.initShares(3);
    item.setTransaction(reader(Bytes(bytes)));
  }
  requests[i++].setReplayAudit(1);
  auto flat = capnp::messageToFlatArray(message);
  return std::vector<uint8_t>(flat.asBytes().begin(), flat.asBytes().end());
}

TEST(Handler, V9AnyRecordIsAnsweredOrEndsTheLink) {
  ServiceForTests test;
  uint64_t peer = test.peerWith(true, true);
  std::vector<uint8_t> honest = recordOfEverything(peer);
  ASSERT_TRUE(test.handle(honest));
  EXPECT_EQ(test.reply().getAnswers().size(), 12u);
  std::mt19937_64 random(4711);
  size_t answered = 0;
  for (int i = 0; i < 4000; i++) {
    std::vector<uint8_t> record = honest;
    for (uint64_t n = 1 + random() % 8; n > 0; n--) {
      size_t at = 8 + random() % (record.size() - 8);
      record[at] = static_cast<uint8_t>(random() % 3 == 0 ? random() : record[at] ^ (1u << random() % 8));
    }
    if (test.handle(record)) {
      answered++;
      ASSERT_LE(test.replySize(), MAX_RECORD_BYTES);
    }
    // What was signed or made is durable in this test.
    (void)test.service.audit.acknowledge(test.service.audit.position().next - 1);
  }
  EXPECT_GT(answered, 1000u);
  EXPECT_TRUE(test.askOne([&](auto request) { fillWallet(request, peer, "still works"); }).isWallet());
}

}  // namespace
}  // namespace waas::vault
