#pragma once
// Whose wallets a session is about, and how its calls prove it: shared by the session and by its calls in flight.
#include <kj/map.h>
#include <kj/refcount.h>
#include <protocol/signer.capnp.h>

#include "../parts.h"
#include "../peer.h"
#include "../vault-rows.h"

namespace waas::broker {

// Remembers which wallet a selector meant the last time. A hint only: who uses it compares the row that was fetched,
// and the vault holds row and selector against each other.
class SelectorCache {
 public:
  kj::Maybe<Id> find(protocol::Selector::Reader selector) const;
  void remember(protocol::Selector::Reader selector, const Id& walletId);
  void forget(protocol::Selector::Reader selector);

 private:
  static kj::String keyOf(protocol::Selector::Reader selector);

  kj::Maybe<Id> first;
  kj::HashMap<kj::String, Id> others;
};

// A resource, refcounted.
class Owner final : public kj::Refcounted {
 public:
  // A local service: the connection is the identity.
  Owner(Parts& parts, kj::Own<Peer> peer, const OwnerId& service);
  // A person: each call carries the token and a proof.
  Owner(Parts& parts, kj::Own<Peer> peer, const OwnerId& user, kj::Array<kj::byte> token);
  ~Owner() noexcept(false);

  bool isPerson() const { return token != nullptr; }

  // Ends the session: later calls are refused with sessionInvalid.
  void end() { ended = true; }

  // Throws sessionInvalid after end().
  void requireAlive() const;

  // Fills in who asks. `account` is the row of the person's account; null for services. Throws vaultUnreachable while
  // the vault has no handle for the connection.
  void writeCaller(inner::Caller::Builder out, protocol::Proof::Reader proof, const AccountRow* account) const;

  // Words that writeCaller() takes.
  size_t callerWords(const AccountRow* account) const;

  // The person's account row; null for a service. Faults: sessionInvalid when the account is gone.
  kj::Promise<kj::Maybe<AccountRow>> account();

  Parts& parts;
  kj::Own<Peer> peer;
  const OwnerId id;
  SelectorCache selectors;

 private:
  kj::Array<kj::byte> token;  // null: a service
  bool ended = false;
};

// Which part of a long list a caller wants. A value.
struct Page {
  kj::Maybe<Id> after;
  uint32_t limit = limits::WALLETS_PER_ANSWER;

  // Throws invalidRequest when `after` is no id.
  static Page of(capnp::Data::Reader after, uint32_t limit);

  // How many of the rows are of this page, where one more was asked for than it holds.
  uint32_t shown(size_t rows) const { return static_cast<uint32_t>(kj::min(rows, size_t{limit})); }
};

// The first so many rows.
kj::Array<WalletRow> firstOf(kj::Array<WalletRow> rows, size_t count);

// Whether a row is what a selector asks for among the wallets of `owner`. `certificate` is filled in.
bool matches(const WalletRow& row, const OwnerId& owner, protocol::Selector::Reader selector, Certificate& certificate);

// The selector as the store takes it. Throws invalidRequest for a malformed one; never called for an id.
WalletSelector storeSelector(protocol::Selector::Reader selector);

// Checks a selector's form. Throws invalidRequest.
void requireSelector(protocol::Selector::Reader selector);

// The selector as the vault reads it.
void copySelector(protocol::Selector::Reader from, inner::Selector::Builder to);

// Fills in a wallet for clients.
void writeWalletInfo(protocol::WalletInfo::Builder out, const WalletRow& row);

// Fills in the audit head of a reply; nothing when the reply made no record.
void writeHead(protocol::AuditHead::Builder out, inner::AuditHead::Reader head);

}  // namespace waas::broker
