#pragma once
// Finds out who makes a request, from what the kernel and the vault's own keys say, never from what the broker says.
#include "daemon/vault/service.h"
#include "protocol/proof.h"

namespace waas::vault {

// Who may make a request.
enum class Who : uint8_t {
  BROKER,    // no caller: the broker's own housekeeping
  LOGIN,     // a peer with the login role
  PERSON,    // a person with a token and a proof, through a peer with the login role
  OWNER,     // a person as above, or a local service in its own name
  ANYBODY,   // the broker's housekeeping (peer 0), any peer in its own name, or a person as above
  OPERATOR,  // a peer with the operator's role
};

// What a person's proof has to cover.
struct Covered {
  Call call = Call::RESUME;
  // Adds the fields of the call, in order. Null: none.
  void (*fields)(rpc::Request::Reader request, ProofBuilder& proof) = nullptr;
};

// Fills `caller`, or says why the request is refused: notAllowed, sessionInvalid, proofInvalid, recordRefused,
// keyVersionUnknown, invalidRequest. Of a person it checks, in this order: the peer's role; the token's MAC; its time
// and the session's; that the account row is authentic and this user's; that generation and session still hold; the
// proof's time, and the proof.
Refusal identify(const Service& service, Who who, rpc::Request::Reader request, const Covered& covered, uint64_t now,
                 Caller& caller);

}  // namespace waas::vault
