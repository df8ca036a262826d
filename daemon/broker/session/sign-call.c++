#include "sign-call.h"

#include <kj/debug.h>

#include <cstring>

#include "../log.h"
#include "../public-error.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;
using protocol::Selector;
using protocol::SignItem;

constexpr size_t SIGNATURE_BYTES = sizeof(Signature);

// Codes that say nothing about one item: when all items have one of them, the call as a whole is refused.
bool concernsTheWhole(ErrorCode code) {
  switch (code) {
    case ErrorCode::POSTGRES_UNREACHABLE:
    case ErrorCode::REDIS_UNREACHABLE:
    case ErrorCode::VAULT_UNREACHABLE:
    case ErrorCode::AUDIT_UNAVAILABLE:
    case ErrorCode::OVERLOADED:
    case ErrorCode::DEADLINE_EXCEEDED: return true;
    default: return false;
  }
}

capnp::Data::Reader payloadOf(SignItem::Reader item) {
  if (item.isTransaction()) return item.getTransaction();
  return item.getMessage();
}

}  // namespace

// --- Beginning
// -------------------------------------------------------------------------------------------------------------

SignCall::SignCall(kj::PromiseFulfiller<void>& fulfiller, Admission::Ticket ticketParam, kj::Own<Owner> ownerParam,
                   Context context)
    : fulfiller(fulfiller),
      ticket(kj::mv(ticketParam)),
      owner(kj::mv(ownerParam)),
      parts(owner->parts),
      context(context),
      fetch(*owner, *this) {
  KJ_IF_MAYBE (exception, kj::runCatchingExceptions([this]() { begin(); })) {
    Fault fault = faultOf(*exception);
    // What can't even be read is the caller's fault, not ours.
    refuseWhole(fault.code == ErrorCode::UNKNOWN ? ErrorCode::INVALID_REQUEST : fault.code, fault.detail);
  }
}

SignCall::~SignCall() noexcept(false) {}

void SignCall::begin() {
  if (!ticket) return refuseWhole(ErrorCode::OVERLOADED, "too many calls are in flight"_kj);
  owner->requireAlive();
  owner->peer->vaultHandle();
  if (!parts.audit.accepts()) return refuseWhole(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj);
  readItems();
  parts.deadlines.enter(*this);
  fetch.begin();
}

void SignCall::readItems() {
  auto params = context.getParams();
  proof = params.getProof();
  auto list = params.getItems();
  if (list.size() == 0) kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "nothing to sign"_kj));
  if (list.size() > limits::SIGN_ITEMS) kj::throwFatalException(makeFault(ErrorCode::TOO_LARGE, "too many items"_kj));
  items = kj::heapArray<Item>(list.size());
  size_t bytes = 0;
  for (unsigned int i = 0; i < list.size(); i++) {
    items[i].reader = list[i];
    requireSelector(list[i].getWallet());
    auto payload = payloadOf(list[i]);
    bool tooLarge =
        payload.size() > (list[i].isTransaction() ? limits::TRANSACTION_BYTES : limits::OFFCHAIN_MESSAGE_BYTES);
    bytes += payload.size();
    auto tables = list[i].getLookupTables();
    if (tables.size() > limits::LOOKUP_TABLES) {
      kj::throwFatalException(makeFault(ErrorCode::TOO_LARGE, "too many lookup tables"_kj));
    }
    for (auto table : tables) bytes += table.getAddress().size() + table.getEntries().size();
    if (tooLarge || bytes > limits::SIGN_BYTES) {
      kj::throwFatalException(makeFault(ErrorCode::TOO_LARGE, "the bytes to sign are too many"_kj));
    }
    items[i].wallet = fetch.add(list[i].getWallet());
  }
}

// --- The vault
// -------------------------------------------------------------------------------------------------------------

void SignCall::fetched() {
  if (finished) return;
  if (asked) return ask();
  asked = true;
  KJ_IF_MAYBE (problem, fetch.accountProblem) return refuseWhole(problem->code, problem->detail);
  if (!parts.audit.accepts()) return refuseWhole(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj);
  ask();
}

void SignCall::ask() {
  firstOfRound = pieces.size();
  for (auto& item : items) item.asked = item.asked && !item.open;
  makePieces();
  if (pieces.size() == firstOfRound) return pieces.empty() ? finish() : parts.audit.wait(*this, releaseAt);
  piecesOut = static_cast<uint32_t>(pieces.size() - firstOfRound);
  for (size_t i = firstOfRound, end = pieces.size(); i < end; i++) parts.vault.submit(*pieces[i]);
}

// A person's proof covers the whole call, so it stays one request, with the items that can't succeed in it.
void SignCall::makePieces() {
  uint32_t count = static_cast<uint32_t>(items.size());
  kj::Vector<uint32_t> members(count);
  if (owner->isPerson()) {
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
      any = any || isToBeAsked(items[i]);
      members.add(i);
    }
    if (any) addPiece(kj::mv(members));
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!isToBeAsked(items[i])) continue;
    if (members.size() == limits::SIGNATURES_PER_REQUEST) {
      addPiece(kj::mv(members));
      members = kj::Vector<uint32_t>(limits::SIGNATURES_PER_REQUEST);
    }
    members.add(i);
  }
  if (members.size() > 0) addPiece(kj::mv(members));
}

void SignCall::addPiece(kj::Vector<uint32_t> members) {
  size_t words = 16 + owner->callerWords(fetch.account());
  uint32_t number = static_cast<uint32_t>(pieces.size());
  const Item* previous = nullptr;
  for (uint32_t i = 0; i < members.size(); i++) {
    Item& item = items[members[i]];
    if (isToBeAsked(item)) {
      item.asked = true;
      item.piece = number;
      item.inPiece = i;
    }
    words += wordsOfItem(item) + wordsFor(limitsOf(item, previous).size());
    bool shown = rounds == 0 || (item.asked && item.piece == number);
    if (shown && fetch.wallet(item.wallet).row != nullptr) previous = &item;
  }
  pieces.add(kj::heap<Piece>(*this, number, kj::mv(members), words));
}

size_t SignCall::wordsOfItem(const Item& item) const {
  constexpr size_t STRUCTS = 12;  // item, selector
  size_t words = STRUCTS + wordsFor(payloadOf(item.reader).size() + 1) + wordsFor(MAX_WALLET_NAME_BYTES + 1);
  for (auto table : item.reader.getLookupTables()) {
    words += 3 + wordsFor(table.getAddress().size()) + wordsFor(table.getEntries().size());
  }
  auto& wallet = fetch.wallet(item.wallet);
  KJ_IF_MAYBE (row, wallet.row) words += wordsOf(*row);
  return words;
}

// The limit row to be shown with an item: once for a wallet, where its items stand together.
kj::ArrayPtr<const kj::byte> SignCall::limitsOf(const Item& item, const Item* previous) const {
  if (previous != nullptr && previous->wallet == item.wallet) return nullptr;
  KJ_IF_MAYBE (row, fetch.wallet(item.wallet).row) return row->limits;
  return nullptr;
}

void SignCall::writePiece(const Piece& piece, inner::Request::Builder request) {
  auto sign = request.initSign();
  owner->writeCaller(sign.initCaller(), proof, fetch.account());
  auto list = sign.initItems(static_cast<unsigned int>(piece.members.size()));
  const Item* previous = nullptr;
  for (unsigned int i = 0; i < piece.members.size(); i++) {
    const Item& item = items[piece.members[i]];
    writeItem(item, list[i]);
    // What is done already is there for the proof's sake only.
    bool shown = rounds == 0 || (item.asked && item.piece == piece.number);
    if (!shown || fetch.wallet(item.wallet).row == nullptr) continue;
    writeWalletOf(item, list[i]);
    auto limits = limitsOf(item, previous);
    if (limits.size() > 0) list[i].getWallet().setLimits(limits);
    previous = &item;
  }
}

void SignCall::writeItem(const Item& item, inner::Sign::Item::Builder out) {
  copySelector(item.reader.getWallet(), out.initSelector());
  if (item.reader.isTransaction()) {
    out.setTransaction(item.reader.getTransaction());
  } else {
    out.setMessage(item.reader.getMessage());
  }
  auto claims = item.reader.getLookupTables();
  if (claims.size() == 0) return;
  auto tables = out.initTables(claims.size());
  for (unsigned int i = 0; i < claims.size(); i++) {
    tables[i].setAddress(claims[i].getAddress());
    tables[i].setEntries(claims[i].getEntries());
  }
}

void SignCall::writeWalletOf(const Item& item, inner::Sign::Item::Builder out) {
  auto& wallet = fetch.wallet(item.wallet);
  KJ_IF_MAYBE (row, wallet.row) {
    writeWallet(out.initWallet(), *row, wallet.shares[0], wallet.shares[1]);
    out.setUnreachable(wallet.unreachable);
  }
}

void SignCall::Piece::answered(VaultReply& replyParam, inner::Answer::Reader answerParam) {
  reply = kj::addRef(replyParam);
  answer = answerParam;
  if (answer.isRefused()) {
    auto refusal = answer.getRefused();
    problem = SignProblem{refusal.getCode(), kj::heapString(refusal.getDetail()), refusal.getShare()};
  } else if (!answer.isSigned() || answer.getSigned().size() != signatures) {
    problem = SignProblem{ErrorCode::UNKNOWN, nullptr, 0};
  } else {
    // The head vouches for more than this call's records; it must not be seen before all of it is durable.
    uint64_t head = reply->root().hasHead() ? reply->root().getHead().getSequence() : 0;
    call.releaseAt = kj::max(call.releaseAt, kj::max(answer.getAuditThrough(), head));
  }
  call.pieceDone();
}

void SignCall::Piece::failed(ErrorCode code, kj::StringPtr detail) {
  problem = SignProblem{code, kj::heapString(detail), 0};
  call.pieceDone();
}

void SignCall::pieceDone() {
  if (--piecesOut > 0 || finished) return;
  if (mustCharge()) return charge();
  parts.audit.wait(*this, releaseAt);
}

// --- The answer
// --------------------------------------------------------------------------------------------------------------

void SignCall::durable() { finish(); }

void SignCall::notDurable(ErrorCode code, kj::StringPtr detail) { refuseWhole(code, detail); }

void SignCall::expired() {
  if (!asked) return refuseWhole(ErrorCode::DEADLINE_EXCEEDED, "a store did not answer in time"_kj);
  if (piecesOut > 0) return refuseWhole(ErrorCode::DEADLINE_EXCEEDED, "the vault did not answer in time"_kj);
  if (settling) return refuseWhole(ErrorCode::DEADLINE_EXCEEDED, "limits were not charged in time"_kj);
  refuseWhole(ErrorCode::AUDIT_UNAVAILABLE, "the audit log was not written in time"_kj);
}

void SignCall::finish() {
  if (finished) return;
  if (refuseTogether()) return;
  finished = true;
  leave();
  KJ_IF_MAYBE (exception, kj::runCatchingExceptions([this]() { writeResults(); })) {
    logFault("B5102", "the answer of a sign call could not be written", *exception);
    fulfiller.reject(makeFault(ErrorCode::UNKNOWN));
    return;
  }
  fulfiller.fulfill();
}

void SignCall::refuseWhole(ErrorCode code, kj::StringPtr detail) {
  if (finished) return;
  finished = true;
  leave();
  stopWaiting();
  turns.clear();
  refuse(context.getResults(capnp::MessageSize{64, 0}).initOutcomes().initRefused(), code, detail);
  fulfiller.fulfill();
}

// When nothing was tried, or the vault refused all of it, there is one refusal for the whole call.
bool SignCall::refuseTogether() {
  if (!pieces.empty()) {
    for (auto& piece : pieces) {
      if (piece->problem == nullptr) return false;
    }
    KJ_IF_MAYBE (problem, pieces[0]->problem) {
      finished = true;
      leave();
      auto refusal = context.getResults(capnp::MessageSize{64, 0}).initOutcomes().initRefused();
      if (pieces[0]->reply.get() != nullptr && pieces[0]->answer.isRefused()) {
        refuse(refusal, pieces[0]->answer.getRefused());
      } else {
        refuse(refusal, problem->code, problem->detail, problem->share);
      }
      fulfiller.fulfill();
    }
    return true;
  }
  for (auto& item : items) {
    KJ_IF_MAYBE (problem, fetch.wallet(item.wallet).problem) {
      if (!concernsTheWhole(problem->code)) return false;
    }
  }
  KJ_IF_MAYBE (problem, fetch.wallet(0).problem) refuseWhole(problem->code, problem->detail);
  return true;
}

void SignCall::writeResults() {
  size_t words = 64;
  for (auto& item : items) words += 4 + wordsFor(SIGNATURE_BYTES) + wordsFor(payloadOf(item.reader).size() + 128);
  auto ok = context.getResults(capnp::MessageSize{words, 0}).initOutcomes().initOk();
  auto outcomes = ok.initOutcomes(static_cast<unsigned int>(items.size()));
  for (unsigned int i = 0; i < items.size(); i++) writeOutcome(items[i], outcomes[i]);
  Piece* newest = nullptr;
  for (auto& piece : pieces) {
    if (piece->reply.get() == nullptr || !piece->reply->root().hasHead()) continue;
    if (newest == nullptr ||
        piece->reply->root().getHead().getSequence() > newest->reply->root().getHead().getSequence()) {
      newest = piece;
    }
  }
  if (newest != nullptr) writeHead(ok.initHead(), newest->reply->root().getHead());
}

void SignCall::writeOutcome(const Item& item, protocol::Signed::Outcome::Builder out) {
  KJ_IF_MAYBE (problem, item.problem) {
    return refuse(out.initRefused(), problem->code, problem->detail, problem->share);
  }
  if (!item.asked) {
    auto& problem = KJ_ASSERT_NONNULL(fetch.wallet(item.wallet).problem, "an item was not asked of the vault");
    return refuse(out.initRefused(), problem.code, problem.detail, problem.share);
  }
  auto& piece = *pieces[item.piece];
  KJ_IF_MAYBE (problem, piece.problem) {
    return refuse(out.initRefused(), problem->code, problem->detail, problem->share);
  }
  auto outcome = piece.answer.getSigned()[item.inPiece];
  if (outcome.isRefused()) {
    auto refusal = outcome.getRefused();
    // No rule allows to do without a Redis: what is wrong is that it does not answer.
    bool degraded = fetch.wallet(item.wallet).unreachable != 0 && refusal.getRule().size() == 0;
    if (degraded && refusal.getCode() == ErrorCode::DENIED_BY_POLICY) {
      return refuse(out.initRefused(), ErrorCode::REDIS_UNREACHABLE, "the policy allows no signature without it"_kj);
    }
    return refuse(out.initRefused(), refusal);
  }
  if (outcome.isCharge()) {
    return refuse(out.initRefused(), ErrorCode::CONFLICT, "too many others use up the same limits at this moment"_kj);
  }
  auto signature = outcome.getSignature();
  KJ_REQUIRE(signature.size() == SIGNATURE_BYTES, "a signature has another size");
  out.setSignature(signature);
  if (item.reader.isMessage()) {
    out.setSignedBytes(outcome.getSignedBytes());
    return;
  }
  auto given = item.reader.getTransaction();
  uint32_t offset = outcome.getOffset();
  KJ_REQUIRE(offset <= given.size() && given.size() - offset >= SIGNATURE_BYTES,
             "the slot is outside of the transaction");
  auto bytes = out.initSignedBytes(static_cast<unsigned int>(given.size()));
  memcpy(bytes.begin(), given.begin(), given.size());
  memcpy(bytes.begin() + offset, signature.begin(), SIGNATURE_BYTES);
}

}  // namespace waas::broker
