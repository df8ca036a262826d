// Calls of a session against a daemon that checks every proof, and sometimes lies.
#include <gtest/gtest.h>
#include <kj/debug.h>
#include <sodium.h>

#include "fake-daemon.h"

namespace waas::client {
namespace {

using test::failureCode;
using test::FakeConnection;
using test::FakeDaemon;
using Lie = FakeDaemon::Lie;

kj::Array<kj::byte> transaction() {
  auto bytes = kj::heapArray<kj::byte>(1 + 64 + 150);
  randombytes_buf(bytes.begin(), bytes.size());
  bytes[0] = 1;
  memset(bytes.begin() + 1, 0, 64);
  return bytes;
}

kj::Array<SignItem> oneItem(SignItem::Payload kind, kj::Array<kj::byte> payload) {
  auto items = kj::heapArrayBuilder<SignItem>(1);
  items.add(SignItem{Selector::first(), kind, kj::mv(payload)});
  return items.finish();
}

kj::Array<kj::byte> bytes(kj::StringPtr text) { return kj::heapArray<kj::byte>(text.asBytes()); }

struct SessionCalls : testing::Test {
  ~SessionCalls() noexcept override = default;

  FakeDaemon daemon;
  FakeConnection connection{daemon};
  kj::Own<UserSession> session = connection.signIn();

  template <typename T>
  T wait(kj::Promise<T> promise) {
    return connection.wait(kj::mv(promise));
  }
  template <typename T>
  ErrorCode failure(kj::Promise<T> promise) {
    return failureCode(kj::mv(promise), connection.io.waitScope);
  }
};

TEST_F(SessionCalls, L3_EveryCallIsProven) {
  auto selectors = kj::heapArrayBuilder<SignItem>(4);
  selectors.add(SignItem{Selector::first(), SignItem::Payload::TRANSACTION, transaction()});
  selectors.add(SignItem{Selector::byId(daemon.walletId), SignItem::Payload::MESSAGE, bytes("hello")});
  selectors.add(SignItem{Selector::byName("main"), SignItem::Payload::MESSAGE, bytes("hello again")});
  selectors.add(SignItem{Selector::byPublicKey(daemon.walletKey), SignItem::Payload::TRANSACTION, transaction()});

  EXPECT_EQ(wait(session->list()).size(), 1u);
  wait(session->create("savings"));
  EXPECT_EQ(wait(session->sign(selectors.finish())).size(), 4u);
  EXPECT_EQ(wait(session->shareStatus()).size(), 1u);
  wait(session->refresh());
  wait(session->signOut(UserSession::Extent::EVERYWHERE));
  EXPECT_EQ(daemon.provenCalls, 8u) << "these six, the resumption before, and that of the new token";
  EXPECT_EQ(daemon.wrongProofs, 0u);
  EXPECT_TRUE(daemon.everywhere);
}

TEST_F(SessionCalls, AfterARefreshCallsAreProvenWithTheNewToken) {
  Id before = session->token().tokenId();
  EXPECT_EQ(wait(session->refresh()), 1'700'000'900'000u);
  EXPECT_NE(session->token().tokenId(), before);
  wait(session->list());
  wait(session->refresh());
  wait(session->signOut(UserSession::Extent::HERE));
  EXPECT_EQ(daemon.wrongProofs, 0u);
  EXPECT_FALSE(daemon.everywhere);
}

TEST_F(SessionCalls, AWrongSessionKeyIsRefusedByTheProof) {
  daemon.sessionKey[0] ^= 1;
  EXPECT_EQ(failure(session->list()), ErrorCode::PROOF_INVALID);
}

TEST_F(SessionCalls, SignsTransactionsAndMessages) {
  auto sent = transaction();
  auto copy = kj::heapArray<kj::byte>(sent.asPtr());
  auto outcomes = wait(session->sign(oneItem(SignItem::Payload::TRANSACTION, kj::mv(sent))));
  auto& made = outcomes[0].get<Signed>();
  EXPECT_EQ(made.bytes.size(), copy.size());
  EXPECT_EQ(crypto_sign_verify_detached(made.signature.data(), made.bytes.begin() + 65, made.bytes.size() - 65,
                                        daemon.walletKey.data()),
            0);
  outcomes = wait(session->sign(oneItem(SignItem::Payload::MESSAGE, bytes("hello"))));
  EXPECT_EQ(outcomes[0].get<Signed>().bytes.size(), 9u);
}

TEST_F(SessionCalls, ItemsFailOneByOne) {
  auto items = kj::heapArrayBuilder<SignItem>(2);
  items.add(SignItem{Selector::first(), SignItem::Payload::TRANSACTION, bytes("short")});
  items.add(SignItem{Selector::first(), SignItem::Payload::TRANSACTION, transaction()});
  auto outcomes = wait(session->sign(items.finish()));
  EXPECT_EQ(outcomes[0].get<Failure>().code, ErrorCode::TRANSACTION_MALFORMED);
  EXPECT_TRUE(outcomes[1].is<Signed>());
}

TEST_F(SessionCalls, L5_BytesThatWereExchangedAreNotHandedOut) {
  daemon.lie = Lie::OTHER_TRANSACTION;
  auto outcomes = wait(session->sign(oneItem(SignItem::Payload::TRANSACTION, transaction())));
  EXPECT_TRUE(outcomes[0].is<Failure>());
  daemon.lie = Lie::OTHER_MESSAGE;
  outcomes = wait(session->sign(oneItem(SignItem::Payload::MESSAGE, bytes("hello"))));
  EXPECT_TRUE(outcomes[0].is<Failure>());
  daemon.lie = Lie::ONE_OUTCOME_TOO_FEW;
  EXPECT_EQ(failure(session->sign(oneItem(SignItem::Payload::MESSAGE, bytes("hello")))), ErrorCode::UNKNOWN);
}

TEST_F(SessionCalls, L1_AListWithOneFalseAddressIsNotShown) {
  daemon.lie = Lie::CERTIFICATE_OF_OTHER_VAULT;
  EXPECT_EQ(failure(session->list()), ErrorCode::ADDRESS_UNPROVEN);
  EXPECT_EQ(failure(session->create("x")), ErrorCode::ADDRESS_UNPROVEN);
}

TEST_F(SessionCalls, L4_AForkOfTheAuditLogIsNoticed) {
  daemon.lie = Lie::FORKED_HEAD;
  EXPECT_EQ(failure(session->create("x")), ErrorCode::RECORD_REFUSED);
}

TEST_F(SessionCalls, ARefusalComesWithAllThatItSays) {
  daemon.refusal = ErrorCode::SHARE_MISSING;
  try {
    wait(session->list());
    FAIL();
  } catch (const kj::Exception& e) {
    auto failure = failureOf(e);
    EXPECT_EQ(failure.code, ErrorCode::SHARE_MISSING);
    EXPECT_EQ(failure.share, 2);
    EXPECT_EQ(failure.retryAfter, 1500u);
    EXPECT_EQ(std::string(failure.detail.cStr()), "a detail?[2J");
  }
}

TEST_F(SessionCalls, ShareStatusSaysWhatEachStoreAnswered) {
  auto rows = wait(session->shareStatus());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].shares[0], ShareStatus::State::PRESENT);
  EXPECT_EQ(rows[0].shares[1], ShareStatus::State::MISSING);
  EXPECT_EQ(rows[0].shares[2], ShareStatus::State::UNREACHABLE);
  EXPECT_EQ(rows[0].epoch, 3u);
  EXPECT_EQ(rows[0].expiresAt, 0u);
  EXPECT_TRUE(rows[0].needsRotation);
}

TEST(Service, ItsCallsNeedNoProofAndItsWalletsAreItsOwn) {
  FakeDaemon daemon;
  FakeConnection connection(daemon);
  auto roles = connection.wait(connection.connected->enter());
  EXPECT_EQ(std::string(roles.serviceName.cStr()), "payouts");
  auto& service = *KJ_ASSERT_NONNULL(roles.service);
  auto wallets = connection.wait(service.list());
  EXPECT_EQ(wallets[0].owner, serviceOwner("payouts"_kj));
  connection.wait(service.sign(oneItem(SignItem::Payload::MESSAGE, bytes("hello"))));
  EXPECT_EQ(daemon.provenCalls + daemon.wrongProofs, 0u);
  EXPECT_TRUE(roles.asOperator == nullptr) << "a role that the peer has not is null";

  daemon.lie = Lie::CERTIFICATE_OF_OTHER_OWNER;
  EXPECT_EQ(failureCode(service.list(), connection.io.waitScope), ErrorCode::ADDRESS_UNPROVEN);
}

TEST(Deadline, ACallThatIsNotAnsweredEnds) {
  FakeDaemon daemon;
  daemon.silent = true;
  FakeConnection connection(daemon);
  auto entering = connection.connected->enter();
  EXPECT_FALSE(entering.poll(connection.io.waitScope));
  connection.timer.advanceTo(connection.timer.now() + 9 * kj::SECONDS);
  EXPECT_EQ(failureCode(kj::mv(entering), connection.io.waitScope), ErrorCode::DEADLINE_EXCEEDED);
}

TEST(Connect, WhereNobodyListensTheSignerIsUnreachable) {
  auto io = kj::setupAsyncIo();
  auto connecting = Client::connect(io.provider->getNetwork(), io.provider->getTimer(), "/nonexistent/signer.sock", {});
  EXPECT_EQ(failureCode(kj::mv(connecting), io.waitScope), ErrorCode::SIGNER_UNREACHABLE);
}

}  // namespace
}  // namespace waas::client
