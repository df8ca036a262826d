#include "owner.h"

#include <kj/debug.h>
#include <kj/encoding.h>

#include "../fault.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;
using protocol::Selector;

std::string_view viewOf(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

}  // namespace

// --- Selectors
// -----------------------------------------------------------------------------------------------------------

kj::String SelectorCache::keyOf(Selector::Reader selector) {
  if (selector.isName()) return kj::str("n", selector.getName());
  return kj::str("k", kj::encodeHex(selector.getPublicKey()));
}

kj::Maybe<Id> SelectorCache::find(Selector::Reader selector) const {
  if (selector.isFirst()) return first.map([](const Id& id) { return id; });
  return others.find(keyOf(selector)).map([](const Id& id) { return id; });
}

void SelectorCache::remember(Selector::Reader selector, const Id& walletId) {
  if (selector.isFirst()) {
    first = walletId;
    return;
  }
  if (others.size() >= limits::SELECTORS_PER_SESSION) others.clear();
  others.upsert(keyOf(selector), walletId, [](Id& known, Id&& now) { known = now; });
}

void SelectorCache::forget(Selector::Reader selector) {
  if (selector.isFirst()) {
    first = nullptr;
  } else {
    others.erase(keyOf(selector));
  }
}

void requireSelector(Selector::Reader selector) {
  bool valid = false;
  switch (selector.which()) {
    case Selector::FIRST: valid = true; break;
    case Selector::ID: valid = selector.getId().size() == sizeof(Id); break;
    case Selector::NAME: valid = isWalletName(viewOf(selector.getName())); break;
    case Selector::PUBLIC_KEY: valid = selector.getPublicKey().size() == sizeof(PublicKey); break;
  }
  if (!valid) kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "the wallet's selector is malformed"_kj));
}

WalletSelector storeSelector(Selector::Reader selector) {
  WalletSelector out;
  switch (selector.which()) {
    case Selector::NAME: out.which = kj::heapString(selector.getName()); break;
    case Selector::PUBLIC_KEY: {
      PublicKey key{};
      if (!readBytes(selector.getPublicKey(), key)) requireSelector(selector);
      out.which = key;
      break;
    }
    case Selector::FIRST:
    case Selector::ID: out.which = WalletSelector::First{}; break;
  }
  return out;
}

bool matches(const WalletRow& row, const OwnerId& owner, Selector::Reader selector, Certificate& certificate) {
  if (!row.readCertificate(certificate) || certificate.owner != owner) return false;
  switch (selector.which()) {
    case Selector::FIRST: return certificate.first;
    case Selector::ID: return dataOf(certificate.walletId) == selector.getId();
    case Selector::NAME: return certificate.name == viewOf(selector.getName());
    case Selector::PUBLIC_KEY: return dataOf(certificate.publicKey) == selector.getPublicKey();
  }
  return false;
}

// --- Owner
// -----------------------------------------------------------------------------------------------------------------

Owner::Owner(Parts& parts, kj::Own<Peer> peerParam, const OwnerId& service)
    : parts(parts), peer(kj::mv(peerParam)), id(service) {}

Owner::Owner(Parts& parts, kj::Own<Peer> peerParam, const OwnerId& user, kj::Array<kj::byte> token)
    : parts(parts), peer(kj::mv(peerParam)), id(user), token(kj::mv(token)) {
  peer->share.sessions++;
}

Owner::~Owner() noexcept(false) {
  if (isPerson()) peer->share.sessions--;
}

void Owner::requireAlive() const {
  if (ended) kj::throwFatalException(makeFault(ErrorCode::SESSION_INVALID));
}

void Owner::writeCaller(inner::Caller::Builder out, protocol::Proof::Reader proof, const AccountRow* account) const {
  out.setPeer(peer->vaultHandle());
  if (!isPerson()) return;
  auto person = out.initPerson();
  person.setToken(token);
  person.setTime(proof.getTime());
  person.setProof(proof.getMac());
  if (account != nullptr) writeAccount(person.initAccount(), *account);
}

size_t Owner::callerWords(const AccountRow* account) const {
  constexpr size_t STRUCTS = 8;
  constexpr size_t PROOF_BYTES = 64;
  return STRUCTS + wordsFor(token.size()) + wordsFor(PROOF_BYTES) + (account == nullptr ? 0 : wordsOf(*account));
}

kj::Promise<kj::Maybe<AccountRow>> Owner::account() {
  if (!isPerson()) return kj::Maybe<AccountRow>(nullptr);
  return parts.wallets.account(id.id).then([](kj::Maybe<AccountRow>&& row) {
    if (row == nullptr) kj::throwFatalException(makeFault(ErrorCode::SESSION_INVALID));
    return kj::mv(row);
  });
}

// --- Pages
// -----------------------------------------------------------------------------------------------------------------

Page Page::of(capnp::Data::Reader after, uint32_t limit) {
  Page page;
  if (after.size() > 0) {
    Id id;
    if (!readBytes(after, id))
      kj::throwFatalException(makeFault(ErrorCode::INVALID_REQUEST, "a wallet id has 16 bytes"_kj));
    page.after = id;
  }
  if (limit > 0) page.limit = kj::min(limit, limits::WALLETS_PER_ANSWER);
  return page;
}

kj::Array<WalletRow> firstOf(kj::Array<WalletRow> rows, size_t count) {
  if (rows.size() <= count) return rows;
  auto some = kj::heapArrayBuilder<WalletRow>(count);
  for (size_t i = 0; i < count; i++) some.add(kj::mv(rows[i]));
  return some.finish();
}

void copySelector(Selector::Reader from, inner::Selector::Builder to) {
  switch (from.which()) {
    case Selector::FIRST: to.setFirst(); break;
    case Selector::ID: to.setId(from.getId()); break;
    case Selector::NAME: to.setName(from.getName()); break;
    case Selector::PUBLIC_KEY: to.setPublicKey(from.getPublicKey()); break;
  }
}

// --- Results
// ---------------------------------------------------------------------------------------------------------------

void writeWalletInfo(protocol::WalletInfo::Builder out, const WalletRow& row) {
  out.setCertificate(row.certificate);
  out.setSignature(dataOf(row.signature));
}

void writeHead(protocol::AuditHead::Builder out, inner::AuditHead::Reader head) {
  out.setInstance(head.getInstance());
  out.setSequence(head.getSequence());
  out.setHash(head.getHash());
  out.setSignature(head.getSignature());
}

}  // namespace waas::broker
