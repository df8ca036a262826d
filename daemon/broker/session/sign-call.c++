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

void copySelector(Selector::Reader from, inner::Selector::Builder to) {
  switch (from.which()) {
    case Selector::FIRST: to.setFirst(); break;
    case Selector::ID: to.setId(from.getId()); break;
    case Selector::NAME: to.setName(from.getName()); break;
    case Selector::PUBLIC_KEY: to.setPublicKey(from.getPublicKey()); break;
  }
}

bool sameSelector(Selector::Reader a, Selector::Reader b) {
  if (a.which() != b.which()) return false;
  switch (a.which()) {
    case Selector::FIRST: return true;
    case Selector::ID: return a.getId() == b.getId();
    case Selector::NAME: return a.getName() == b.getName();
    case Selector::PUBLIC_KEY: return a.getPublicKey() == b.getPublicKey();
  }
  return false;
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
      context(context) {
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
  waiting = 1;  // so that nothing is taken for complete before everything was asked for
  fetchAccount();
  for (auto& wallet : wallets) fetch(*wallet);
  waiting--;
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
    items[i].wallet = walletFor(list[i].getWallet());
  }
}

uint32_t SignCall::walletFor(Selector::Reader selector) {
  for (uint32_t i = 0; i < wallets.size(); i++) {
    if (sameSelector(wallets[i]->selector, selector)) return i;
  }
  auto& wallet = *wallets.add(kj::heap<Wallet>());
  wallet.selector = selector;
  return static_cast<uint32_t>(wallets.size() - 1);
}

// --- Fetching
// --------------------------------------------------------------------------------------------------------------

// Takes a store's answer into the call, or notes why there is none.
template <typename T, typename Take>
void SignCall::await(kj::Promise<T> promise, Wallet* wallet, uint8_t share, Take take) {
  waiting++;
  if (wallet != nullptr) wallet->waiting++;
  fetches.add(promise
                  .then(
                      [this, wallet, take](T&& value) {
                        take(kj::mv(value));
                        arrived(wallet);
                      },
                      [this, wallet, share](kj::Exception&& exception) {
                        Fault fault = faultOf(exception);
                        if (fault.code == ErrorCode::UNKNOWN) logFault("B5101", "a store failed", exception);
                        uint8_t which = fault.code == ErrorCode::RECORD_REFUSED ? share : 0;
                        auto& place = wallet != nullptr ? wallet->problem : accountProblem;
                        place = Problem{fault.code, kj::heapString(fault.detail), which};
                        arrived(wallet);
                      })
                  .eagerlyEvaluate(nullptr));
}

void SignCall::fetchAccount() {
  if (!owner->isPerson()) return;
  await(owner->account(), nullptr, 0, [this](kj::Maybe<AccountRow>&& row) { account = kj::mv(row); });
}

void SignCall::fetch(Wallet& wallet) {
  if (wallet.selector.isId()) {
    memcpy(wallet.id.data(), wallet.selector.getId().begin(), wallet.id.size());
  } else {
    KJ_IF_MAYBE (id, owner->selectors.find(wallet.selector)) {
      wallet.id = *id;
      wallet.hinted = true;
    } else {
      return fetchBySelector(wallet);
    }
  }
  await(parts.wallets.wallet(wallet.id), &wallet, 1,
        [&wallet](kj::Maybe<WalletRow>&& row) { wallet.row = kj::mv(row); });
  fetchShares(wallet);
}

// Not known which wallet it is: one more round trip, once in a session.
void SignCall::fetchBySelector(Wallet& wallet) {
  wallet.hinted = false;
  await(parts.wallets.walletBy(owner->id, storeSelector(wallet.selector)), &wallet, 1,
        [this, &wallet](kj::Maybe<WalletRow>&& row) {
          wallet.row = kj::mv(row);
          KJ_IF_MAYBE (found, wallet.row) {
            wallet.id = found->walletId;
            fetchShares(wallet);
          }
        });
}

void SignCall::fetchShares(Wallet& wallet) {
  await(parts.redis1.shares(wallet.id), &wallet, 2,
        [&wallet](kj::Array<ShareField>&& fields) { wallet.shares[0] = kj::mv(fields); });
  await(parts.redis2.shares(wallet.id), &wallet, 3,
        [&wallet](kj::Array<ShareField>&& fields) { wallet.shares[1] = kj::mv(fields); });
}

void SignCall::arrived(Wallet* wallet) {
  if (finished) return;
  if (wallet != nullptr && --wallet->waiting == 0) settle(*wallet);
  if (--waiting == 0) askVault();
}

// Everything about a wallet is there: judges it, or asks again.
void SignCall::settle(Wallet& wallet) {
  if (wallet.problem != nullptr) return;
  KJ_IF_MAYBE (row, wallet.row) {
    Certificate certificate;
    if (matches(*row, owner->id, wallet.selector, certificate)) {
      if (holdsShares(wallet) && !wallet.selector.isId() && !wallet.hinted) {
        owner->selectors.remember(wallet.selector, wallet.id);
      }
      return;
    }
    if (!row->readCertificate(certificate)) {
      wallet.problem = Problem{ErrorCode::RECORD_REFUSED, kj::str("the wallet's certificate can't be read"), 0};
      return;
    }
  }
  if (wallet.hinted) {
    owner->selectors.forget(wallet.selector);
    return fetchBySelector(wallet);
  }
  wallet.problem = Problem{ErrorCode::UNKNOWN_WALLET, nullptr, 0};
}

// Whether both Redis have the version that PostgreSQL names. If not, everything is read once more, and then it is a
// missing share.
bool SignCall::holdsShares(Wallet& wallet) {
  auto& row = KJ_ASSERT_NONNULL(wallet.row);
  for (uint8_t i = 0; i < 2; i++) {
    if (findVersion(wallet.shares[i], row.version) != nullptr) continue;
    if (!wallet.again) {
      wallet.again = true;
      await(parts.wallets.wallet(wallet.id), &wallet, 1,
            [&wallet](kj::Maybe<WalletRow>&& now) { wallet.row = kj::mv(now); });
      fetchShares(wallet);
    } else {
      wallet.problem = Problem{ErrorCode::SHARE_MISSING, nullptr, static_cast<uint8_t>(i + 2)};
    }
    return false;
  }
  return true;
}

// --- The vault
// -------------------------------------------------------------------------------------------------------------

void SignCall::askVault() {
  if (finished || asked) return;
  asked = true;
  KJ_IF_MAYBE (problem, accountProblem) return refuseWhole(problem->code, problem->detail);
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
    for (auto& item : items) any = any || wallets[item.wallet]->problem == nullptr;
    if (any) addPiece(0, count);
    return;
  }
  uint32_t first = 0, signatures = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (wallets[items[i].wallet]->problem != nullptr) continue;
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
  const AccountRow* row = nullptr;
  KJ_IF_MAYBE (present, account) row = present;
  size_t words = 16 + owner->callerWords(row);
  uint32_t signatures = 0;
  for (uint32_t i = first; i < end; i++) {
    if (!owner->isPerson() && wallets[items[i].wallet]->problem != nullptr) continue;
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
  KJ_IF_MAYBE (row, wallets[item.wallet]->row) words += wordsOf(*row);
  return words;
}

void SignCall::writePiece(const Piece& piece, inner::Request::Builder request) {
  auto sign = request.initSign();
  const AccountRow* row = nullptr;
  KJ_IF_MAYBE (present, account) row = present;
  owner->writeCaller(sign.initCaller(), proof, row);
  auto list = sign.initItems(piece.signatureCount());
  for (uint32_t i = piece.first; i < piece.end; i++) {
    if (items[i].asked && pieces[items[i].piece].get() == &piece) writeItem(items[i], list[items[i].inPiece]);
  }
}

void SignCall::writeItem(const Item& item, inner::Sign::Item::Builder out) {
  auto& wallet = *wallets[item.wallet];
  copySelector(item.reader.getWallet(), out.initSelector());
  KJ_IF_MAYBE (row, wallet.row) {
    writeWallet(out.initWallet(), *row, findVersion(wallet.shares[0], row->version),
                findVersion(wallet.shares[1], row->version));
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
    problem = Problem{refusal.getCode(), kj::heapString(refusal.getDetail()), refusal.getShare()};
  } else if (!answer.isSigned() || answer.getSigned().size() != signatures) {
    problem = Problem{ErrorCode::UNKNOWN, nullptr, 0};
  } else {
    // The head vouches for more than this call's records; it must not be seen before all of it is durable.
    uint64_t head = reply->root().hasHead() ? reply->root().getHead().getSequence() : 0;
    call.releaseAt = kj::max(call.releaseAt, kj::max(answer.getAuditThrough(), head));
  }
  call.pieceDone();
}

void SignCall::Piece::failed(ErrorCode code, kj::StringPtr detail) {
  problem = Problem{code, kj::heapString(detail), 0};
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
    KJ_IF_MAYBE (problem, wallets[item.wallet]->problem) {
      if (!concernsTheWhole(problem->code)) return false;
    }
  }
  KJ_IF_MAYBE (problem, wallets[0]->problem) refuseWhole(problem->code, problem->detail);
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
  KJ_IF_MAYBE (problem, wallets[item.wallet]->problem) {
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
