#pragma once
// A person's client: what runs outside of the broker and keeps its secrets from it.
#include "broker-link.h"
#include "protocol/login-box.h"
#include "protocol/proof.h"

namespace waas::hostile {

// A copy of a row, to be shown to the vault later, as it was or changed.
struct AccountCopy {
  Octets userId, record;
  std::string email;
  uint64_t version = 0;

  static AccountCopy of(rpc::Account::Reader from);
  void fill(rpc::Account::Builder to) const;
};

struct WalletCopy {
  Octets certificate, signature, mac;
  uint64_t epoch = 0, tag = 0;
  std::vector<Octets> shares;

  static WalletCopy of(rpc::Wallet::Reader from);
  void fill(rpc::Wallet::Builder to) const;
  Bytes publicKey() const { return Bytes(certificate).subspan(34, 32); }
  Bytes walletId() const { return Bytes(certificate).subspan(1, 16); }
};

uint64_t nowMs();

// A sealed login box. `challenge` has 72 bytes.
Octets loginBox(const VaultPublicKeys& keys, LoginPurpose purpose, std::string_view email, Bytes challenge,
                const Hash& sessionKey, const Hash& stretched);

struct Person {
  Person(const VaultPublicKeys& keys, uint64_t peer, std::string email);

  // Each returns the vault's answer; on success this object holds what came of it.
  Reply challengeFrom(BrokerLink& link);
  Reply signUp(BrokerLink& link);
  Reply signIn(BrokerLink& link);
  bool open(capnp::Data::Reader answer, Bytes bound);

  // Fills a caller with a proof of this person's for a call with these fields.
  void fillCaller(rpc::Caller::Builder caller, Call call, const std::vector<Octets>& fields, uint64_t time = 0) const;

  // An honest request to sign one payload with the first wallet.
  void fillSign(rpc::Request::Builder request, const Octets& transaction) const;
  // Whether the vault signs it, and rightly.
  bool signs(BrokerLink& link) const;

  VaultPublicKeys keys;
  uint64_t peer;
  std::string email;
  Hash stretched{};
  Hash sessionKey{};
  Octets challenge;
  Octets token;
  Octets userId;
  AccountCopy account;
  WalletCopy wallet;
};

// Fields of the proof for signing one transaction with a wallet that is named by `kind` and `selector`.
std::vector<Octets> signFields(uint8_t kind, const Octets& selector, const Octets& transaction);

// Signs a transaction with a local service's wallet; the outcome's refusal, or NOT_REFUSED with a right signature.
ErrorCode serviceSigns(BrokerLink& link, uint64_t peer, const WalletCopy& wallet);
// Makes a wallet of a local service.
WalletCopy serviceWallet(BrokerLink& link, uint64_t peer, const std::string& name);

// Whether the first outcome is a signature of this wallet over this transaction.
bool isSignature(rpc::Answer::Reader answer, const WalletCopy& wallet, const Octets& transaction);

// Everything that an honest system needs, ready to be attacked.
struct Scene {
  explicit Scene(const VaultOptions& options = {});
  // A link that says hello and presents a connection of this process; the old one ends.
  void reconnect();
  // Whether an honest request still works, after everything, and the vault is the same process as ever.
  bool stillHonest();

  VaultProcess vault;
  pid_t pid;
  PublicSocket door;
  std::unique_ptr<BrokerLink> link;
  std::vector<PublicSocket::Connection> connections;
  uint64_t peer = 0;
};

}  // namespace waas::hostile
