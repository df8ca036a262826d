// waas-vault-load: keeps a vault busy with everything that touches a secret, and says which secrets these are.
//
//   waas-vault-load VAULT-SOCKET SIGNER-SOCKET CREDENTIALS-FOLDER SECRETS-FILE [WALLETS]
//
// Is broker and stores in one: makes wallets as the local service of its own uid and an account, writes memscan's list
// of all secrets that are involved, says READY, then has messages signed and signs in without end, until SIGTERM. The
// last line is what was done: "signatures N sign-ins M". Exit code 1 when anything goes wrong.
#include <capnp/serialize.h>
#include <sodium.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "protocol/login-box.h"
#include "vault-client.h"

namespace waas::security {
namespace {

constexpr unsigned ITEMS = 16;     // signatures in a record
constexpr unsigned IN_FLIGHT = 6;  // records, so that every worker has one and the next waits
constexpr unsigned MESSAGES = 2;   // for each wallet, always the same: so their nonces are known
constexpr unsigned SIGN_IN_EVERY = 8;
constexpr unsigned RECORD_WORDS = 16384;  // a record is one segment: large enough that it does not grow by a second
constexpr const char* EMAIL = "load@example.org";

volatile sig_atomic_t stopping = 0;

Buffer bufferOf(capnp::Data::Reader data) { return Buffer(data.begin(), data.end()); }
capnp::Data::Reader dataOf(const Buffer& buffer) { return {buffer.data(), buffer.size()}; }

// A person's half of a login, with a password and a session key that stay the same.
struct Login {
  Buffer stretched = Buffer(32), sessionKey = Buffer(32), sealingKey;

  Buffer box(LoginPurpose purpose, capnp::Data::Reader challenge) const {
    Buffer plain, sealed(LOGIN_BOX_BYTES);
    auto add = [&](const auto& bytes) { plain.insert(plain.end(), bytes.begin(), bytes.end()); };
    Buffer hash(32);
    std::string email = EMAIL;
    crypto_hash_sha256(hash.data(), reinterpret_cast<const uint8_t*>(email.data()), email.size());
    add(LOGIN_BOX_MAGIC);
    plain.push_back(static_cast<uint8_t>(purpose));
    add(hash);
    add(challenge);
    add(sessionKey);
    add(stretched);
    if (crypto_box_seal(sealed.data(), plain.data(), plain.size(), sealingKey.data()) != 0) {
      throw std::runtime_error("sealing failed");
    }
    return sealed;
  }
};

class Load {
 public:
  Load(const std::string& vault, const std::string& signer) : client(vault), peer(client.presentOurselves(signer)) {
    randombytes_buf(login.stretched.data(), 32);
    randombytes_buf(login.sessionKey.data(), 32);
    login.sealingKey = client.sealingKey();
    Reply reply = client.ask([&](rpc::Request::Builder request) { request.setHealth(); });
    printf("vault: secret memory %u, guarded %d, workers %u\n",
           static_cast<unsigned>(reply.answer().getHealth().getSecretMemory()), reply.answer().getHealth().getGuarded(),
           reply.answer().getHealth().getWorkers());
  }

  void prepare(unsigned count) {
    for (unsigned i = 0; i < count; i++) makeWallet(i);
    signUp();
  }

  void writeSecrets(const std::string& credentials, const std::string& file) {
    std::ofstream out(file);
    VaultSecrets secrets(credentials, out);
    for (const StoredWallet& wallet : stored) secrets.openWallet(wallet);
    secrets.note("raw", "stretched-password", login.stretched);
    secrets.note("hmac-key", "session-key", login.sessionKey);
    if (!out.flush()) throw std::runtime_error("the list of secrets can't be written");
  }

  void run() {
    for (unsigned i = 0; i < IN_FLIGHT; i++) sendSign();
    while (stopping == 0) {
      count(client.receive());
      sendSign();
    }
    for (unsigned i = 0; i < IN_FLIGHT; i++) count(client.receive());
    printf("signatures %lu sign-ins %lu\n", signatures, signIns);
  }

 private:
  void makeWallet(unsigned number) {
    rows.emplace_back(std::make_unique<capnp::MallocMessageBuilder>());
    Reply reply = client.ask([&](rpc::Request::Builder request) {
      auto create = request.initCreateWallet();
      create.initCaller().setPeer(peer);
      create.setName("load-" + std::to_string(number));
      create.setFirst(number == 0);
    });
    auto row = reply.answer().getWallet();
    rows.back()->setRoot(row);
    StoredWallet wallet{
        bufferOf(row.getCertificate()), row.getEpoch(), row.getTag(), {}, bufferOf(row.getRecovery()), {}};
    for (auto share : row.getShares()) wallet.shares.push_back(bufferOf(share));
    for (unsigned i = 0; i < MESSAGES; i++) {
      Reply once = client.ask([&](rpc::Request::Builder request) {
        auto sign = request.initSign();
        sign.initCaller().setPeer(peer);
        fillItem(sign.initItems(1)[0], number, i);
      });
      wallet.messages.push_back(bufferOf(once.answer().getSigned()[0].getSignedBytes()));
    }
    stored.push_back(kj::mv(wallet));
    acknowledge();
  }

  void fillItem(rpc::Sign::Item::Builder item, unsigned wallet, unsigned message) {
    item.initSelector().setName("load-" + std::to_string(wallet));
    item.setWallet(rows[wallet]->getRoot<rpc::Wallet>().asReader());
    Buffer text(24, static_cast<uint8_t>('a' + message));
    item.setMessage(dataOf(text));
  }

  void acknowledge() {
    client.ask([&](rpc::Request::Builder request) { client.acknowledge(request); }).answer();
  }

  Buffer challenge() {
    Reply reply = client.ask([&](rpc::Request::Builder request) { fillChallenge(request); });
    return bufferOf(reply.answer().getChallenge().getChallenge());
  }

  void fillChallenge(rpc::Request::Builder request) {
    request.initChallenge().setPeer(peer);
    request.getChallenge().setEmail(EMAIL);
  }

  void signUp() {
    Buffer box = login.box(LoginPurpose::SIGN_UP, dataOf(challenge()));
    Reply reply = client.ask([&](rpc::Request::Builder request) {
      auto in = request.initSignUp();
      in.setPeer(peer);
      in.setEmail(EMAIL);
      in.setBox(dataOf(box));
    });
    account.setRoot(reply.answer().getSignedUp().getAccount());
    acknowledge();
  }

  // One record: what is durable, signatures, now and then a sign-in and the challenge for the next.
  void sendSign() {
    capnp::MallocMessageBuilder record(RECORD_WORDS);
    bool signIn = ++records % SIGN_IN_EVERY == 0 && !nextChallenge.empty() && !signingIn;
    bool ask = records % SIGN_IN_EVERY == 1;
    auto requests = record.initRoot<rpc::Record>().initRequests(2u + (signIn ? 1u : 0u) + (ask ? 1u : 0u));
    client.acknowledge(requests[0]);
    auto sign = requests[1].initSign();
    sign.initCaller().setPeer(peer);
    auto items = sign.initItems(ITEMS);
    for (unsigned i = 0; i < ITEMS; i++, next++) {
      fillItem(items[i], next % static_cast<unsigned>(rows.size()),
               next / static_cast<unsigned>(rows.size()) % MESSAGES);
    }
    if (signIn) {
      auto in = requests[2].initSignIn();
      in.setPeer(peer);
      in.setEmail(EMAIL);
      in.setBox(dataOf(login.box(LoginPurpose::SIGN_IN, dataOf(nextChallenge))));
      in.setAccount(account.getRoot<rpc::Account>().asReader());
      nextChallenge.clear();
      signingIn = true;  // one at a time, as a person would
    }
    if (ask) fillChallenge(requests[requests.size() - 1]);
    client.send(record);
  }

  void count(Reply reply) {
    for (unsigned i = 0; i < reply.get().getAnswers().size(); i++) {
      auto answer = reply.answer(i);
      if (answer.isChallenge()) nextChallenge = bufferOf(answer.getChallenge().getChallenge());
      if (answer.isSignedIn()) {
        signIns++;
        signingIn = false;
      }
      if (!answer.isSigned()) continue;
      for (auto outcome : answer.getSigned()) {
        if (outcome.isRefused()) throw std::runtime_error("a signature was refused");
        signatures++;
      }
    }
  }

  VaultClient client;
  uint64_t peer;
  Login login;
  std::vector<std::unique_ptr<capnp::MallocMessageBuilder>> rows;
  std::vector<StoredWallet> stored;
  capnp::MallocMessageBuilder account;
  Buffer nextChallenge;
  bool signingIn = false;
  unsigned next = 0;
  uint64_t records = 0, signatures = 0, signIns = 0;
};

}  // namespace
}  // namespace waas::security

int main(int count, char** arguments) {
  using namespace waas::security;
  if (count < 5) return 2;
  signal(SIGTERM, [](int) { stopping = 1; });
  try {
    Load load(arguments[1], arguments[2]);
    load.prepare(count > 5 ? static_cast<unsigned>(std::stoul(arguments[5])) : 64);
    load.writeSecrets(arguments[3], arguments[4]);
    puts("READY");
    fflush(stdout);
    load.run();
  } catch (const std::exception& error) {
    fprintf(stderr, "waas-vault-load: %s\n", error.what());
    return 1;
  }
}
