#pragma once
// One call of `sign` on its way: fetch, vault, audit, answer.
//
// This is the hot path. It is one object with a few counters instead of a chain of promises; the order is:
//
//   1. All rows and shares of all wallets, and a person's account, are asked for in one turn of the loop.
//   2. When the last has come, the vault is asked; a service's long call in pieces, so that several workers share it.
//   The
//      version is the one that PostgreSQL names; if a Redis does not have it, everything about that wallet is read once
//      more, because a rotation may have passed by between the two answers.
//   3. When the vault has answered, the audit writer is asked to tell when its records are durable.
//   4. Only then is anything written into the result: a signature whose record is not durable never gets there.
//
// The object is what the call's promise adapts: when the RPC system lets go of the promise, everything under way is
// forgotten.
#include <kj/vector.h>

#include "owner.h"

namespace waas::broker {

class SignCall final : private DeadlineQueue::Entry, private AuditWaiter {
 public:
  using Context = capnp::CallContext<protocol::Session::SignParams, protocol::Session::SignResults>;

  SignCall(kj::PromiseFulfiller<void>& fulfiller, Admission::Ticket ticket, kj::Own<Owner> owner, Context context);
  ~SignCall() noexcept(false);
  KJ_DISALLOW_COPY(SignCall);

 private:
  struct Problem {
    protocol::ErrorCode code;
    kj::String detail;
    uint8_t share = 0;
  };

  // A wallet of this call, with what was found of it. Items that name the same wallet share one.
  struct Wallet {
    Id id{};
    protocol::Selector::Reader selector;  // of the first item that named it
    bool hinted = false;                  // the id is the cache's
    bool again = false;                   // read a second time
    uint32_t waiting = 0;
    kj::Maybe<WalletRow> row;
    kj::Array<ShareField> shares[2];
    kj::Maybe<Problem> problem;
  };

  struct Item {
    protocol::SignItem::Reader reader;
    uint32_t wallet = 0;
    bool asked = false;  // of the vault, as number `inPiece` of piece number `piece`
    uint32_t piece = 0;
    uint32_t inPiece = 0;
  };

  // One request to the vault, for those of the items [first, end) that name it.
  struct Piece final : public VaultRequest {
    Piece(SignCall& call, uint32_t first, uint32_t end, size_t words, uint32_t signatures)
        : VaultRequest(words, signatures), call(call), first(first), end(end) {}
    uint32_t signatureCount() const { return signatures; }
    void write(inner::Request::Builder request) override { call.writePiece(*this, request); }
    void answered(VaultReply& reply, inner::Answer::Reader answer) override;
    void failed(protocol::ErrorCode code, kj::StringPtr detail) override;

    SignCall& call;
    uint32_t first;
    uint32_t end;
    kj::Own<VaultReply> reply;
    inner::Answer::Reader answer;
    kj::Maybe<Problem> problem;
  };

  void begin();
  void readItems();
  uint32_t walletFor(protocol::Selector::Reader selector);
  void fetchAccount();
  void fetch(Wallet& wallet);
  void fetchBySelector(Wallet& wallet);
  void fetchShares(Wallet& wallet);
  template <typename T, typename Take>
  void await(kj::Promise<T> promise, Wallet* wallet, uint8_t share, Take take);
  void arrived(Wallet* wallet);
  void settle(Wallet& wallet);
  bool holdsShares(Wallet& wallet);

  void askVault();
  void makePieces();
  void addPiece(uint32_t first, uint32_t end);
  size_t wordsOfItem(const Item& item) const;
  void writePiece(const Piece& piece, inner::Request::Builder request);
  void writeItem(const Item& item, inner::Sign::Item::Builder out);
  void pieceDone();

  void finish();
  void refuseWhole(protocol::ErrorCode code, kj::StringPtr detail);
  bool refuseTogether();
  void writeResults();
  void writeOutcome(const Item& item, protocol::Signed::Outcome::Builder out);

  void durable() override;
  void notDurable(protocol::ErrorCode code, kj::StringPtr detail) override;
  void expired() override;

  kj::PromiseFulfiller<void>& fulfiller;
  Admission::Ticket ticket;
  kj::Own<Owner> owner;
  Parts& parts;
  Context context;
  protocol::Proof::Reader proof;

  kj::Array<Item> items;
  kj::Vector<kj::Own<Wallet>> wallets;
  kj::Maybe<AccountRow> account;
  kj::Maybe<Problem> accountProblem;
  uint32_t waiting = 0;  // stores' answers
  bool asked = false;
  bool finished = false;

  kj::Vector<kj::Own<Piece>> pieces;
  uint32_t piecesOut = 0;
  uint64_t releaseAt = 0;
  kj::Vector<kj::Promise<void>> fetches;  // last: ends first
};

}  // namespace waas::broker
