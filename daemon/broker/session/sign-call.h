#pragma once
// One call of `sign` on its way: fetch, vault, audit, answer.
//
// This is the hot path. It is one object with a few counters instead of a chain of promises; the order is:
//
//   1. All rows and shares of all wallets, and a person's account, are asked for in one turn of the loop.
//   2. When the last has come (sign-fetch.h), the vault is asked; a service's long call in pieces, so that several
//      workers share it.
//      Where it answers that limits have to be charged first, that is done, and these items are shown once more
//      (sign-limits.c++).
//   3. When the vault has answered, the audit writer is asked to tell when its records are durable.
//   4. Only then is anything written into the result: a signature whose record is not durable never gets there.
//
// The object is what the call's promise adapts: when the RPC system lets go of the promise, everything under way is
// forgotten.
#include <map>

#include "../limit-turns.h"
#include "sign-fetch.h"

namespace waas::broker {

class SignCall final : private DeadlineQueue::Entry, private SignFetch::Listener, private AuditWaiter {
 public:
  using Context = capnp::CallContext<protocol::Session::SignParams, protocol::Session::SignResults>;

  SignCall(kj::PromiseFulfiller<void>& fulfiller, Admission::Ticket ticket, kj::Own<Owner> owner, Context context);
  ~SignCall() noexcept(false);
  KJ_DISALLOW_COPY(SignCall);

 private:
  struct Item {
    protocol::SignItem::Reader reader;
    uint32_t wallet = 0;
    bool open = true;    // has no outcome yet that stays
    bool asked = false;  // of the vault, as number `inPiece` of piece number `piece`
    uint32_t piece = 0;
    uint32_t inPiece = 0;
    kj::Maybe<SignProblem> problem;  // of this item's own
  };

  // One request to the vault.
  struct Piece final : public VaultRequest {
    Piece(SignCall& call, uint32_t number, kj::Vector<uint32_t> members, size_t words)
        : VaultRequest(words, static_cast<uint32_t>(members.size())),
          call(call),
          number(number),
          members(kj::mv(members)) {}
    void write(inner::Request::Builder request) override { call.writePiece(*this, request); }
    void answered(VaultReply& reply, inner::Answer::Reader answer) override;
    void failed(protocol::ErrorCode code, kj::StringPtr detail) override;

    SignCall& call;
    const uint32_t number;
    const kj::Vector<uint32_t> members;  // numbers of items
    kj::Own<VaultReply> reply;
    inner::Answer::Reader answer;
    kj::Maybe<SignProblem> problem;
  };

  void begin();
  void readItems();
  void fetched() override;
  void makePieces();
  void addPiece(kj::Vector<uint32_t> members);
  bool isToBeAsked(const Item& item) { return item.open && fetch.wallet(item.wallet).problem == nullptr; }
  size_t wordsOfItem(const Item& item) const;
  kj::ArrayPtr<const kj::byte> limitsOf(const Item& item, const Item* previous) const;
  void writePiece(const Piece& piece, inner::Request::Builder request);
  void writeItem(const Item& item, inner::Sign::Item::Builder out);
  void writeWalletOf(const Item& item, inner::Sign::Item::Builder out);
  void ask();
  void pieceDone();

  // In sign-limits.c++.
  struct Charge;
  bool mustCharge();
  void charge();
  kj::Vector<Charge> dueCharges();
  kj::Promise<bool> takeTurns(kj::ArrayPtr<const Charge> charges);
  kj::Promise<bool> takeTurnsFrom(kj::Array<Id> wallets, size_t at, bool waited);
  uint8_t damagedShare(const Item& item, inner::Outcome::Reader outcome) const;
  kj::Promise<void> repair(Charge& charge);
  kj::Promise<void> commit(Charge& charge);
  void committed(Charge& charge);
  void failed(const Charge& charge, const kj::Exception& exception);
  void askAgain(kj::ArrayPtr<const Charge> charges);

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
  bool asked = false;
  bool finished = false;

  kj::Vector<kj::Own<Piece>> pieces;
  size_t firstOfRound = 0;  // the first piece that was asked in this round
  uint32_t piecesOut = 0;
  uint32_t rounds = 0;    // of charging
  bool settling = false;  // limits are being charged
  uint64_t releaseAt = 0;
  std::map<Id, kj::Own<LimitTurns::Turn>> turns;
  SignFetch fetch;
  kj::Promise<void> charging = kj::READY_NOW;  // last: ends first
};

}  // namespace waas::broker
