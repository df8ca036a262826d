#include "fake-daemon.h"

#include <kj/debug.h>
#include <sodium.h>

namespace waas::test {
namespace {

using client::SecretText;
using protocol::ErrorCode;

kj::ArrayPtr<const kj::byte> ptr(const auto& bytes) { return kj::arrayPtr(bytes.data(), bytes.size()); }
Bytes span(capnp::Data::Reader data) { return Bytes(data.begin(), data.size()); }
Bytes span(capnp::Text::Reader text) { return asBytes(text.begin(), text.size()); }

// Checks a proof the way the vault does. Adds to the counts.
bool checkProof(FakeDaemon& d, const Id& tokenId, protocol::Proof::Reader proof, Call call,
                const std::vector<ByteString>& fields) {
  ProofBuilder builder(d.sessionKey, tokenId, proof.getTime(), call);
  for (auto& field : fields) builder.field(field);
  Hash expected = builder.finish();
  bool good = proof.getMac() == ptr(expected);
  (good ? d.provenCalls : d.wrongProofs)++;
  return good;
}

template <typename Result>
bool refuses(FakeDaemon& d, Result result, bool proven) {
  ErrorCode code = !proven ? ErrorCode::PROOF_INVALID : d.refusal;
  if (code == ErrorCode::UNKNOWN) return false;
  auto refused = result.initRefused();
  refused.setCode(code);
  refused.setRetryAfter(1500);
  refused.setShare(2);
  refused.setDetail("a detail\x1b[2J");
  return true;
}

// The parts of a proof of SIGN, from the request.
std::vector<ByteString> signFields(capnp::List<protocol::SignItem>::Reader items) {
  std::vector<ByteString> fields;
  auto add = [&](Bytes bytes) { fields.emplace_back(bytes.begin(), bytes.end()); };
  auto addByte = [&](uint8_t value) { fields.push_back({value}); };
  for (auto item : items) {
    auto wallet = item.getWallet();
    addByte(static_cast<uint8_t>(wallet.which()));
    switch (wallet.which()) {
      case protocol::Selector::FIRST: add({}); break;
      case protocol::Selector::ID: add(span(wallet.getId())); break;
      case protocol::Selector::NAME: add(span(wallet.getName())); break;
      case protocol::Selector::PUBLIC_KEY: add(span(wallet.getPublicKey())); break;
    }
    addByte(item.isTransaction() ? 0 : 1);
    add(item.isTransaction() ? span(item.getTransaction()) : span(item.getMessage()));
  }
  return fields;
}

// A "transaction" here is one empty slot and what is signed; enough for a client that does not look inside.
void signItem(FakeDaemon& d, protocol::SignItem::Reader item, protocol::Signed::Outcome::Builder outcome) {
  Signature signature;
  ByteString bytes;
  if (item.isTransaction()) {
    auto given = span(item.getTransaction());
    bytes.assign(given.begin(), given.end());
    if (d.lie == FakeDaemon::Lie::OTHER_TRANSACTION) bytes.back() ^= 1;
    if (bytes.size() < 66) {
      outcome.initRefused().setCode(ErrorCode::TRANSACTION_MALFORMED);
      return;
    }
    crypto_sign_detached(signature.data(), nullptr, bytes.data() + 65, bytes.size() - 65, d.walletSecret.data());
    std::copy(signature.begin(), signature.end(), bytes.begin() + 1);
  } else {
    auto given = span(item.getMessage());
    bytes.assign({0xff, 's', 'o', 'l'});
    bytes.insert(bytes.end(), given.begin(), given.end());
    if (d.lie == FakeDaemon::Lie::OTHER_MESSAGE) bytes.back() ^= 1;
    crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), d.walletSecret.data());
  }
  outcome.setSignature(ptr(signature));
  outcome.setSignedBytes(ptr(bytes));
}

class FakeSession final : public protocol::UserSession::Server {
 public:
  FakeSession(FakeDaemon& d, const OwnerId& owner) : d(d), owner(owner), tokenId(d.tokenId) {}

  kj::Promise<void> wallets(WalletsContext context) override {
    auto result = context.getResults().initWallets();
    if (refuses(d, result, proven(context.getParams().getProof(), Call::WALLETS, {}))) return kj::READY_NOW;
    d.writeWallet(result.initOk(1)[0], owner);
    return kj::READY_NOW;
  }

  kj::Promise<void> createWallet(CreateWalletContext context) override {
    auto name = span(context.getParams().getName());
    auto result = context.getResults().initWallet();
    if (refuses(d, result,
                proven(context.getParams().getProof(), Call::CREATE_WALLET, {ByteString(name.begin(), name.end())}))) {
      return kj::READY_NOW;
    }
    auto ok = result.initOk();
    d.writeWallet(ok.initWallet(), owner);
    d.writeHead(ok.initHead());
    return kj::READY_NOW;
  }

  kj::Promise<void> sign(SignContext context) override {
    auto items = context.getParams().getItems();
    auto result = context.getResults().initOutcomes();
    if (refuses(d, result, proven(context.getParams().getProof(), Call::SIGN, signFields(items)))) return kj::READY_NOW;
    auto ok = result.initOk();
    uint32_t count = items.size() - (d.lie == FakeDaemon::Lie::ONE_OUTCOME_TOO_FEW ? 1 : 0);
    auto outcomes = ok.initOutcomes(count);
    for (uint32_t i = 0; i < count; i++) signItem(d, items[i], outcomes[i]);
    d.writeHead(ok.initHead());
    return kj::READY_NOW;
  }

  kj::Promise<void> shareStatus(ShareStatusContext context) override {
    auto result = context.getResults().initStatus();
    if (refuses(d, result, proven(context.getParams().getProof(), Call::SHARE_STATUS, {}))) return kj::READY_NOW;
    auto row = result.initOk(1)[0];
    row.setWalletId(ptr(d.walletId));
    uint8_t ownerBytes[OwnerId::SIZE];
    ByteWriter(ownerBytes).owner(owner);
    row.setOwnerId(kj::arrayPtr(ownerBytes, sizeof ownerBytes));
    row.setPublicKey(ptr(d.walletKey));
    row.setName("main");
    row.setEpoch(3);
    auto states = row.initShares(3);
    states.set(0, protocol::ShareStatus::ShareState::PRESENT);
    states.set(1, protocol::ShareStatus::ShareState::MISSING);
    states.set(2, protocol::ShareStatus::ShareState::UNREACHABLE);
    row.setNeedsRotation(true);
    return kj::READY_NOW;
  }

  kj::Promise<void> refresh(RefreshContext context) override {
    auto result = context.getResults().initSignedIn();
    if (refuses(d, result, proven(context.getParams().getProof(), Call::REFRESH, {}))) return kj::READY_NOW;
    d.tokenId[0]++;
    auto answer = d.vault.answer(d.sessionKey, tokenId, d.user, 1'700'000'900'000, d.token());
    result.setOk(capnp::Data::Reader(ptr(answer)));
    return kj::READY_NOW;
  }

  kj::Promise<void> signOut(SignOutContext context) override {
    auto params = context.getParams();
    auto result = context.getResults().initDone();
    uint8_t flag = params.getEverywhere() ? 1 : 0;
    if (refuses(d, result, proven(params.getProof(), Call::SIGN_OUT, {ByteString{flag}}))) return kj::READY_NOW;
    d.signedOut = true;
    d.everywhere = params.getEverywhere();
    result.initOk();
    return kj::READY_NOW;
  }

 private:
  bool proven(protocol::Proof::Reader proof, Call call, const std::vector<ByteString>& fields) {
    return owner.kind == OwnerId::Kind::SERVICE || checkProof(d, tokenId, proof, call, fields);
  }

  FakeDaemon& d;
  OwnerId owner;
  const Id tokenId;  // that it was taken up with: a daemon can't read the one that a refresh makes
};

class FakeLogin final : public protocol::Login::Server {
 public:
  explicit FakeLogin(FakeDaemon& d) : d(d) {}

  kj::Promise<void> challenge(ChallengeContext context) override {
    auto ok = context.getResults().initChallenge().initOk();
    randombytes_buf(challengeBytes.data(), challengeBytes.size());
    ok.setSalt(ptr(std::array<uint8_t, 16>{1}));
    ok.setChallenge(ptr(challengeBytes));
    ok.setPasses(d.passes);
    ok.setMemory(d.memory);
    return kj::READY_NOW;
  }

  kj::Promise<void> signUp(SignUpContext context) override {
    answer(context.getParams().getBox(), context.getResults().initSignedUp().initOk());
    return kj::READY_NOW;
  }

  kj::Promise<void> signIn(SignInContext context) override {
    answer(context.getParams().getBox(), context.getResults().initSignedIn().initOk());
    return kj::READY_NOW;
  }

  kj::Promise<void> resume(ResumeContext context) override {
    auto params = context.getParams();
    auto result = context.getResults().initResumed();
    if (refuses(d, result, checkProof(d, d.tokenId, params.getProof(), Call::RESUME, {}))) return kj::READY_NOW;
    KJ_REQUIRE(params.getToken() == kj::StringPtr(d.token().c_str()).asBytes(), "another token");
    auto ok = result.initOk();
    ok.setSession(kj::heap<FakeSession>(d, d.userOwner()));
    ok.setUserId(ptr(d.user));
    return kj::READY_NOW;
  }

 private:
  template <typename Ok>
  void answer(capnp::Data::Reader box, Ok ok) {
    auto opened = d.vault.open(span(box));
    KJ_REQUIRE(opened.has_value(), "the box does not open");
    d.boxes.push_back(*opened);
    d.sessionKey = opened->key;
    auto context = opened->challenge;
    if (d.lie == FakeDaemon::Lie::ANSWER_FOR_OTHER_CHALLENGE) context[0] ^= 1;
    ok.setAnswer(ptr(d.vault.answer(opened->key, context, d.user, 1'700'000'900'000, d.token())));
    d.writeWallet(ok.initWallet(), d.userOwner());
    d.writeHead(ok.initHead());
  }

  FakeDaemon& d;
  std::array<uint8_t, CHALLENGE_BYTES> challengeBytes{};
};

class FakeSigner final : public protocol::Signer::Server {
 public:
  explicit FakeSigner(FakeDaemon& d) : d(d) {}

  kj::Promise<void> enter(EnterContext context) override {
    if (d.silent) return kj::NEVER_DONE;
    auto ok = context.getResults().initRoles().initOk();
    ok.setLogin(kj::heap<FakeLogin>(d));
    ok.setService(kj::heap<FakeSession>(d, client::serviceOwner("payouts"_kj)));
    ok.setServiceName("payouts");
    ok.setVersion("fake");
    return kj::READY_NOW;
  }

 private:
  FakeDaemon& d;
};

}  // namespace

FakeDaemon::FakeDaemon() { crypto_sign_keypair(walletKey.data(), walletSecret.data()); }

protocol::Signer::Client FakeDaemon::signer() { return kj::heap<FakeSigner>(*this); }

void FakeDaemon::writeWallet(protocol::WalletInfo::Builder to, const OwnerId& owner) {
  Certificate certificate{walletId, owner, walletKey, true, 1'700'000'000'000, "main"};
  if (lie == Lie::CERTIFICATE_OF_OTHER_OWNER) certificate.owner.id[15] ^= 1;
  static const FakeVault OTHER;
  auto made = (lie == Lie::CERTIFICATE_OF_OTHER_VAULT ? OTHER : vault).certify(certificate);
  to.setCertificate(ptr(made.payload));
  to.setSignature(ptr(made.signature));
}

void FakeDaemon::writeHead(protocol::AuditHead::Builder to) {
  if (lie != Lie::FORKED_HEAD || sequence == 0) sequence++;
  Hash hash{};
  randombytes_buf(hash.data(), hash.size());
  auto signature = vault.signHead(instance, sequence, hash);
  if (lie == Lie::FORGED_HEAD) signature[0] ^= 1;
  to.setInstance(ptr(instance));
  to.setSequence(sequence);
  to.setHash(ptr(hash));
  to.setSignature(ptr(signature));
}

FakeConnection::FakeConnection(FakeDaemon& daemon)
    : io(kj::setupAsyncIo()), timer(kj::origin<kj::TimePoint>()), pipe(kj::newTwoWayPipe()) {
  server = kj::heap<capnp::TwoPartyClient>(*pipe.ends[1], daemon.signer(), capnp::rpc::twoparty::Side::SERVER);
  connected = kj::heap<client::Client>(kj::mv(pipe.ends[0]), timer, daemon.vault.publicKeys(),
                                       client::Client::Options{8 * kj::SECONDS, clock});
}

kj::Own<client::UserSession> FakeConnection::signIn() {
  auto roles = wait(connected->enter());
  auto& login = *KJ_ASSERT_NONNULL(roles.login);
  auto challenge = wait(login.challenge(EMAIL));
  Secret<32> stretched;
  auto made = wait(login.signIn(EMAIL, challenge, stretched));
  return wait(login.resume(kj::mv(made.answer.token))).session;
}

}  // namespace waas::test
