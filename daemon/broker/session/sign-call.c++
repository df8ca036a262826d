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
    if (tooLarge || bytes > limits::SIGN_BYTES) {
      kj::throwFatalException(makeFault(ErrorCode::TOO_LARGE, "the bytes to sign are too many"_kj));
    }
    items[i].wallet = fetch.add(list[i].getWallet());
  }
}

// --- The vault
// -------------------------------------------------------------------------------------------------------------

void SignCall::fetched() {
  if (finished || asked) return;
  asked = true;
  KJ_IF_MAYBE (problem, fetch.accountProblem) return refuseWhole(problem->code, problem->detail);
  if (!parts.audit.accepts()) return refuseWhole(ErrorCode::AUDIT_UNAVAILABLE, "the audit log can't be written"_kj);
  makePieces();
  if (pieces.empty()) return finish();
  piecesOut = static_cast<uint32_t>(pieces.size());
  for (auto& piece : pieces) parts.vault.submit(*piece);
}

// A person's proof covers the whole call, so it stays one request, with the items that can't succeed in it.
void SignCall::makePieces() {
  uint32_t count = static_cast<uint32_t>(items.size());
  if (owner->isPerson()) {
    bool any = false;
    for (auto& item : items) any = any || fetch.wallet(item.wallet).problem == nullptr;
    if (any) addPiece(0, count);
    return;
  }
  uint32_t first = 0, signatures = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (fetch.wallet(items[i].wallet).problem != nullptr) continue;
    if (signatures == limits::SIGNATURES_PER_REQUEST) {
      addPiece(first, i);
      first = i;
      signatures = 0;
    }
    signatures++;
  }
  if (signatures > 0) addPiece(first, count);
}

void SignCall::addPiece(uint32_t first, uint32_t end) {
  size_t words = 16 + owner->callerWords(fetch.account());
  uint32_t signatures = 0;
  for (uint32_t i = first; i < end; i++) {
    if (!owner->isPerson() && fetch.wallet(items[i].wallet).problem != nullptr) continue;
    items[i].inPiece = signatures++;
    items[i].asked = true;
    items[i].piece = static_cast<uint32_t>(pieces.size());
    words += wordsOfItem(items[i]);
  }
  pieces.add(kj::heap<Piece>(*this, first, end, words, signatures));
}

size_t SignCall::wordsOfItem(const Item& item) const {
  constexpr size_t STRUCTS = 12;  // item, selector
  size_t words = STRUCTS + wordsFor(payloadOf(item.reader).size() + 1) + wordsFor(MAX_WALLET_NAME_BYTES + 1);
  KJ_IF_MAYBE (row, fetch.wallet(item.wallet).row) words += wordsOf(*row);
  return words;
}

void SignCall::writePiece(const Piece& piece, inner::Request::Builder request) {
  auto sign = request.initSign();
  owner->writeCaller(sign.initCaller(), proof, fetch.account());
  auto list = sign.initItems(piece.signatureCount());
  for (uint32_t i = piece.first; i < piece.end; i++) {
    if (items[i].asked && pieces[items[i].piece].get() == &piece) writeItem(items[i], list[items[i].inPiece]);
  }
}

void SignCall::writeItem(const Item& item, inner::Sign::Item::Builder out) {
  auto& wallet = fetch.wallet(item.wallet);
  copySelector(item.reader.getWallet(), out.initSelector());
  KJ_IF_MAYBE (row, wallet.row) {
    writeWallet(out.initWallet(), *row, wallet.shares[0], wallet.shares[1]);
    out.setUnreachable(wallet.unreachable);
  }
  if (item.reader.isTransaction()) {
    out.setTransaction(item.reader.getTransaction());
  } else {
    out.setMessage(item.reader.getMessage());
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
  parts.audit.wait(*this, releaseAt);
}

// --- The answer
// --------------------------------------------------------------------------------------------------------------

void SignCall::durable() { finish(); }

void SignCall::notDurable(ErrorCode code, kj::StringPtr detail) { refuseWhole(code, detail); }

void SignCall::expired() {
  if (!asked) return refuseWhole(ErrorCode::DEADLINE_EXCEEDED, "a store did not answer in time"_kj);
  if (piecesOut > 0) return refuseWhole(ErrorCode::DEADLINE_EXCEEDED, "the vault did not answer in time"_kj);
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
  KJ_IF_MAYBE (problem, fetch.wallet(item.wallet).problem) {
    return refuse(out.initRefused(), problem->code, problem->detail, problem->share);
  }
  KJ_ASSERT(item.asked, "an item without a problem was not asked of the vault");
  auto& piece = *pieces[item.piece];
  KJ_IF_MAYBE (problem, piece.problem) {
    return refuse(out.initRefused(), problem->code, problem->detail, problem->share);
  }
  auto outcome = piece.answer.getSigned()[item.inPiece];
  if (outcome.isRefused()) return refuse(out.initRefused(), outcome.getRefused());
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
