// V2, V3, V4: what the stores hand back is believed only where it is authentic, and then only for what it is.
#include <gtest/gtest.h>

#include "person.h"
#include "protocol/certificate.h"

namespace waas::hostile {
namespace {

class Records : public testing::Test {
 protected:
  Records()
      : mine(serviceWallet(*scene.link, scene.peer, "mine")), second(serviceWallet(*scene.link, scene.peer, "second")) {
    EXPECT_TRUE(alice.signUp(*scene.link).answer().isSignedUp());
    EXPECT_TRUE(bob.signUp(*scene.link).answer().isSignedUp());
  }

  ErrorCode signedWith(const WalletCopy& wallet) { return serviceSigns(*scene.link, scene.peer, wallet); }

  // Signs with many variants of one row, 32 in a record; each must be refused.
  void expectRefused(const std::vector<WalletCopy>& variants) {
    Octets transaction = transactionFor(mine.publicKey());
    for (size_t from = 0; from < variants.size(); from += 32) {
      unsigned n = static_cast<unsigned>(std::min<size_t>(32, variants.size() - from));
      Reply reply = scene.link->ask([&](auto request) {
        auto in = request.initSign();
        in.initCaller().setPeer(scene.peer);
        auto items = in.initItems(n);
        for (unsigned i = 0; i < n; i++) {
          items[i].initSelector().setName("mine");
          variants[from + i].fill(items[i].initWallet());
          items[i].setTransaction(reader(Bytes(transaction)));
        }
      });
      ASSERT_TRUE(reply.answer().isSigned());
      for (unsigned i = 0; i < n; i++) {
        auto outcome = reply.answer().getSigned()[i];
        ASSERT_TRUE(outcome.isRefused()) << "variant " << from + i;
        EXPECT_NE(outcome.getRefused().getCode(), ErrorCode::SIGNATURE_FAULT) << from + i;
        EXPECT_EQ(outcome.getSignedBytes().size(), 0u);
      }
      EXPECT_EQ(reply.get().getAudit().size(), 0u) << "no key was used";
    }
  }

  Scene scene;
  WalletCopy mine, second;
  Person alice{scene.vault.publicKeys(), scene.peer, "alice@example.org"};
  Person bob{scene.vault.publicKeys(), scene.peer, "bob@example.org"};
};

TEST_F(Records, AnHonestRowSigns) {
  EXPECT_EQ(signedWith(mine), NOT_REFUSED);
  EXPECT_EQ(signedWith(second), NOT_REFUSED);
}

TEST_F(Records, V2SwappedRecordsAreRefused) {
  std::vector<WalletCopy> variants;
  auto with = [&](auto change) {
    WalletCopy v = mine;
    change(v);
    variants.push_back(v);
  };
  for (size_t i = 0; i < 3; i++) {
    with([&](WalletCopy& v) { v.shares[i] = second.shares[i]; });
    with([&](WalletCopy& v) { v.shares[i] = alice.wallet.shares[i]; });
    with([&](WalletCopy& v) { std::swap(v.shares[i], v.shares[(i + 1) % 3]); });
    with([&](WalletCopy& v) { v.shares[i] = v.shares[(i + 1) % 3]; });
  }
  with([&](WalletCopy& v) { v.shares = second.shares; });
  with([&](WalletCopy& v) { v.epoch++; });
  with([&](WalletCopy& v) { v.epoch = 0; });
  with([&](WalletCopy& v) { v.tag = second.tag; });
  with([&](WalletCopy& v) { v.certificate = second.certificate; });
  with([&](WalletCopy& v) { v.mac = second.mac; });
  with([&](WalletCopy& v) { v.certificate = second.certificate, v.mac = second.mac; });
  with([&](WalletCopy& v) { v.certificate = alice.wallet.certificate, v.mac = alice.wallet.mac; });
  with([&](WalletCopy& v) { v = alice.wallet; });
  with([&](WalletCopy& v) { v = second; });  // the caller's own, but not the one that was named
  expectRefused(variants);
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Records, V2EachFlippedBitIsRefused) {
  std::vector<WalletCopy> variants;
  auto flipAll = [&](auto part) {
    WalletCopy v = mine;
    Octets& bytes = part(v);
    for (size_t bit = 0; bit < bytes.size() * 8; bit++) {
      bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      variants.push_back(v);
      bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
  };
  flipAll([](WalletCopy& v) -> Octets& { return v.certificate; });
  flipAll([](WalletCopy& v) -> Octets& { return v.mac; });
  for (size_t i = 0; i < 3; i++) flipAll([i](WalletCopy& v) -> Octets& { return v.shares[i]; });
  expectRefused(variants);
  EXPECT_EQ(signedWith(mine), NOT_REFUSED);
}

TEST_F(Records, V3AnotherWalletOfTheCallersIsNotTheOneNamed) {
  // A text, which any wallet could sign: only the selector stands between the two.
  using Name = std::function<void(rpc::Selector::Builder)>;
  const std::vector<std::pair<const char*, Name>> names = {
      {"first", [](auto selector) { selector.setFirst(); }},
      {"id", [&](auto selector) { selector.setId(reader(mine.walletId())); }},
      {"half an id", [&](auto selector) { selector.setId(reader(second.walletId().first(8))); }},
      {"no id", [&](auto selector) { selector.setId(reader(Bytes())); }},
      {"name", [](auto selector) { selector.setName("mine"); }},
      {"no name", [](auto selector) { selector.setName(""); }},
      {"public key", [&](auto selector) { selector.setPublicKey(reader(mine.publicKey())); }},
  };
  for (const auto& entry : names) {
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initSign();
      in.initCaller().setPeer(scene.peer);
      auto item = in.initItems(1)[0];
      entry.second(item.initSelector());
      second.fill(item.initWallet());
      item.setMessage(reader("text"));
    });
    EXPECT_EQ(reply.answer().getSigned()[0].getRefused().getCode(), ErrorCode::RECORD_REFUSED) << entry.first;
  }
}

TEST_F(Records, V2CutAndGrownRecordsAreRefused) {
  std::vector<WalletCopy> variants;
  auto resizeAll = [&](auto part) {
    WalletCopy whole = mine;
    for (size_t size = 0; size <= part(whole).size() + 2; size++) {
      if (size == part(whole).size()) continue;
      WalletCopy v = mine;
      part(v).resize(size);
      variants.push_back(v);
    }
  };
  resizeAll([](WalletCopy& v) -> Octets& { return v.certificate; });
  resizeAll([](WalletCopy& v) -> Octets& { return v.mac; });
  for (size_t i = 0; i < 3; i++) resizeAll([i](WalletCopy& v) -> Octets& { return v.shares[i]; });
  for (size_t n : {0u, 1u, 2u, 4u, 64u}) {
    WalletCopy v = mine;
    v.shares.resize(n, mine.shares[0]);
    variants.push_back(v);
  }
  expectRefused(variants);
}

TEST_F(Records, AMissingShareIsNamed) {
  for (size_t i = 0; i < 3; i++) {
    WalletCopy v = mine;
    v.shares[i].clear();
    EXPECT_EQ(signedWith(v), ErrorCode::SHARE_MISSING);
    Octets transaction = transactionFor(mine.publicKey());
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initSign();
      in.initCaller().setPeer(scene.peer);
      auto item = in.initItems(1)[0];
      item.initSelector().setPublicKey(reader(mine.publicKey()));
      v.fill(item.initWallet());
      item.setTransaction(reader(Bytes(transaction)));
    });
    EXPECT_EQ(reply.answer().getSigned()[0].getRefused().getShare(), i + 1);
  }
}

TEST_F(Records, AKeyVersionOfAnotherHostIsItsOwnError) {
  WalletCopy v = mine;
  v.shares[1][2] = 9;  // the envelope's key version
  EXPECT_EQ(signedWith(v), ErrorCode::KEY_VERSION_UNKNOWN);
}

TEST_F(Records, V2AFalseAddressIsNoticed) {
  // What a client does with each row before it shows an address.
  const PublicKey& answers = scene.vault.publicKeys().answers;
  EXPECT_TRUE(verifyCertificate(Bytes(mine.certificate), Bytes(mine.signature), answers));
  for (size_t bit = 0; bit < mine.certificate.size() * 8; bit++) {
    Octets changed = mine.certificate;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(verifyCertificate(Bytes(changed), Bytes(mine.signature), answers)) << bit;
  }
  EXPECT_FALSE(verifyCertificate(Bytes(mine.certificate), Bytes(second.signature), answers));
  // Bob's honest certificate shown to Alice says whose it is.
  Certificate shown;
  ASSERT_TRUE(shown.parse(Bytes(bob.wallet.certificate)));
  EXPECT_NE(Octets(shown.owner.id.begin(), shown.owner.id.end()), alice.userId);
}

TEST_F(Records, V3PeopleSignOnlyWithTheirOwn) {
  // Alice's honest request, with a row of Bob's, of a service, and each with parts of the other.
  Octets transaction = transactionFor(bob.wallet.publicKey());
  for (const WalletCopy& shown : {bob.wallet, mine}) {
    Person a = alice;
    a.wallet = shown;
    Reply reply = scene.link->ask([&](auto request) { a.fillSign(request, transaction); });
    EXPECT_EQ(reply.answer().getSigned()[0].getRefused().getCode(), ErrorCode::UNKNOWN_WALLET);
  }
  EXPECT_TRUE(alice.signs(*scene.link));
}

TEST_F(Records, V2ChangedAccountRowsAreRefused) {
  using Change = std::function<void(AccountCopy&)>;
  std::vector<std::pair<const char*, Change>> changes = {
      {"version", [](AccountCopy& a) { a.version++; }},
      {"e-mail", [](AccountCopy& a) { a.email = "mallory@example.org"; }},
      {"user", [&](AccountCopy& a) { a.userId = bob.account.userId; }},
      {"record", [&](AccountCopy& a) { a.record = bob.account.record; }},
      {"row", [&](AccountCopy& a) { a = bob.account; }},
      {"cut", [](AccountCopy& a) { a.record.pop_back(); }},
      {"empty", [](AccountCopy& a) { a.record.clear(); }},
      {"share in its place", [&](AccountCopy& a) { a.record = mine.shares[0]; }},
  };
  for (size_t byte = 0; byte < alice.account.record.size(); byte++) {
    changes.push_back({"flipped", [byte](AccountCopy& a) { a.record[byte] ^= 0x80; }});
  }
  for (const auto& [what, change] : changes) {
    Person a = alice;
    change(a.account);
    Reply reply = scene.link->ask([&](auto request) { a.fillSign(request, transactionFor(a.wallet.publicKey())); });
    ErrorCode code = refusalOf(reply.answer());
    EXPECT_TRUE(code == ErrorCode::RECORD_REFUSED || code == ErrorCode::KEY_VERSION_UNKNOWN) << what << int(code);
  }
  EXPECT_TRUE(alice.signs(*scene.link));
}

TEST_F(Records, V4OnlyWhatIsUnderstoodIsSigned) {
  Octets honest = transactionFor(mine.publicKey());
  auto signedAs = [&](const Octets& bytes) {
    Reply reply = scene.link->ask([&](auto request) {
      auto in = request.initSign();
      in.initCaller().setPeer(scene.peer);
      auto item = in.initItems(1)[0];
      item.initSelector().setId(reader(mine.walletId()));
      mine.fill(item.initWallet());
      item.setTransaction(reader(Bytes(bytes)));
    });
    auto outcome = reply.answer().getSigned()[0];
    if (outcome.isRefused()) return outcome.getRefused().getCode();
    return NOT_REFUSED;
  };
  EXPECT_EQ(signedAs(honest), NOT_REFUSED);
  EXPECT_EQ(signedAs(transactionFor(second.publicKey())), ErrorCode::NOT_A_SIGNER);
  EXPECT_EQ(signedAs({}), ErrorCode::TRANSACTION_MALFORMED);
  EXPECT_EQ(signedAs(Octets(honest.begin() + 65, honest.end())), ErrorCode::TRANSACTION_MALFORMED) << "a bare message";
  for (size_t size = 0; size < honest.size(); size++) {
    EXPECT_NE(signedAs(Octets(honest.begin(), honest.begin() + static_cast<ptrdiff_t>(size))), NOT_REFUSED) << size;
  }
  Octets longer = honest;
  longer.push_back(0);
  EXPECT_EQ(signedAs(longer), ErrorCode::TRANSACTION_MALFORMED);

  // The bytes of a transaction's message, asked for as a text, are signed as a text: never as that message.
  auto text = scene.link->ask([&](auto request) {
    auto in = request.initSign();
    in.initCaller().setPeer(scene.peer);
    auto item = in.initItems(1)[0];
    item.initSelector().setId(reader(mine.walletId()));
    mine.fill(item.initWallet());
    item.setMessage(reader("hello"));
  });
  auto outcome = text.answer().getSigned()[0];
  ASSERT_TRUE(outcome.isSignature());
  EXPECT_EQ(outcome.getSignedBytes()[0], 0xff);
}

}  // namespace
}  // namespace waas::hostile
