#include "daemon/vault/key-requests.h"

#include <algorithm>

namespace waas::vault {
namespace {

using State = rpc::Health::KeyState;

State inSchema(KeyState state) {
  switch (state) {
    case KeyState::ACTIVE: return State::ACTIVE;
    case KeyState::PENDING: return State::PENDING;
    case KeyState::RETIRED: break;
  }
  return State::RETIRED;
}

Refused invalid(std::string_view detail) { return Refused{ErrorCode::INVALID_REQUEST, detail}; }

Refusal refusalOf(KeyringChange change) {
  switch (change) {
    case KeyringChange::DONE: return std::nullopt;
    case KeyringChange::UNKNOWN_KEY: return Refused{ErrorCode::KEY_VERSION_UNKNOWN, "no such key version here"};
    case KeyringChange::FIXED_PURPOSE: return invalid("keys of this purpose can't be changed while running");
    case KeyringChange::FULL: return invalid("the keyring is full");
    case KeyringChange::NOT_KEPT: return invalid("keep the keyring with this version first, and install it");
    case KeyringChange::IN_USE: return Refused{ErrorCode::KEY_IN_USE};
    case KeyringChange::REFUSED: return invalid("not a keyring of this root credential with all keys of this host");
    case KeyringChange::FAULT: break;
  }
  return Refused{ErrorCode::SIGNATURE_FAULT, "the keyring could not be changed"};
}

// The whole keyring, for the operator to keep.
Refusal handOut(const Service& service, std::span<uint8_t, MAX_KEYRING_BYTES> room, Bytes& wrapped) {
  wrapped = Bytes(room).first(service.changeable->wrapAgain(service.random, room));
  if (wrapped.empty()) return Refused{ErrorCode::SIGNATURE_FAULT, "the keyring could not be wrapped"};
  return std::nullopt;
}

struct Named {
  std::optional<Purpose> purpose;
  uint32_t version = 0;
};
Named nameOf(rpc::KeysRequest::KeyName::Reader name) {
  return {purposeNamed(view(name.getPurpose())), name.getVersion()};
}

KeyringChange change(Service& service, rpc::KeysRequest::Reader in, uint32_t& version) {
  Keyring& keyring = *service.changeable;
  switch (in.which()) {
    case rpc::KeysRequest::ADD: {
      auto purpose = purposeNamed(view(in.getAdd()));
      if (!purpose) return KeyringChange::UNKNOWN_KEY;
      KeyringChange added = keyring.addVersion(*purpose, service.random);
      if (added == KeyringChange::DONE) version = keyring.keys().back().version();
      return added;
    }
    case rpc::KeysRequest::ACTIVATE: {
      Named named = nameOf(in.getActivate());
      version = named.version;
      return named.purpose ? keyring.activate(*named.purpose, version) : KeyringChange::UNKNOWN_KEY;
    }
    case rpc::KeysRequest::RETIRE: {
      Named named = nameOf(in.getRetire());
      version = named.version;
      return named.purpose ? keyring.retire(*named.purpose, version) : KeyringChange::UNKNOWN_KEY;
    }
    case rpc::KeysRequest::INSTALL: return keyring.install(view(in.getInstall()));
    case rpc::KeysRequest::LIST: break;
  }
  return KeyringChange::UNKNOWN_KEY;
}

Refusal refusalOf(PartTaken taken) {
  switch (taken) {
    case PartTaken::TAKEN:
    case PartTaken::HELD: return std::nullopt;
    case PartTaken::BOX_REFUSED: return invalid("the box does not open");
    case PartTaken::EXPIRED: return Refused{ErrorCode::PROOF_INVALID, "time of the box"};
    case PartTaken::MISTYPED: return invalid("not a custodian's part: a character is wrong or missing");
    case PartTaken::OTHER_KEY: return Refused{ErrorCode::KEY_VERSION_UNKNOWN, "a part of another recovery key"};
    case PartTaken::OTHER_SET: return invalid("a part of another splitting than those before it");
    case PartTaken::WRONG: return Refused{ErrorCode::RECORD_REFUSED, "the parts do not give the recovery key"};
    case PartTaken::FAULT: break;
  }
  return Refused{ErrorCode::SIGNATURE_FAULT, "the recovery key could not be put together"};
}

Refusal split(Context& context, rpc::CustodyRequest::Split::Reader in, rpc::Custody::Builder out) {
  Service& service = context.service;
  auto recipients = in.getRecipients();
  std::array<PublicKey, MAX_CUSTODIANS> keys;
  if (recipients.size() > keys.size()) return invalid("too many custodians");
  for (unsigned i = 0; i < recipients.size(); i++) {
    if (!fill(recipients[i], keys[i])) return invalid("a custodian's key has 32 bytes");
    const auto& known = service.config.custodians;
    // An operator's handle proves that he is connected, not that he asked: where the parts go is root's to say.
    if (std::find(known.begin(), known.end(), keys[i]) == known.end()) {
      return Refused{ErrorCode::NOT_ALLOWED, "not a custodian of the vault's configuration"};
    }
  }
  std::array<SealedPart, MAX_CUSTODIANS> parts;
  size_t n = recipients.size();
  switch (splitRecoveryKey(*service.changeable, in.getThreshold(), std::span(keys).first(n), service.random,
                           std::span(parts).first(n))) {
    case SplitOutcome::SPLIT: break;
    case SplitOutcome::MEANINGLESS: return invalid("threshold or custodians' keys make no sense");
    case SplitOutcome::PRIVATE_ABSENT: return Refused{ErrorCode::RECOVERY_KEY_ABSENT};
    case SplitOutcome::FAULT: return Refused{ErrorCode::SIGNATURE_FAULT, "the recovery key could not be split"};
  }
  service.custody.wasSplit = true;
  auto list = out.initParts(static_cast<unsigned>(n));
  for (unsigned i = 0; i < n; i++) list.set(i, reader(parts[i]));
  return std::nullopt;
}

// Ends what was lent; or, when nothing was lent and the key was split here, the vault's own half.
Refusal forget(Service& service, rpc::Custody::Builder out) {
  const Key& recovery = service.keyring.newest(Purpose::RECOVERY);
  const bool own = recovery.hasPrivate() && !recovery.isLent();
  if (own && !service.custody.wasSplit) return invalid("split the recovery key first: this is its only copy");
  if (!service.custody.forget(*service.changeable)) return refusalOf(KeyringChange::FAULT);
  if (!own) return std::nullopt;
  if (auto refused = refusalOf(service.changeable->forgetRecovery())) return refused;
  service.custody.wasSplit = false;
  std::array<uint8_t, MAX_KEYRING_BYTES> room;
  Bytes wrapped;
  if (auto refused = handOut(service, room, wrapped)) return refused;
  out.setKeyring(reader(wrapped));
  return std::nullopt;
}

}  // namespace

bool changesKeys(rpc::Request::Reader request) { return request.isKeys() || request.isCustody(); }

void writeKeyVersions(const Keyring& keyring, capnp::List<rpc::Health::KeyVersion>::Builder list) {
  unsigned i = 0;
  for (const Key& key : keyring.keys()) {
    list[i].setPurpose(kj::StringPtr(purposeName(key.purpose()).data()));
    list[i].setVersion(key.version());
    list[i].setNewest(key.newest());
    list[i++].setState(inSchema(key.state()));
  }
}

Refusal keys(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::KeysRequest::Reader in = request.getKeys();
  if (service.changeable == nullptr) return Refused{ErrorCode::NOT_ALLOWED, "the keyring can't be changed here"};
  std::array<uint8_t, MAX_KEYRING_BYTES> room;
  Bytes wrapped;
  if (!in.isList()) {
    uint32_t version = 0;
    if (auto refused = refusalOf(change(service, in, version))) return refused;
    if (auto refused = handOut(service, room, wrapped)) return refused;
    AuditRecord& record = context.events.add(AuditEvent::KEYS_CHANGED, caller.owner, caller.peer.uid);
    record.epoch = version;
    record.subject = sha256(wrapped);
  }
  auto out = answer.initKeys();
  writeKeyVersions(service.keyring, out.initVersions(static_cast<unsigned>(service.keyring.keys().size())));
  out.setKeyring(reader(wrapped));
  return std::nullopt;
}

Refusal custody(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  Service& service = context.service;
  rpc::CustodyRequest::Reader in = request.getCustody();
  if (service.changeable == nullptr) return Refused{ErrorCode::NOT_ALLOWED, "the keyring can't be changed here"};
  auto out = answer.initCustody();
  Refusal refused;
  switch (in.which()) {
    case rpc::CustodyRequest::PART:
      refused = refusalOf(service.custody.take(*service.changeable, view(in.getPart()), context.now));
      break;
    case rpc::CustodyRequest::FORGET: refused = forget(service, out); break;
    case rpc::CustodyRequest::SPLIT: refused = split(context, in.getSplit(), out); break;
  }
  if (refused) return refused;
  const Key& recovery = service.keyring.newest(Purpose::RECOVERY);
  out.setHeld(recovery.hasPrivate());
  out.setThreshold(service.custody.threshold());
  out.setGiven(service.custody.given());
  AuditRecord& record = context.events.add(AuditEvent::CUSTODY_CHANGED, caller.owner, caller.peer.uid);
  record.epoch = service.custody.given();
  record.subject = sha256(recovery.publicKey());
  return std::nullopt;
}

}  // namespace waas::vault
