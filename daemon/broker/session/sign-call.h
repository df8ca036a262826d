#pragma once
// One call of `sign` on its way: fetch, vault, audit, answer.
//
// This is the hot path. It is one object with a few counters instead of a chain of promises; the order is:
//
//   1. All rows and shares of all wallets, and a person's account, are asked for in one turn of the loop.
//   2. When the last has come (sign-fetch.h), the vault is asked; a service's long call in pieces, so that several
//      workers share it.
//   3. When the vault has answered, the audit writer is asked to tell when its records are durable.
//   4. Only then is anything written into the result: a signature whose record is not durable never gets there.
//
// The object is what the call's promise adapts: when the RPC system lets go of the promise, everything under way is
// forgotten.
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
    kj::Maybe<SignProblem> problem;
  };

  void begin();
  void readItems();
  void fetched() override;
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
  bool asked = false;
  bool finished = false;

  kj::Vector<kj::Own<Piece>> pieces;
  uint32_t piecesOut = 0;
  uint64_t releaseAt = 0;
  SignFetch fetch;  // last: ends first
};

}  // namespace waas::broker
