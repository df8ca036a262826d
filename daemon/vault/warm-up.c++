#include "daemon/vault/warm-up.h"

#include <capnp/message.h>
#include <sodium.h>

#include "daemon/vault/login.h"

namespace waas::vault {
namespace {

constexpr std::string_view EMAIL = "warm@up";
constexpr size_t REPLY_WORDS = MAX_RECORD_BYTES / sizeof(capnp::word);

// A broker, a person and a local service in one, who speaks to a vault of its own.
class Rehearsal final : private ReplySink {
 public:
  Rehearsal(const Config& config, const Keyring& keyring, WorkerScratch& scratch)
      : open(withoutPolicy(config)),
        service(open, keyring, random, clock, StartFacts{}, MAX_EVENTS, 2, 64, 64),
        handler(service, scratch, helloSaid),
        scratch(scratch),
        keys(keyring.publicKeys()),
        reply(kj::heapArray<capnp::word>(REPLY_WORDS)) {
    everybody.login = true;
    everybody.service = &us;
    peer = service.peers.add(Peer{0, everybody}).value_or(0);
  }

  bool run() {
    ask([](auto request) { request.setHello(); });
    bool good = answer().isHello();
    ask([](auto request) { request.setPresentPeer(); });
    good &= answer().isRefused();
    good &= login(LoginPurpose::SIGN_UP) && answer().isSignedUp();
    keepAccount(answer());
    good &= login(LoginPurpose::SIGN_IN) && answer().isSignedIn() && openToken(answer().getSignedIn());
    ask([&](auto request) { fillCaller(request.initRefresh()); });
    good &= answer().isSignedIn();
    ask([&](auto request) {
      request.initCreateWallet().setName("warm");
      request.getCreateWallet().initCaller().setPeer(peer);
    });
    good &= answer().isWallet();
    wallet.setRoot(answer().getWallet());
    good &= signs() && !signsDamaged();
    junk();
    return good;
  }

 private:
  void send(Bytes bytes) override {
    memcpy(reply.begin(), bytes.data(), bytes.size());
    received.emplace(kj::arrayPtr(reply.begin(), bytes.size() / sizeof(capnp::word)));
  }
  rpc::Answer::Reader answer() { return received->getRoot<rpc::Reply>().getAnswers()[0]; }

  template <typename Fill>
  void ask(Fill fill) {
    capnp::MallocMessageBuilder message;
    fill(message.initRoot<rpc::Record>().initRequests(1)[0]);
    auto words = capnp::messageToFlatArray(message);
    memcpy(scratch.in.data(), words.begin(), words.size() * sizeof(capnp::word));
    handler.handle(words.size() * sizeof(capnp::word), -1, *this);
  }

  bool login(LoginPurpose purpose) {
    ask([&](auto request) {
      request.initChallenge().setPeer(peer);
      request.getChallenge().setEmail(EMAIL.data());
    });
    if (!answer().isChallenge() || !fill(answer().getChallenge().getChallenge(), challenge)) return false;
    uint8_t plain[LOGIN_BOX_PLAIN_BYTES], box[LOGIN_BOX_BYTES];
    ByteWriter w(plain);
    w.bytes(asBytes(LOGIN_BOX_MAGIC.data(), LOGIN_BOX_MAGIC.size()));
    w.u8(static_cast<uint8_t>(purpose));
    w.bytes(sha256(asBytes(EMAIL.data(), EMAIL.size())));
    w.bytes(challenge);
    w.bytes(sessionKey);
    w.bytes(Hash{});
    crypto_box_seal(box, plain, sizeof plain, keys.sealing.data());
    ask([&](auto request) {
      auto in = purpose == LoginPurpose::SIGN_UP ? request.initSignUp() : request.initSignIn();
      in.setPeer(peer);
      in.setEmail(EMAIL.data());
      in.setBox(reader(Bytes(box)));
      if (purpose == LoginPurpose::SIGN_IN) in.setAccount(account.getRoot<rpc::Account>().asReader());
    });
    return true;
  }

  void keepAccount(rpc::Answer::Reader from) {
    if (from.isSignedUp()) account.setRoot(from.getSignedUp().getAccount());
  }

  bool openToken(capnp::Data::Reader sealed) {
    uint8_t plain[LOGIN_ANSWER_BYTES], associated[LOGIN_ANSWER_DOMAIN.size() + CHALLENGE_BYTES];
    ByteWriter a(associated);
    a.bytes(asBytes(LOGIN_ANSWER_DOMAIN.data(), LOGIN_ANSWER_DOMAIN.size()));
    a.bytes(challenge);
    constexpr size_t NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    if (sealed.size() != LOGIN_ANSWER_BYTES ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(plain, nullptr, nullptr, sealed.begin() + NONCE,
                                                   sealed.size() - NONCE, associated, a.size(), sealed.begin(),
                                                   sessionKey.data()) != 0) {
      return false;
    }
    memcpy(token.data(), plain + 24, token.size());
    return true;
  }

  void fillCaller(rpc::Caller::Builder caller) {
    caller.setPeer(peer);
    auto person = caller.initPerson();
    person.setToken(reader(asBytes(token.data(), token.size())));
    person.setTime(clock.now());
    auto id = tokenId(std::string_view(token.data(), token.size())).value_or(Id{});
    person.setProof(reader(ProofBuilder(sessionKey, id, person.getTime(), Call::REFRESH).finish()));
    person.setAccount(account.getRoot<rpc::Account>().asReader());
  }

  bool signs() {
    ask([&](auto request) {
      auto in = request.initSign();
      in.initCaller().setPeer(peer);
      auto item = in.initItems(1)[0];
      item.initSelector().setName("warm");
      item.setWallet(wallet.getRoot<rpc::Wallet>().asReader());
      item.setMessage(reader(EMAIL));
    });
    return answer().isSigned() && answer().getSigned()[0].isSignature();
  }

  bool signsDamaged() {
    auto share = wallet.getRoot<rpc::Wallet>().getShares()[0];
    share[share.size() - 1] ^= 1;
    return signs();
  }

  void junk() {
    // A list that points far outside of the message: Cap'n Proto throws on the way to it.
    const uint8_t bytes[24] = {0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0xff, 0xff, 0x7f, 7, 0, 0, 0};
    memcpy(scratch.in.data(), bytes, sizeof bytes);
    handler.handle(sizeof bytes, -1, *this);
  }

  // No policy is there yet, and what is rehearsed is the use of keys.
  static Config withoutPolicy(Config config) {
    config.policyKey.reset();
    return config;
  }

  const Config open;
  KernelRandom random;
  SystemClock clock;
  LocalService us{"warm-up", {OwnerId::Kind::SERVICE, {}}};
  Roles everybody;
  Service service;
  std::atomic<bool> helloSaid{false};
  RecordHandler handler;
  WorkerScratch& scratch;
  VaultPublicKeys keys;
  kj::Array<capnp::word> reply;
  std::optional<capnp::FlatArrayMessageReader> received;
  uint64_t peer = 0;
  Hash sessionKey{};
  std::array<uint8_t, CHALLENGE_BYTES> challenge{};
  TokenText token{};
  capnp::MallocMessageBuilder account, wallet;
};

}  // namespace

bool warmUp(const Config& config, const Keyring& keyring, WorkerScratch& scratch) {
  bool good = Rehearsal(config, keyring, scratch).run();
  sodium_memzero(scratch.in.data(), scratch.in.size());
  return good;
}

}  // namespace waas::vault
