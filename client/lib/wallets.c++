#include "wallets.h"

#include <kj/debug.h>

#include <algorithm>

#include "login.h"

namespace waas::client {
namespace {

// Field lists of the proofs refer to these.
constexpr uint8_t BYTE_VALUES[] = {0, 1, 2, 3};

Bytes byteField(uint8_t value) { return Bytes(&BYTE_VALUES[value], 1); }

kj::ArrayPtr<const kj::byte> dataOf(const Id& id) { return kj::arrayPtr(id.data(), id.size()); }

template <typename E>
Bytes enumField(E value) {
  return byteField(static_cast<uint8_t>(value));
}

kj::Array<Bytes> proofFields(kj::ArrayPtr<const SignItem> items) {
  kj::Vector<Bytes> fields(items.size() * 4);
  for (auto& item : items) {
    fields.add(enumField(item.wallet.kind));
    fields.add(item.wallet.value.begin(), item.wallet.value.size());
    fields.add(enumField(item.kind));
    fields.add(item.payload.begin(), item.payload.size());
    for (auto& table : item.tables) {
      fields.add(table.address.data(), table.address.size());
      fields.add(table.entries.begin(), table.entries.size());
    }
  }
  return fields.releaseAsArray();
}

// L5: whether the signed bytes are what was given, but for the signature.
bool fits(const SignItem& item, const Signature& signature, kj::ArrayPtr<const kj::byte> given) {
  auto& sent = item.payload;
  if (item.kind == SignItem::Payload::MESSAGE) {
    return given.size() > sent.size() && std::equal(sent.begin(), sent.end(), given.end() - sent.size());
  }
  if (given.size() != sent.size()) return false;
  auto slot = std::search(given.begin(), given.end(), signature.begin(), signature.end());
  return slot != given.end() && std::equal(given.begin(), slot, sent.begin()) &&
         std::equal(slot + signature.size(), given.end(), sent.begin() + (slot - given.begin()) + signature.size());
}

SignOutcome readOutcome(protocol::Signed::Outcome::Reader outcome, const SignItem& item) {
  if (outcome.isRefused()) return failureOf(outcome.getRefused());
  Signed made;
  made.signature = exactly<64>(outcome.getSignature(), "signature");
  made.bytes = kj::heapArray<kj::byte>(outcome.getSignedBytes());
  if (!fits(item, made.signature, made.bytes)) {
    return Failure{ErrorCode::UNKNOWN, kj::str("the signed bytes are not those that were sent")};
  }
  return kj::mv(made);
}

}  // namespace

capnp::Request<protocol::Login::ResumeParams, protocol::Login::ResumeResults> resumeRequest(
    protocol::Login::Client& login, const SessionToken& token, uint64_t now) {
  auto request = login.resumeRequest();
  request.setToken(token.jwt().asBytes());
  writeProof(request.initProof(), token.prove(Call::RESUME, now, {}));
  return request;
}

void writeProof(protocol::Proof::Builder to, const Proof& proof) {
  to.setTime(proof.time);
  to.setMac(kj::arrayPtr(proof.mac.data(), proof.mac.size()));
}

kj::Promise<kj::Array<Wallet>> Session::list() { return listFrom(kj::Vector<Wallet>()); }

// Each page is a call of its own, with a proof and a deadline of its own.
kj::Promise<kj::Array<Wallet>> Session::listFrom(kj::Vector<Wallet> known) {
  auto request = remote.walletsRequest();
  KJ_IF_MAYBE (proof, prove(Call::WALLETS, {})) writeProof(request.initProof(), *proof);
  if (!known.empty()) request.setAfter(dataOf(known.back().walletId));
  return context
      .within<Page<Wallet>>(request.send().then([this](auto response) {
        auto list = okOf(response.getWallets());
        Page<Wallet> page;
        for (auto info : list) page.rows.add(verifiedWallet(info, context.vault.answers, owner));
        page.more = response.getMore();
        return page;
      }))
      .then([this, known = kj::mv(known)](Page<Wallet> page) mutable -> kj::Promise<kj::Array<Wallet>> {
        for (auto& wallet : page.rows) known.add(kj::mv(wallet));
        if (!page.more || page.rows.empty()) return known.releaseAsArray();
        return listFrom(kj::mv(known));
      });
}

kj::Promise<Wallet> Session::create(kj::StringPtr name) {
  auto request = remote.createWalletRequest();
  request.setName(name);
  Bytes fields[] = {asBytes(name.begin(), name.size())};
  KJ_IF_MAYBE (proof, prove(Call::CREATE_WALLET, fields)) writeProof(request.initProof(), *proof);
  return context.within<Wallet>(request.send().then([this](auto response) {
    auto created = okOf(response.getWallet());
    context.heads.note(created.getHead());
    return verifiedWallet(created.getWallet(), context.vault.answers, owner);
  }));
}

kj::Promise<kj::Array<SignOutcome>> Session::sign(kj::Array<SignItem> items) {
  auto request = remote.signRequest();
  auto list = request.initItems(static_cast<uint>(items.size()));
  for (uint i = 0; i < items.size(); i++) {
    items[i].wallet.write(list[i].initWallet());
    if (items[i].kind == SignItem::Payload::TRANSACTION) {
      list[i].setTransaction(items[i].payload);
    } else {
      list[i].setMessage(items[i].payload);
    }
    auto tables = list[i].initLookupTables(static_cast<uint>(items[i].tables.size()));
    for (uint t = 0; t < items[i].tables.size(); t++) {
      tables[t].setAddress(kj::arrayPtr(items[i].tables[t].address.data(), items[i].tables[t].address.size()));
      tables[t].setEntries(items[i].tables[t].entries);
    }
  }
  KJ_IF_MAYBE (proof, prove(Call::SIGN, proofFields(items))) writeProof(request.initProof(), *proof);
  return context.within<kj::Array<SignOutcome>>(request.send().then([this, items = kj::mv(items)](auto response) {
    auto made = okOf(response.getOutcomes());
    context.heads.note(made.getHead());
    auto outcomes = made.getOutcomes();
    if (outcomes.size() != items.size()) {
      kj::throwFatalException(makeFailure(ErrorCode::UNKNOWN, "the daemon answered another number of items"));
    }
    auto result = kj::heapArrayBuilder<SignOutcome>(items.size());
    for (uint i = 0; i < items.size(); i++) result.add(readOutcome(outcomes[i], items[i]));
    return result.finish();
  }));
}

kj::Promise<kj::Array<ShareStatus>> Session::shareStatus() { return shareStatusFrom(kj::Vector<ShareStatus>()); }

kj::Promise<kj::Array<ShareStatus>> Session::shareStatusFrom(kj::Vector<ShareStatus> known) {
  auto request = remote.shareStatusRequest();
  KJ_IF_MAYBE (proof, prove(Call::SHARE_STATUS, {})) writeProof(request.initProof(), *proof);
  if (!known.empty()) request.setAfter(dataOf(known.back().walletId));
  return context
      .within<Page<ShareStatus>>(request.send().then([](auto response) {
        auto list = okOf(response.getStatus());
        Page<ShareStatus> page;
        for (auto row : list) page.rows.add(readShareStatus(row));
        page.more = response.getMore();
        return page;
      }))
      .then([this, known = kj::mv(known)](Page<ShareStatus> page) mutable -> kj::Promise<kj::Array<ShareStatus>> {
        for (auto& row : page.rows) known.add(kj::mv(row));
        if (!page.more || page.rows.empty()) return known.releaseAsArray();
        return shareStatusFrom(kj::mv(known));
      });
}

kj::Promise<Rotation> Session::rotate(Selector wallet, Force force) {
  auto request = remote.rotateRequest();
  wallet.write(request.initWallet());
  request.setForce(force == Force::YES);
  Bytes fields[] = {enumField(wallet.kind), Bytes(wallet.value.begin(), wallet.value.size()), enumField(force)};
  KJ_IF_MAYBE (proof, prove(Call::ROTATE, fields)) writeProof(request.initProof(), *proof);
  return request.send().then([](auto response) { return readRotation(okOf(response.getRun())); });
}

kj::Maybe<Proof> UserSession::prove(Call call, kj::ArrayPtr<const Bytes> fields) {
  return current->prove(call, context.now(), fields);
}

kj::Promise<uint64_t> UserSession::refresh() {
  auto request = user.refreshRequest();
  KJ_IF_MAYBE (proof, prove(Call::REFRESH, {})) writeProof(request.initProof(), *proof);
  return context.within<uint64_t>(request.send().then([this](auto response) {
    auto answer = openLoginAnswer(okOf(response.getSignedIn()), current->key(), current->tokenId());
    return takeUp(kj::mv(answer.token)).then([expiresAt = answer.expiresAt]() { return expiresAt; });
  }));
}

// The daemon could not read the new token when it passed, so it must be shown it.
kj::Promise<void> UserSession::takeUp(kj::Own<SessionToken> token) {
  auto request = resumeRequest(login, *token, context.now());
  return request.send().then([this, token = kj::mv(token)](auto response) mutable {
    user = okOf(response.getResumed()).getSession();
    remote = user;
    current = kj::mv(token);
  });
}

kj::Promise<void> UserSession::signOut(Extent extent) {
  auto request = user.signOutRequest();
  request.setEverywhere(extent == Extent::EVERYWHERE);
  Bytes fields[] = {enumField(extent)};
  KJ_IF_MAYBE (proof, prove(Call::SIGN_OUT, fields)) writeProof(request.initProof(), *proof);
  return context.within<void>(request.send().then([](auto response) { okOf(response.getDone()); }));
}

}  // namespace waas::client
