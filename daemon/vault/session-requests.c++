#include "daemon/vault/session-requests.h"

#include "daemon/vault/login.h"

namespace waas::vault {

Refusal refresh(Context& context, const Caller& caller, rpc::Request::Reader, rpc::Answer::Builder answer) {
  SessionToken token;
  token.user = caller.token.user;
  token.generation = caller.token.generation;
  token.session = caller.token.session;
  token.sessionStart = caller.token.sessionStart;
  std::array<uint8_t, LOGIN_ANSWER_BYTES> out;
  if (!sealAnswer(context, token, caller.sessionKey, caller.token.token, out)) return Refused{ErrorCode::UNKNOWN};
  answer.setSignedIn(reader(out));
  return std::nullopt;
}

bool isHarmless(uint8_t call) {
  return call == static_cast<uint8_t>(Call::RESUME) || call == static_cast<uint8_t>(Call::WALLETS) ||
         call == static_cast<uint8_t>(Call::SHARE_STATUS) || call == static_cast<uint8_t>(Call::ROTATE);
}

Refusal authorize(Context&, const Caller& caller, rpc::Request::Reader, rpc::Answer::Builder answer) {
  answer.setAuthorized(reader(caller.token.user));
  return std::nullopt;
}

void authorizeFields(rpc::Request::Reader request, ProofBuilder& proof) {
  for (auto field : request.getAuthorize().getFields()) proof.field(view(field));
}

Refusal signOut(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer) {
  const Service& service = context.service;
  AccountRecord record;
  if (auto refused = openAccount(service.keyring, caller.row, record)) return refused;
  if (request.getSignOut().getEverywhere()) {
    record.revokeAll();
  } else {
    uint64_t endsAt = caller.token.sessionStart * 1000 + service.config.sessionLifeMs;
    record.revoke(caller.token.session, endsAt, context.now);
  }
  std::array<uint8_t, ACCOUNT_RECORD_BYTES> sealed;
  AccountContext bound{caller.row.userId, caller.row.version + 1, caller.row.email};
  if (!sealAccount(service.keyring, bound, record, context.service.random, sealed)) return Refused{ErrorCode::UNKNOWN};
  writeAccount(answer.initAccount(), bound.userId, bound.email, bound.version, sealed);
  context.events.add(AuditEvent::SIGNED_OUT, caller.owner, caller.peer.uid).subject = sha256(bound.userId);
  return std::nullopt;
}

void signOutFields(rpc::Request::Reader request, ProofBuilder& proof) {
  proof.field(static_cast<uint8_t>(request.getSignOut().getEverywhere() ? 1 : 0));
}

}  // namespace waas::vault
