// V5, V8, V10: people act by token and proof only; guessing is slowed; ids are the vault's.
#include <gtest/gtest.h>
#include <sodium.h>

#include "person.h"
#include "protocol/token.h"

namespace waas::hostile {
namespace {

class People : public testing::Test {
 protected:
  People() { EXPECT_TRUE(alice.signUp(*scene.link).answer().isSignedUp()); }

  Octets transaction() const { return transactionFor(alice.wallet.publicKey()); }
  ErrorCode asked(const FillRequest& fill) { return refusalOf(scene.link->ask(fill).answer()); }

  Scene scene;
  Person alice{scene.vault.publicKeys(), scene.peer, "alice@example.org"};
};

TEST_F(People, AnHonestPersonSignsUpInAndOut) {
  EXPECT_TRUE(alice.signs(*scene.link));
  EXPECT_EQ(alice.userId, alice.account.userId);
  EXPECT_TRUE(alice.signIn(*scene.link).answer().isSignedIn());
  EXPECT_TRUE(alice.signs(*scene.link));

  auto authorized = scene.link->ask([&](auto request) {
    auto in = request.initAuthorize();
    in.setCall(static_cast<uint8_t>(Call::WALLETS));
    alice.fillCaller(in.initCaller(), Call::WALLETS, {});
  });
  EXPECT_EQ(octets(authorized.answer().getAuthorized()), alice.userId);

  std::string_view old(reinterpret_cast<const char*>(alice.token.data()), alice.token.size());
  Id oldId = tokenId(old).value();
  Octets before = alice.token;
  auto refreshed = scene.link->ask([&](auto request) { alice.fillCaller(request.initRefresh(), Call::REFRESH, {}); });
  ASSERT_TRUE(refreshed.answer().isSignedIn());
  EXPECT_TRUE(alice.open(refreshed.answer().getSignedIn(), oldId));
  EXPECT_NE(alice.token, before);
  EXPECT_TRUE(alice.signs(*scene.link));
}

TEST_F(People, V5ATokenWithoutItsKeyIsWorthless) {
  Person thief = alice;
  randombytes_buf(thief.sessionKey.data(), thief.sessionKey.size());
  EXPECT_EQ(asked([&](auto request) { thief.fillSign(request, transaction()); }), ErrorCode::PROOF_INVALID);
  auto emptyProof = [&](auto request) {
    alice.fillSign(request, transaction());
    request.getSign().getCaller().getPerson().setProof(reader(Bytes()));
  };
  EXPECT_EQ(asked(emptyProof), ErrorCode::PROOF_INVALID);
  EXPECT_TRUE(alice.signs(*scene.link));
}

TEST_F(People, V5AProofFitsOneCall) {
  Octets honest = transaction(), other = honest;
  other[other.size() - 1] ^= 1;
  using Change = std::function<void(rpc::Sign::Builder)>;
  std::vector<std::pair<const char*, Change>> changes = {
      {"transaction", [&](auto in) { in.getItems()[0].setTransaction(reader(Bytes(other))); }},
      {"kind of payload", [&](auto in) { in.getItems()[0].setMessage(reader(Bytes(honest))); }},
      {"selector", [&](auto in) { in.getItems()[0].getSelector().setName("main"); }},
      {"selector's id", [&](auto in) { in.getItems()[0].getSelector().setId(reader(alice.wallet.walletId())); }},
      {"time", [&](auto in) { in.getCaller().getPerson().setTime(in.getCaller().getPerson().getTime() + 1); }},
      {"one item more",
       [&](auto in) {
         auto items = in.disownItems();
         auto list = in.initItems(2);
         for (unsigned i = 0; i < 2; i++) {
           list[i].initSelector().setFirst();
           alice.wallet.fill(list[i].initWallet());
           list[i].setTransaction(reader(Bytes(honest)));
         }
       }},
  };
  for (const auto& entry : changes) {
    auto fill = [&](rpc::Request::Builder request) {
      alice.fillSign(request, honest);
      entry.second(request.getSign());
    };
    EXPECT_EQ(asked(fill), ErrorCode::PROOF_INVALID) << entry.first;
  }
  // The proof of another call, with the very same fields.
  for (Call call :
       {Call::RESUME, Call::REFRESH, Call::WALLETS, Call::CREATE_WALLET, Call::SHARE_STATUS, Call::SIGN_OUT}) {
    auto fill = [&](rpc::Request::Builder request) {
      alice.fillSign(request, honest);
      alice.fillCaller(request.getSign().initCaller(), call, signFields(0, {}, honest));
    };
    EXPECT_EQ(asked(fill), ErrorCode::PROOF_INVALID);
  }
  EXPECT_TRUE(alice.signs(*scene.link));
}

TEST_F(People, V5AuthorizeVouchesForNoCallThatUsesAKey) {
  for (Call call :
       {Call::REFRESH, Call::SIGN_OUT, Call::CREATE_WALLET, Call::SIGN, static_cast<Call>(0), static_cast<Call>(99)}) {
    EXPECT_EQ(asked([&](auto request) {
                auto in = request.initAuthorize();
                in.setCall(static_cast<uint8_t>(call));
                alice.fillCaller(in.initCaller(), call, {});
              }),
              ErrorCode::INVALID_REQUEST);
  }
}

TEST_F(People, V5AProofIsOfNow) {
  for (int64_t shift : {-61'000, 61'000, -86'400'000}) {
    uint64_t time = nowMs() + static_cast<uint64_t>(shift);
    EXPECT_EQ(asked([&](auto request) {
                alice.fillSign(request, transaction());
                alice.fillCaller(request.getSign().initCaller(), Call::SIGN, signFields(0, {}, transaction()), time);
              }),
              ErrorCode::PROOF_INVALID);
  }
}

TEST_F(People, V5EverythingRecordedAndSaidAgainGivesNothingNew) {
  EXPECT_TRUE(alice.signIn(*scene.link).answer().isSignedIn());
  EXPECT_TRUE(alice.signs(*scene.link));
  std::vector<Octets> recorded = scene.link->sent;
  std::vector<Octets> heard = scene.link->received;
  // On the same link: a repeated proof repeats the very same signature and nothing else.
  for (const Octets& record : recorded) {
    BrokerLink& link = *scene.link;
    link.send(record);
    auto bytes = link.receive();
    if (!bytes) {
      scene.reconnect();
      continue;
    }
    Reply reply(*bytes);
    auto answer = reply.answer();
    EXPECT_FALSE(answer.isSignedIn() || answer.isSignedUp());
    if (answer.isSigned() && answer.getSigned()[0].isSignature()) {
      bool same = false;
      for (const Octets& before : heard) {
        Reply old(before);
        same |= old.answer().isSigned() &&
                octets(old.answer().getSigned()[0].getSignature()) == octets(answer.getSigned()[0].getSignature());
      }
      EXPECT_TRUE(same);
    }
  }
  // On another link the recorded handles are nobody's.
  scene.reconnect();
  for (const Octets& record : recorded) {
    BrokerLink& link = *scene.link;
    link.send(record);
    auto bytes = link.receive();
    ASSERT_TRUE(bytes.has_value());
    auto reply = Reply(*bytes);
    auto answer = reply.answer();
    EXPECT_FALSE(answer.isSignedIn() || answer.isSignedUp() || answer.isSigned());
  }
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(People, V5ARecordedBoxOpensNoSecondSession) {
  alice.challengeFrom(*scene.link);
  Octets box =
      loginBox(alice.keys, LoginPurpose::SIGN_IN, alice.email, alice.challenge, alice.sessionKey, alice.stretched);
  auto say = [&](auto request) {
    auto in = request.initSignIn();
    in.setPeer(alice.peer);
    in.setEmail(alice.email);
    in.setBox(reader(Bytes(box)));
    alice.account.fill(in.initAccount());
  };
  EXPECT_TRUE(scene.link->ask(say).answer().isSignedIn());
  EXPECT_EQ(asked(say), ErrorCode::CHALLENGE_INVALID);
  EXPECT_EQ(asked(say), ErrorCode::CHALLENGE_INVALID);
}

TEST_F(People, V5AChallengeIsOfThisVaultLife) {
  alice.challengeFrom(*scene.link);
  Octets old = alice.challenge;
  auto signInWith = [&](const Octets& challenge) {
    Octets box = loginBox(alice.keys, LoginPurpose::SIGN_IN, alice.email, challenge, alice.sessionKey, alice.stretched);
    return asked([&](auto request) {
      auto in = request.initSignIn();
      in.setPeer(scene.peer);
      in.setEmail(alice.email);
      in.setBox(reader(Bytes(box)));
      alice.account.fill(in.initAccount());
    });
  };
  for (size_t i = 0; i < old.size(); i++) {
    Octets forged = old;
    forged[i] ^= 0x10;
    EXPECT_EQ(signInWith(forged), ErrorCode::CHALLENGE_INVALID) << i;
  }
  scene.vault.restart();
  scene.pid = scene.vault.vaultPid();
  scene.reconnect();
  EXPECT_EQ(signInWith(old), ErrorCode::CHALLENGE_INVALID);
  // Tokens outlive it: the keys are the same.
  alice.peer = scene.peer;
  EXPECT_TRUE(alice.signs(*scene.link));
}

TEST_F(People, V5ABoxIsForOneAccountAndOnePurpose) {
  Person bob(scene.vault.publicKeys(), scene.peer, "bob@example.org");
  ASSERT_TRUE(bob.signUp(*scene.link).answer().isSignedUp());
  auto signIn = [&](const Octets& box, const std::string& email, const AccountCopy& account) {
    return asked([&](auto request) {
      auto in = request.initSignIn();
      in.setPeer(scene.peer);
      in.setEmail(email);
      in.setBox(reader(Bytes(box)));
      account.fill(in.initAccount());
    });
  };
  auto boxOf = [&](LoginPurpose purpose) {
    alice.challengeFrom(*scene.link);
    return loginBox(alice.keys, purpose, alice.email, alice.challenge, alice.sessionKey, alice.stretched);
  };
  EXPECT_EQ(signIn(boxOf(LoginPurpose::SIGN_UP), alice.email, alice.account), ErrorCode::INVALID_REQUEST);
  EXPECT_EQ(signIn(boxOf(LoginPurpose::SIGN_IN), bob.email, bob.account), ErrorCode::INVALID_REQUEST);
  EXPECT_EQ(signIn(boxOf(LoginPurpose::SIGN_IN), alice.email, bob.account), ErrorCode::RECORD_REFUSED);
  AccountCopy mixed = alice.account;
  mixed.record = bob.account.record;
  EXPECT_EQ(signIn(boxOf(LoginPurpose::SIGN_IN), alice.email, mixed), ErrorCode::RECORD_REFUSED);
  Octets damaged = boxOf(LoginPurpose::SIGN_IN);
  damaged[40] ^= 1;
  EXPECT_EQ(signIn(damaged, alice.email, alice.account), ErrorCode::INVALID_REQUEST);
  EXPECT_EQ(signIn({}, alice.email, alice.account), ErrorCode::INVALID_REQUEST);
  EXPECT_TRUE(alice.signIn(*scene.link).answer().isSignedIn());
}

TEST_F(People, V5AChangedTokenIsNone) {
  Person forger = alice;
  for (size_t i = 0; i < alice.token.size(); i++) {
    forger.token = alice.token;
    forger.token[i] ^= 1;
    EXPECT_EQ(asked([&](auto request) { forger.fillSign(request, transaction()); }), ErrorCode::SESSION_INVALID) << i;
  }
  for (Octets token : {Octets(), Octets(1024, 'A'), Octets(alice.token.begin(), alice.token.end() - 1)}) {
    forger.token = token;
    EXPECT_EQ(asked([&](auto request) { forger.fillSign(request, transaction()); }), ErrorCode::SESSION_INVALID);
  }
}

TEST_F(People, V5SignedOutIsOut) {
  Person elsewhere = alice;
  ASSERT_TRUE(elsewhere.signIn(*scene.link).answer().isSignedIn());
  auto signOut = [&](const Person& person, bool everywhere) {
    return scene.link->ask([&](auto request) {
      auto in = request.initSignOut();
      in.setEverywhere(everywhere);
      person.fillCaller(in.initCaller(), Call::SIGN_OUT, {{uint8_t(everywhere ? 1 : 0)}});
    });
  };
  auto left = signOut(alice, false);
  ASSERT_TRUE(left.answer().isAccount());
  AccountCopy next = AccountCopy::of(left.answer().getAccount());
  EXPECT_EQ(next.version, alice.account.version + 1);
  alice.account = elsewhere.account = next;
  EXPECT_EQ(asked([&](auto request) { alice.fillSign(request, transaction()); }), ErrorCode::SESSION_INVALID);
  EXPECT_TRUE(elsewhere.signs(*scene.link));

  Person third = elsewhere;
  ASSERT_TRUE(third.signIn(*scene.link).answer().isSignedIn());
  auto all = signOut(third, true);
  ASSERT_TRUE(all.answer().isAccount());
  third.account = elsewhere.account = AccountCopy::of(all.answer().getAccount());
  EXPECT_EQ(asked([&](auto request) { elsewhere.fillSign(request, transaction()); }), ErrorCode::SESSION_INVALID);
  EXPECT_EQ(asked([&](auto request) { third.fillSign(request, transaction()); }), ErrorCode::SESSION_INVALID);
  EXPECT_TRUE(third.signIn(*scene.link).answer().isSignedIn());
  EXPECT_TRUE(third.signs(*scene.link));
}

TEST_F(People, V10IdsAreMadeByTheVault) {
  // The same address twice, whatever the broker's database thinks: another account with another id and another wallet.
  Person twin(scene.vault.publicKeys(), scene.peer, alice.email);
  ASSERT_TRUE(twin.signUp(*scene.link).answer().isSignedUp());
  EXPECT_NE(twin.userId, alice.userId);
  EXPECT_NE(twin.wallet.certificate, alice.wallet.certificate);
  EXPECT_EQ(asked([&](auto request) { alice.fillSign(request, transactionFor(twin.wallet.publicKey())); }),
            NOT_REFUSED);  // an answer, but see its item
  auto reply = scene.link->ask([&](auto request) {
    Person both = alice;
    both.wallet = twin.wallet;
    both.fillSign(request, transactionFor(twin.wallet.publicKey()));
  });
  EXPECT_EQ(reply.answer().getSigned()[0].getRefused().getCode(), ErrorCode::UNKNOWN_WALLET);

  // A sign-up that brings an account along, to be filled in for.
  twin.challengeFrom(*scene.link);
  Octets box = loginBox(twin.keys, LoginPurpose::SIGN_UP, twin.email, twin.challenge, twin.sessionKey, twin.stretched);
  EXPECT_EQ(asked([&](auto request) {
              auto in = request.initSignUp();
              in.setPeer(scene.peer);
              in.setEmail(twin.email);
              in.setBox(reader(Bytes(box)));
              alice.account.fill(in.initAccount());
            }),
            ErrorCode::INVALID_REQUEST);
}

TEST_F(People, V8AnUnknownAccountLooksLikeAWrongPassword) {
  Person wrong = alice, unknown(scene.vault.publicKeys(), scene.peer, "nobody@example.org");
  wrong.stretched[0] ^= 1;
  Reply challengeKnown = wrong.challengeFrom(*scene.link), challengeUnknown = unknown.challengeFrom(*scene.link);
  EXPECT_EQ(challengeKnown.size(), challengeUnknown.size());
  Reply a = wrong.signIn(*scene.link), b = unknown.signIn(*scene.link);
  EXPECT_EQ(refusalOf(a.answer()), ErrorCode::INVALID_CREDENTIALS);
  EXPECT_EQ(refusalOf(b.answer()), ErrorCode::INVALID_CREDENTIALS);
  EXPECT_EQ(scene.link->received.back(), scene.link->received[scene.link->received.size() - 3]) << "byte for byte";
}

TEST_F(People, V8GuessingIsSlowedEvenForTheRightPassword) {
  Person guesser = alice;
  guesser.stretched[5] ^= 1;
  for (int i = 0; i < 5; i++) {
    EXPECT_EQ(refusalOf(guesser.signIn(*scene.link).answer()), ErrorCode::INVALID_CREDENTIALS) << i;
  }
  Reply slowed = guesser.signIn(*scene.link);
  EXPECT_EQ(refusalOf(slowed.answer()), ErrorCode::TOO_MANY_ATTEMPTS);
  EXPECT_GT(slowed.answer().getRefused().getRetryAfter(), 0u);
  EXPECT_LE(slowed.answer().getRefused().getRetryAfter(), 15 * 60'000u);
  Person right = alice;
  EXPECT_EQ(refusalOf(right.signIn(*scene.link).answer()), ErrorCode::TOO_MANY_ATTEMPTS);
  // Nobody else is slowed, and a session that holds goes on.
  EXPECT_TRUE(alice.signs(*scene.link));
  Person bob(scene.vault.publicKeys(), scene.peer, "bob@example.org");
  bob.signUp(*scene.link);
  EXPECT_TRUE(bob.signIn(*scene.link).answer().isSignedIn());
}

TEST_F(People, V5WithoutAPersonThereIsNoSession) {
  // The peer is a local service as well, so that it has an identity of its own; but no session.
  auto caller = [&](rpc::Caller::Builder c) { c.setPeer(scene.peer); };
  EXPECT_EQ(asked([&](auto request) { caller(request.initRefresh()); }), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(asked([&](auto request) { caller(request.initSignOut().initCaller()); }), ErrorCode::NOT_ALLOWED);
  EXPECT_EQ(asked([&](auto request) {
              auto in = request.initAuthorize();
              in.setCall(static_cast<uint8_t>(Call::WALLETS));
              caller(in.initCaller());
            }),
            ErrorCode::NOT_ALLOWED);
}

TEST_F(People, SigningInOftenIsNoGuessing) {
  for (int i = 0; i < 12; i++) EXPECT_TRUE(alice.signIn(*scene.link).answer().isSignedIn()) << i;
  Person wrong = alice;
  wrong.stretched[0] ^= 1;
  for (int i = 0; i < 4; i++) wrong.signIn(*scene.link);
  EXPECT_TRUE(alice.signIn(*scene.link).answer().isSignedIn());
  for (int i = 0; i < 4; i++) {
    EXPECT_EQ(refusalOf(wrong.signIn(*scene.link).answer()), ErrorCode::INVALID_CREDENTIALS)
        << "cleared by the success";
  }
}

TEST_F(People, V3ALocalServiceSignsForNoPerson) {
  EXPECT_EQ(serviceSigns(*scene.link, scene.peer, alice.wallet), ErrorCode::UNKNOWN_WALLET);
}

}  // namespace
}  // namespace waas::hostile
