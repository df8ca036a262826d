#include "person.h"

#include <sodium.h>

#include <chrono>
#include <stdexcept>

#include "protocol/token.h"

namespace waas::hostile {
namespace {

Octets copy(Bytes bytes) { return Octets(bytes.begin(), bytes.end()); }

constexpr size_t NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;

}  // namespace

AccountCopy AccountCopy::of(rpc::Account::Reader from) {
  return {octets(from.getUserId()), octets(from.getRecord()), from.getEmail().cStr(), from.getVersion()};
}

void AccountCopy::fill(rpc::Account::Builder to) const {
  to.setUserId(reader(Bytes(userId)));
  to.setEmail(email);
  to.setVersion(version);
  to.setRecord(reader(Bytes(record)));
}

WalletCopy WalletCopy::of(rpc::Wallet::Reader from) {
  WalletCopy copy{octets(from.getCertificate()),
                  octets(from.getSignature()),
                  octets(from.getMac()),
                  from.getEpoch(),
                  from.getTag(),
                  {}};
  for (auto share : from.getShares()) copy.shares.push_back(octets(share));
  return copy;
}

void WalletCopy::fill(rpc::Wallet::Builder to) const {
  to.setCertificate(reader(Bytes(certificate)));
  to.setSignature(reader(Bytes(signature)));
  to.setMac(reader(Bytes(mac)));
  to.setEpoch(epoch);
  to.setTag(tag);
  auto list = to.initShares(static_cast<unsigned>(shares.size()));
  for (unsigned i = 0; i < shares.size(); i++) list.set(i, reader(Bytes(shares[i])));
}

uint64_t nowMs() {
  using namespace std::chrono;
  return static_cast<uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

Octets loginBox(const VaultPublicKeys& keys, LoginPurpose purpose, std::string_view email, Bytes challenge,
                const Hash& sessionKey, const Hash& stretched) {
  uint8_t plain[LOGIN_BOX_PLAIN_BYTES];
  Hash emailHash;
  crypto_hash_sha256(emailHash.data(), reinterpret_cast<const uint8_t*>(email.data()), email.size());
  ByteWriter w(plain);
  w.bytes(asBytes(LOGIN_BOX_MAGIC.data(), LOGIN_BOX_MAGIC.size()));
  w.u8(static_cast<uint8_t>(purpose));
  w.bytes(emailHash);
  w.bytes(challenge);
  w.bytes(sessionKey);
  w.bytes(stretched);
  Octets box(LOGIN_BOX_BYTES);
  crypto_box_seal(box.data(), plain, sizeof plain, keys.sealing.data());
  return box;
}

Person::Person(const VaultPublicKeys& keys, uint64_t peer, std::string email)
    : keys(keys), peer(peer), email(std::move(email)) {
  randombytes_buf(stretched.data(), stretched.size());
}

Reply Person::challengeFrom(BrokerLink& link) {
  Reply reply = link.ask([&](auto request) {
    auto in = request.initChallenge();
    in.setPeer(peer);
    in.setEmail(email);
  });
  if (reply.answer().isChallenge()) challenge = octets(reply.answer().getChallenge().getChallenge());
  return reply;
}

Reply Person::signUp(BrokerLink& link) {
  challengeFrom(link);
  randombytes_buf(sessionKey.data(), sessionKey.size());
  Octets box = loginBox(keys, LoginPurpose::SIGN_UP, email, challenge, sessionKey, stretched);
  Reply reply = link.ask([&](auto request) {
    auto in = request.initSignUp();
    in.setPeer(peer);
    in.setEmail(email);
    in.setBox(reader(Bytes(box)));
  });
  if (reply.answer().isSignedUp()) {
    auto up = reply.answer().getSignedUp();
    account = AccountCopy::of(up.getAccount());
    wallet = WalletCopy::of(up.getWallet());
    if (!open(up.getAnswer(), challenge)) throw std::runtime_error("answer to sign-up");
  }
  return reply;
}

Reply Person::signIn(BrokerLink& link) {
  challengeFrom(link);
  randombytes_buf(sessionKey.data(), sessionKey.size());
  Octets box = loginBox(keys, LoginPurpose::SIGN_IN, email, challenge, sessionKey, stretched);
  Reply reply = link.ask([&](auto request) {
    auto in = request.initSignIn();
    in.setPeer(peer);
    in.setEmail(email);
    in.setBox(reader(Bytes(box)));
    if (!account.record.empty()) account.fill(in.initAccount());
  });
  if (reply.answer().isSignedIn() && !open(reply.answer().getSignedIn(), challenge)) {
    throw std::runtime_error("answer to sign-in");
  }
  return reply;
}

bool Person::open(capnp::Data::Reader answer, Bytes bound) {
  if (answer.size() < LOGIN_ANSWER_OVERHEAD + 24) return false;
  Octets associated = copy(asBytes(LOGIN_ANSWER_DOMAIN.data(), LOGIN_ANSWER_DOMAIN.size()));
  associated.insert(associated.end(), bound.begin(), bound.end());
  Octets plain(answer.size() - LOGIN_ANSWER_OVERHEAD);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, answer.begin() + NONCE,
                                                 answer.size() - NONCE, associated.data(), associated.size(),
                                                 answer.begin(), sessionKey.data()) != 0) {
    return false;
  }
  userId.assign(plain.begin(), plain.begin() + 16);
  token.assign(plain.begin() + 24, plain.end());
  return true;
}

void Person::fillCaller(rpc::Caller::Builder caller, Call call, const std::vector<Octets>& fields,
                        uint64_t time) const {
  caller.setPeer(peer);
  auto person = caller.initPerson();
  person.setToken(reader(Bytes(token)));
  person.setTime(time == 0 ? nowMs() : time);
  std::string_view text(reinterpret_cast<const char*>(token.data()), token.size());
  ProofBuilder proof(sessionKey, tokenId(text).value_or(Id{}), person.getTime(), call);
  for (const Octets& field : fields) proof.field(Bytes(field));
  person.setProof(reader(proof.finish()));
  account.fill(person.initAccount());
}

std::vector<Octets> signFields(uint8_t kind, const Octets& selector, const Octets& transaction) {
  return {{kind}, selector, {0}, transaction};
}

void Person::fillSign(rpc::Request::Builder request, const Octets& transaction) const {
  auto in = request.initSign();
  fillCaller(in.initCaller(), Call::SIGN, signFields(0, {}, transaction));
  auto item = in.initItems(1)[0];
  item.initSelector().setFirst();
  wallet.fill(item.initWallet());
  item.setTransaction(reader(Bytes(transaction)));
}

bool Person::signs(BrokerLink& link) const {
  Octets transaction = transactionFor(wallet.publicKey());
  Reply reply = link.ask([&](auto request) { fillSign(request, transaction); });
  return isSignature(reply.answer(), wallet, transaction);
}

bool isSignature(rpc::Answer::Reader answer, const WalletCopy& wallet, const Octets& transaction) {
  if (!answer.isSigned() || !answer.getSigned()[0].isSignature()) return false;
  auto outcome = answer.getSigned()[0];
  Bytes message = messageOf(transaction);
  return outcome.getOffset() == 1 && outcome.getSignature().size() == 64 &&
         crypto_sign_verify_detached(outcome.getSignature().begin(), message.data(), message.size(),
                                     wallet.publicKey().data()) == 0;
}

ErrorCode serviceSigns(BrokerLink& link, uint64_t peer, const WalletCopy& wallet) {
  Octets transaction = transactionFor(wallet.publicKey());
  Reply reply = link.ask([&](auto request) {
    auto in = request.initSign();
    in.initCaller().setPeer(peer);
    auto item = in.initItems(1)[0];
    item.initSelector().setId(reader(wallet.walletId()));
    wallet.fill(item.initWallet());
    item.setTransaction(reader(Bytes(transaction)));
  });
  if (reply.get().getAudit().size() > 0) link.acknowledge(reply.get().getHead().getSequence());
  if (reply.answer().isRefused()) return reply.answer().getRefused().getCode();
  if (isSignature(reply.answer(), wallet, transaction)) return NOT_REFUSED;
  return reply.answer().getSigned()[0].getRefused().getCode();
}

WalletCopy serviceWallet(BrokerLink& link, uint64_t peer, const std::string& name) {
  Reply reply = link.ask([&](auto request) {
    auto in = request.initCreateWallet();
    in.initCaller().setPeer(peer);
    in.setName(name);
  });
  if (!reply.answer().isWallet()) throw std::runtime_error("wallet of a service");
  return WalletCopy::of(reply.answer().getWallet());
}

Scene::Scene(const VaultOptions& options) : vault(options), pid(vault.vaultPid()), door(vault.publicSocket()) {
  reconnect();
}

void Scene::reconnect() {
  link.reset();
  link = std::make_unique<BrokerLink>(vault);
  connections.push_back(door.connect());
  Reply reply = link->present(connections.back().server.get());
  peer = reply.answer().isPeer() ? reply.answer().getPeer().getHandle() : 0;
}

bool Scene::stillHonest() {
  if (!vault.isAlive() || vault.vaultPid() != pid) return false;
  reconnect();
  return serviceSigns(*link, peer, serviceWallet(*link, peer, "honest")) == NOT_REFUSED;
}

}  // namespace waas::hostile
