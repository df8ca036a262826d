#pragma once
// What a wallet owner can do, a person or a local service alike.
#include <kj/one-of.h>
#include <kj/vector.h>

#include "call.h"
#include "key-boxes.h"
#include "maintenance.h"
#include "session-token.h"
#include "wallet.h"

namespace waas::client {

// What the caller says that an address lookup table holds. The daemon believes it only where the policy says so.
struct LookupTable {
  std::array<kj::byte, 32> address{};
  kj::Array<kj::byte> entries;  // 32 bytes each, in the table's order; at most 256
};

// One thing to be signed.
struct SignItem {
  // The values are those of the proof (protocol/proof.h).
  enum class Payload : uint8_t { TRANSACTION = 0, MESSAGE = 1 };

  Selector wallet;
  Payload kind = Payload::TRANSACTION;
  kj::Array<kj::byte> payload;              // a whole transaction in wire form, or UTF-8 text
  kj::Array<LookupTable> tables = nullptr;  // of a transaction
};

struct Signed {
  Signature signature{};
  // The transaction with the signature in its slot, or the off-chain message as it was signed. The library has checked
  // that a transaction differs from the one given in the signature alone, and that a message ends in the text given.
  kj::Array<kj::byte> bytes;
};

using SignOutcome = kj::OneOf<Signed, Failure>;

// A session of a wallet owner. Must not outlive the Client; its promises must not outlive it.
class Wallets {
 public:
  virtual ~Wallets() noexcept(false) = default;

  // All of the owner's wallets, the first one first, the others by name. Each certificate is verified; a single one
  // that does not hold breaks the promise with `addressUnproven`.
  virtual kj::Promise<kj::Array<Wallet>> list() = 0;

  // Makes a wallet. Fails with nameTaken, invalidRequest (name), and what stores and daemon may fail with. Durable when
  // it answers. After a broken connection look for the name before you repeat it.
  virtual kj::Promise<Wallet> create(kj::StringPtr name) = 0;

  // Signs 1 to 64 items, which succeed or fail one by one; the outcomes are in the items' order.
  virtual kj::Promise<kj::Array<SignOutcome>> sign(kj::Array<SignItem> items) = 0;

  // The shares of the owner's wallets, as the stores answer now.
  virtual kj::Promise<kj::Array<ShareStatus>> shareStatus() = 0;

  // Rotates one of the owner's wallets when it is due, or at any rate: one that has lost a share is due. Has no
  // deadline of its own.
  virtual kj::Promise<Rotation> rotate(Selector wallet, Force force) = 0;

  // Makes a wallet of an existing key, which travels sealed to the vault. Fails as `create` does, with walletExists,
  // and with deniedByPolicy. The key pair is not needed any more when the promise is there.
  virtual kj::Promise<Wallet> importKey(kj::StringPtr name, const KeyPair& keyPair) = 0;

  // Puts the wallet's key into `keyPair`, which must live until the promise resolves, and checks that it is the key of
  // the certified address. Fails with deniedByPolicy, unknownWallet, addressUnproven.
  virtual kj::Promise<Wallet> exportKey(Selector wallet, KeyPair& keyPair) = 0;

  // Destroys the wallet's shares everywhere. It can't be undone. Fails with deniedByPolicy, unknownWallet.
  virtual kj::Promise<void> remove(Selector wallet) = 0;
};

// The calls over RPC; the two kinds of session differ in how they prove a call.
class Session : public Wallets {
 public:
  kj::Promise<kj::Array<Wallet>> list() override;
  kj::Promise<Wallet> create(kj::StringPtr name) override;
  kj::Promise<kj::Array<SignOutcome>> sign(kj::Array<SignItem> items) override;
  kj::Promise<kj::Array<ShareStatus>> shareStatus() override;
  kj::Promise<Rotation> rotate(Selector wallet, Force force) override;
  kj::Promise<Wallet> importKey(kj::StringPtr name, const KeyPair& keyPair) override;
  kj::Promise<Wallet> exportKey(Selector wallet, KeyPair& keyPair) override;
  kj::Promise<void> remove(Selector wallet) override;

 protected:
  Session(CallContext& context, protocol::Session::Client remote, const OwnerId& owner)
      : context(context), remote(kj::mv(remote)), owner(owner) {}
  KJ_DISALLOW_COPY(Session);

  // Null: the call carries no proof.
  virtual kj::Maybe<Proof> prove(Call call, kj::ArrayPtr<const Bytes> fields) = 0;

  CallContext& context;
  protocol::Session::Client remote;
  OwnerId owner;

 private:
  template <typename Row>
  struct Page {
    kj::Vector<Row> rows;
    bool more = false;
  };
  kj::Promise<kj::Array<Wallet>> listFrom(kj::Vector<Wallet> known);
  kj::Promise<kj::Array<ShareStatus>> shareStatusFrom(kj::Vector<ShareStatus> known);
};

// A person's session.
class UserSession final : public Session {
 public:
  // Made by Login::resume.
  UserSession(CallContext& context, protocol::Login::Client login, protocol::UserSession::Client remote,
              const Id& userId, kj::Own<SessionToken> token)
      : Session(context, remote, {OwnerId::Kind::USER, userId}),
        login(kj::mv(login)),
        user(kj::mv(remote)),
        current(kj::mv(token)) {}

  // The token that the next call will be proven with.
  const SessionToken& token() const { return *current; }

  // Gets a new token for the same session and takes it up; `token()` is that one afterwards. Returns when it expires,
  // Unix ms. Works only while the old token holds. No other call of this session may be under way.
  kj::Promise<uint64_t> refresh();

  enum class Extent : uint8_t { HERE = 0, EVERYWHERE = 1 };

  // Ends this session, or all sessions of the account. Durable when it answers.
  kj::Promise<void> signOut(Extent extent);

 protected:
  kj::Maybe<Proof> prove(Call call, kj::ArrayPtr<const Bytes> fields) override;

 private:
  kj::Promise<void> takeUp(kj::Own<SessionToken> token);

  protocol::Login::Client login;
  protocol::UserSession::Client user;
  kj::Own<SessionToken> current;
};

// The session of a local service: the kernel says who it is, so nothing has to be proven.
class ServiceSession final : public Session {
 public:
  ServiceSession(CallContext& context, protocol::Session::Client remote, kj::StringPtr serviceName)
      : Session(context, kj::mv(remote), serviceOwner(serviceName)) {}

 protected:
  kj::Maybe<Proof> prove(Call, kj::ArrayPtr<const Bytes>) override { return nullptr; }
};

// Writes a proof as the wire has it.
void writeProof(protocol::Proof::Builder to, const Proof& proof);

// The call that takes up a session, with its proof.
capnp::Request<protocol::Login::ResumeParams, protocol::Login::ResumeResults> resumeRequest(
    protocol::Login::Client& login, const SessionToken& token, uint64_t now);

}  // namespace waas::client
