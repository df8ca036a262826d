#include "daemon/vault/caller.h"

#include <sodium.h>

namespace waas::vault {
namespace {

constexpr uint64_t SECOND = 1000;

rpc::Caller::Reader callerOf(rpc::Request::Reader request) {
  switch (request.which()) {
    case rpc::Request::REFRESH: return request.getRefresh();
    case rpc::Request::AUTHORIZE: return request.getAuthorize().getCaller();
    case rpc::Request::SIGN_OUT: return request.getSignOut().getCaller();
    case rpc::Request::CREATE_WALLET: return request.getCreateWallet().getCaller();
    case rpc::Request::SIGN: return request.getSign().getCaller();
    case rpc::Request::IMPORT_WALLET: return request.getImportWallet().getCaller();
    case rpc::Request::EXPORT_WALLET: return request.getExportWallet().getCaller();
    case rpc::Request::DELETE_WALLET: return request.getDeleteWallet().getCaller();
    default: return {};
  }
}

// The handle of the connection that the request came through.
uint64_t peerOf(rpc::Request::Reader request) {
  switch (request.which()) {
    case rpc::Request::CHALLENGE: return request.getChallenge().getPeer();
    case rpc::Request::SIGN_UP: return request.getSignUp().getPeer();
    case rpc::Request::SIGN_IN: return request.getSignIn().getPeer();
    case rpc::Request::ADVANCE: return request.getAdvance().getPeer();
    case rpc::Request::KEYS: return request.getKeys().getPeer();
    case rpc::Request::CUSTODY: return request.getCustody().getPeer();
    case rpc::Request::LOAD_POLICY: return request.getLoadPolicy().getPeer();
    default: return callerOf(request).getPeer();
  }
}

bool hasPerson(rpc::Request::Reader request) {
  return request.isAdvance() ? request.getAdvance().hasPerson() : callerOf(request).hasPerson();
}

rpc::Person::Reader personOf(rpc::Request::Reader request) {
  return request.isAdvance() ? request.getAdvance().getPerson() : callerOf(request).getPerson();
}

Refusal checkSession(const Service& service, rpc::Person::Reader person, uint64_t now, Caller& caller) {
  SessionToken& token = caller.token;
  if (!checkToken(service.keyring, view(person.getToken()), token)) return Refused{ErrorCode::SESSION_INVALID, "token"};
  if (now / SECOND >= token.expiresAt) return Refused{ErrorCode::SESSION_INVALID, "token has expired"};
  if (now >= token.sessionStart * SECOND + service.config.sessionLifeMs) {
    return Refused{ErrorCode::SESSION_INVALID, "session has expired"};
  }
  if (!person.hasAccount()) return Refused{ErrorCode::SESSION_INVALID, "no such account"};
  if (!readAccount(person.getAccount(), caller.row)) return Refused{ErrorCode::INVALID_REQUEST, "account row"};
  if (caller.row.userId != token.user) return Refused{ErrorCode::RECORD_REFUSED, "another user's account"};
  if (auto refused = openAccount(service.keyring, caller.row, caller.account)) return refused;
  if (caller.account.generation != token.generation || caller.account.isRevoked(token.session)) {
    return Refused{ErrorCode::SESSION_INVALID, "signed out"};
  }
  return std::nullopt;
}

Refusal checkProof(const Service& service, rpc::Request::Reader request, rpc::Person::Reader person,
                   const Covered& covered, uint64_t now, Caller& caller) {
  uint64_t time = person.getTime();
  uint64_t away = time > now ? time - now : now - time;
  if (away > PROOF_WINDOW_MS) return Refused{ErrorCode::PROOF_INVALID, "time of the proof"};
  SessionKeyContext context{caller.token.user, caller.token.session};
  if (openEnvelope(service.keyring, context, caller.token.key, caller.sessionKey) != Opened::OPENED) {
    return Refused{ErrorCode::SESSION_INVALID, "session key"};
  }
  ProofBuilder proof(caller.sessionKey.reveal(SecretAccess::here()), caller.token.token, time, covered.call);
  if (covered.fields != nullptr) covered.fields(request, proof);
  Hash expected = proof.finish();
  Bytes given = view(person.getProof());
  bool same = given.size() == expected.size() && sodium_memcmp(given.data(), expected.data(), expected.size()) == 0;
  // What was expected would be a proof for whoever reads it.
  sodium_memzero(expected.data(), expected.size());
  if (!same) return Refused{ErrorCode::PROOF_INVALID, ""};
  return std::nullopt;
}

}  // namespace

Refusal identify(const Service& service, Who who, rpc::Request::Reader request, const Covered& covered, uint64_t now,
                 Caller& caller) {
  if (who == Who::BROKER) return std::nullopt;
  bool personal = who != Who::LOGIN && who != Who::OPERATOR && hasPerson(request);
  if (who == Who::ANYBODY && !personal && peerOf(request) == 0) return std::nullopt;
  auto peer = service.peers.find(peerOf(request));
  if (!peer) return Refused{ErrorCode::NOT_ALLOWED, "unknown peer"};
  caller.peer = *peer;

  if (who == Who::LOGIN || personal) {
    if (!peer->roles.login) return Refused{ErrorCode::NOT_ALLOWED, "the peer has not the login role"};
    if (who == Who::LOGIN) return std::nullopt;
  } else if (who == Who::PERSON) {
    return Refused{ErrorCode::NOT_ALLOWED, "only for people"};
  } else if (who == Who::OPERATOR) {
    if (!peer->roles.isOperator) return Refused{ErrorCode::NOT_ALLOWED, "only for operators"};
    return std::nullopt;
  }
  if (!personal) {
    if (peer->roles.service == nullptr && who == Who::ANYBODY) return std::nullopt;
    if (peer->roles.service == nullptr) return Refused{ErrorCode::NOT_ALLOWED, "the peer is no local service"};
    caller.owner = peer->roles.service->owner;
    caller.mayOwn = true;
    return std::nullopt;
  }
  rpc::Person::Reader person = personOf(request);
  if (auto refused = checkSession(service, person, now, caller)) return refused;
  if (auto refused = checkProof(service, request, person, covered, now, caller)) return refused;
  caller.isPerson = true;
  caller.owner = OwnerId{OwnerId::Kind::USER, caller.token.user};
  caller.mayOwn = true;
  return std::nullopt;
}

}  // namespace waas::vault
