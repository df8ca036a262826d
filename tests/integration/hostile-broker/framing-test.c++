// V9: nothing that arrives on the link ends, hangs or grows the vault.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <random>

#include "person.h"

namespace waas::hostile {
namespace {

class Framing : public testing::Test {
 protected:
  Framing() : wallet(serviceWallet(*scene.link, scene.peer, "w")) {}

  Octets honestRecord() {
    Octets transaction = transactionFor(wallet.publicKey());
    capnp::MallocMessageBuilder message;
    auto in = message.initRoot<rpc::Record>().initRequests(1)[0].initSign();
    in.initCaller().setPeer(scene.peer);
    auto item = in.initItems(1)[0];
    item.initSelector().setFirst();
    item.getSelector().setName("w");
    wallet.fill(item.initWallet());
    item.setTransaction(reader(Bytes(transaction)));
    return encode(message);
  }

  // Sends bytes; either the link ends (then it is made anew) or every answer is looked at.
  enum class Came : uint8_t { END, REPLY };
  Came throwAt(const Octets& bytes, const std::function<void(const Reply&)>& look = nullptr) {
    if (!scene.link->send(bytes)) {
      scene.reconnect();
      return Came::END;
    }
    auto reply = scene.link->receive();
    if (!reply) {
      scene.reconnect();
      return Came::END;
    }
    Reply r(*reply);
    if (r.get().getAudit().size() > 0) scene.link->acknowledge(r.get().getHead().getSequence());
    if (look) look(r);
    return Came::REPLY;
  }

  static Octets frame(uint32_t segmentsLess1, uint32_t words, const Octets& body) {
    Octets out(8);
    memcpy(out.data(), &segmentsLess1, 4);
    memcpy(out.data() + 4, &words, 4);
    out.insert(out.end(), body.begin(), body.end());
    return out;
  }

  Scene scene;
  WalletCopy wallet;
  std::mt19937_64 random{20250607};
};

TEST_F(Framing, V9RandomBytesEndTheLinkOnly) {
  for (int i = 0; i < 300; i++) {
    Octets junk(random() % 4096);
    for (auto& b : junk) b = static_cast<uint8_t>(random());
    EXPECT_EQ(throwAt(junk), Came::END);
    // Behind an honest segment table it may be a message, or not.
    junk.resize(junk.size() / 8 * 8);
    throwAt(frame(0, static_cast<uint32_t>(junk.size() / 8), junk),
            [](const Reply& r) { EXPECT_FALSE(r.answer().isSigned()); });
  }
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V9HalfMessagesEndTheLinkOnly) {
  Octets honest = honestRecord();
  for (size_t size = 0; size < honest.size(); size += size < 128 ? 1 : 8) {
    EXPECT_EQ(throwAt(Octets(honest.begin(), honest.begin() + static_cast<ptrdiff_t>(size))), Came::END) << size;
  }
  Octets longer = honest;
  longer.resize(honest.size() + 8);
  EXPECT_EQ(throwAt(longer), Came::END);
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V9RecordsBeyondTheLimitEndTheLinkOnly) {
  for (size_t size : {131073u, 131080u, 160000u, 200000u}) EXPECT_EQ(throwAt(Octets(size)), Came::END) << size;
  // An honest record at the limit is answered; with a byte more it is cut, and what is left of it is not looked at.
  Octets honest = honestRecord(), body(honest.begin() + 8, honest.end());
  body.resize(131064);
  Octets largest = frame(0, 16383, body);
  EXPECT_EQ(throwAt(largest, [](const Reply& r) { EXPECT_TRUE(r.answer().isSigned()); }), Came::REPLY);
  largest = frame(0, 16383, body);
  largest.resize(largest.size() + 8);
  EXPECT_EQ(throwAt(largest), Came::END);
  // Exactly at the limit it is a record, of nothing.
  EXPECT_EQ(throwAt(frame(0, 16383, Octets(131064))), Came::END);
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V9WrongSegmentTablesEndTheLinkOnly) {
  Octets honest = honestRecord(), body(honest.begin() + 8, honest.end());
  uint32_t words = static_cast<uint32_t>(body.size() / 8);
  for (auto [segments, size] : std::vector<std::pair<uint32_t, uint32_t>>{{1, words},
                                                                          {0, words + 1},
                                                                          {0, words - 1},
                                                                          {0, 0},
                                                                          {0, 0xffffffffu},
                                                                          {0xffffffffu, words},
                                                                          {0xfffffffeu, 0},
                                                                          {511, 0},
                                                                          {0, 0x20000000u + words}}) {
    EXPECT_EQ(throwAt(frame(segments, size, body)), Came::END) << segments << " " << size;
  }
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V9LongListsEndTheLinkOnly) {
  for (unsigned n : {0u, 65u, 1000u}) {
    capnp::MallocMessageBuilder message;
    auto list = message.initRoot<rpc::Record>().initRequests(n);
    for (auto request : list) request.setHealth();
    EXPECT_EQ(throwAt(encode(message)), Came::END) << n;
  }
  // 65536 and more requests of no size at all: a struct list of zero words each.
  for (uint32_t n : {65536u, 536870911u}) {
    Octets body(24);
    uint64_t root = uint64_t(1) << 48;      // struct: no data, one pointer
    uint64_t list = 1 | uint64_t(7) << 32;  // list at the next word, composite, 0 words
    uint64_t tag = uint64_t(n) << 2;        // n elements of 0 words
    memcpy(body.data(), &root, 8), memcpy(body.data() + 8, &list, 8), memcpy(body.data() + 16, &tag, 8);
    EXPECT_EQ(throwAt(frame(0, 3, body)), Came::END) << n;
  }
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V9ManyItemsOfNoSizeAreRefused) {
  // One honest request whose list of items claims 64 k items in no bytes.
  Octets honest = honestRecord();
  capnp::MallocMessageBuilder message;
  auto in = message.initRoot<rpc::Record>().initRequests(1)[0].initSign();
  in.initCaller().setPeer(scene.peer);
  in.initItems(0);
  EXPECT_EQ(
      throwAt(encode(message), [](const Reply& r) { EXPECT_EQ(refusalOf(r.answer()), ErrorCode::INVALID_REQUEST); }),
      Came::REPLY);
  capnp::MallocMessageBuilder many;
  auto list = many.initRoot<rpc::Record>().initRequests(1)[0].initSign();
  list.initCaller().setPeer(scene.peer);
  list.initItems(65);
  EXPECT_EQ(throwAt(encode(many), [](const Reply& r) { EXPECT_EQ(refusalOf(r.answer()), ErrorCode::TOO_LARGE); }),
            Came::REPLY);
}

TEST_F(Framing, V9DeepNestingIsRefused) {
  // Structs that point to the next word, 16,000 deep.
  Octets body;
  for (int i = 0; i < 16000; i++) {
    uint64_t pointer = uint64_t(1) << 48;
    body.insert(body.end(), reinterpret_cast<uint8_t*>(&pointer), reinterpret_cast<uint8_t*>(&pointer) + 8);
  }
  throwAt(frame(0, 16000, body));
  // Pointers that point to themselves, everywhere.
  for (size_t i = 0; i < body.size(); i += 8) {
    uint64_t loop = 0xfffffffcu | uint64_t(0xffff) << 48;
    memcpy(body.data() + i, &loop, 8);
  }
  throwAt(frame(0, 16000, body));
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V9ManyPointersToOneTextDontMultiplyIt) {
  // 64 items that share one long text: the reply would be forty times the record.
  capnp::MallocMessageBuilder message(16384);
  auto in = message.initRoot<rpc::Record>().initRequests(1)[0].initSign();
  in.initCaller().setPeer(scene.peer);
  auto items = in.initItems(64);
  std::string text(60000, 'x');
  for (auto item : items) {
    item.initSelector().setName("w");
    wallet.fill(item.initWallet());
    item.setMessage(reader("y"));
  }
  items[63].setMessage(reader(text));
  Octets record = encode(message);
  // The text pointers of the other items are aimed at the long one by hand.
  ASSERT_LE(record.size(), 131072u);
  auto words = reinterpret_cast<uint64_t*>(record.data());
  size_t last = 0;
  std::vector<size_t> ones;
  for (size_t i = 1; i < record.size() / 8; i++) {
    uint64_t p = words[i];
    if ((p & 3) == 1 && (p >> 32 & 7) == 2 && p >> 35 == 60000) last = i;
    if ((p & 3) == 1 && (p >> 32 & 7) == 2 && p >> 35 == 1) ones.push_back(i);
  }
  ASSERT_NE(last, 0u);
  size_t target = last + 1 + static_cast<size_t>(static_cast<int32_t>(words[last] & 0xffffffffu) >> 2);
  for (size_t i : ones) {
    auto offset = static_cast<int32_t>(static_cast<int64_t>(target) - static_cast<int64_t>(i) - 1);
    words[i] =
        (static_cast<uint64_t>(static_cast<uint32_t>(offset) << 2) | 1) | uint64_t(2) << 32 | uint64_t(60000) << 35;
  }
  EXPECT_EQ(throwAt(record,
                    [](const Reply& r) {
                      EXPECT_TRUE(r.answer().isRefused());
                      EXPECT_LE(r.size(), 131072u);
                    }),
            Came::REPLY);
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V9LargestRepliesKeepToTheLimit) {
  using Fill = std::function<void(rpc::Request::Builder)>;
  std::string longText(65515, 'z');
  std::vector<std::pair<const char*, Fill>> kinds = {
      {"health", [](auto request) { request.setHealth(); }},
      {"wallets",
       [&](auto request) {
         auto in = request.initCreateWallet();
         in.initCaller().setPeer(scene.peer);
         in.setName(std::string(64, 'n'));
       }},
      {"long text",
       [&](auto request) {
         auto in = request.initSign();
         in.initCaller().setPeer(scene.peer);
         auto item = in.initItems(1)[0];
         item.initSelector().setName("w");
         wallet.fill(item.initWallet());
         item.setMessage(reader(longText));
       }},
  };
  for (const auto& [what, fill] : kinds) {
    unsigned n = std::string(what) == "long text" ? 1 : 64;
    capnp::MallocMessageBuilder message;
    auto requests = message.initRoot<rpc::Record>().initRequests(n == 1 ? 60 : n);
    for (auto request : requests) kinds[1].second(request);
    for (unsigned i = 0; i < n; i++) fill(requests[i]);
    EXPECT_EQ(throwAt(encode(message), [](const Reply& r) { EXPECT_LE(r.size(), 131072u); }), Came::REPLY) << what;
  }
  // 64 sign-ups, which make the largest answers.
  std::vector<Person> people;
  capnp::MallocMessageBuilder message;
  auto requests = message.initRoot<rpc::Record>().initRequests(64);
  for (unsigned i = 0; i < 64; i++) {
    std::string email = std::string(240, 'e') + "@e." + std::to_string(i);
    Person person(scene.vault.publicKeys(), scene.peer, email);
    person.challengeFrom(*scene.link);
    Octets box =
        loginBox(person.keys, LoginPurpose::SIGN_UP, email, person.challenge, person.sessionKey, person.stretched);
    auto in = requests[i].initSignUp();
    in.setPeer(scene.peer);
    in.setEmail(email);
    in.setBox(reader(Bytes(box)));
  }
  EXPECT_EQ(throwAt(encode(message),
                    [](const Reply& r) {
                      EXPECT_LE(r.size(), 131072u);
                      EXPECT_TRUE(r.answer(0).isSignedUp());
                      EXPECT_EQ(refusalOf(r.answer(63)), ErrorCode::TOO_LARGE);
                    }),
            Came::REPLY);
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V5V9MutatedRecordsGetNoOtherSignature) {
  Person alice(scene.vault.publicKeys(), scene.peer, "alice@example.org");
  ASSERT_TRUE(alice.signUp(*scene.link).answer().isSignedUp());
  Octets transaction = transactionFor(alice.wallet.publicKey());
  auto honest = [&] {
    capnp::MallocMessageBuilder message;
    alice.peer = scene.peer;  // handles change with the link
    alice.fillSign(message.initRoot<rpc::Record>().initRequests(1)[0], transaction);
    return encode(message);
  };
  Octets record = honest();
  size_t before = scene.vault.virtualBytes();
  size_t signatures = 0;
  for (int i = 0; i < 4000; i++) {
    if (i % 1000 == 0) record = honest();
    Octets mutated = record;
    for (uint64_t n = 1 + random() % 4; n > 0; n--) {
      mutated[random() % mutated.size()] ^= static_cast<uint8_t>(1 << random() % 8);
    }
    Came came = throwAt(mutated, [&](const Reply& r) {
      if (!r.answer().isSigned() || !r.answer().getSigned()[0].isSignature()) return;
      signatures++;
      EXPECT_EQ(r.answer().getSigned().size(), 1u);
      EXPECT_TRUE(isSignature(r.answer(), alice.wallet, transaction)) << "signed something else";
    });
    if (came == Came::END) record = honest();
  }
  EXPECT_GT(signatures, 0u) << "bits that mean nothing were hit, too";
  EXPECT_TRUE(scene.stillHonest());
  EXPECT_EQ(scene.vault.virtualBytes(), before);
}

TEST_F(Framing, V9RequestsOutOfOrderAreRefused) {
  // Before hello; hello twice; hello and others in company.
  scene.link.reset();
  scene.link = std::make_unique<BrokerLink>(scene.vault, BrokerLink::Hello::LATER);
  EXPECT_EQ(refusalOf(scene.link->ask([](auto request) { request.setHealth(); }).answer()), ErrorCode::INVALID_REQUEST);
  auto twoHellos = [](rpc::Record::Builder record) {
    for (auto request : record.initRequests(2)) request.setHello();
  };
  EXPECT_EQ(refusalOf(scene.link->askRecord(twoHellos).answer(1)), ErrorCode::INVALID_REQUEST);
  EXPECT_TRUE(scene.link->ask([](auto request) { request.setHello(); }).answer().isHello());
  EXPECT_EQ(refusalOf(scene.link->ask([](auto request) { request.setHello(); }).answer()), ErrorCode::INVALID_REQUEST);
  auto replayInCompany = [](rpc::Record::Builder record) {
    auto requests = record.initRequests(2);
    requests[0].setReplayAudit(1);
    requests[1].setHealth();
  };
  Reply reply = scene.link->askRecord(replayInCompany);
  EXPECT_EQ(refusalOf(reply.answer(0)), ErrorCode::INVALID_REQUEST);
  EXPECT_TRUE(reply.answer(1).isHealth());
}

TEST_F(Framing, AnUnknownKindOfRequestIsRefused) {
  capnp::MallocMessageBuilder message;
  auto request = message.initRoot<rpc::Record>().initRequests(1)[0];
  request.setId(42);
  request.setHealth();
  Octets record = encode(message);
  // The union's tag stands in the second data word of the only request.
  bool found = false;
  for (size_t i = 8; i + 2 <= record.size(); i += 2) {
    uint16_t value;
    memcpy(&value, record.data() + i, 2);
    if (value == static_cast<uint16_t>(rpc::Request::HEALTH) && i % 8 == 0 && i > 24) {
      uint16_t unknown = 999;
      memcpy(record.data() + i, &unknown, 2);
      found = true;
      break;
    }
  }
  ASSERT_TRUE(found);
  throwAt(record, [](const Reply& r) { EXPECT_EQ(refusalOf(r.answer()), ErrorCode::INVALID_REQUEST); });
  EXPECT_TRUE(scene.stillHonest());
}

TEST_F(Framing, V9ABrokerThatReadsNothingHoldsOnlyItself) {
  // Replies pile up until the vault can't send; when this broker goes, the next is served.
  capnp::MallocMessageBuilder message;
  for (auto request : message.initRoot<rpc::Record>().initRequests(40)) request.setHealth();
  Octets record = encode(message);
  for (int i = 0; i < 12; i++) scene.link->send(record);
  EXPECT_TRUE(scene.stillHonest());
}

}  // namespace
}  // namespace waas::hostile
