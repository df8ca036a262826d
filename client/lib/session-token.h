#pragma once
// A person's session as the client holds it: the vault's token and the session key that proves its possession.
//
// Text form, opaque to applications:
//
//   <JWT> "." <base64url of the 32-byte session key, without padding>
//
// The JWT (protocol/token.h) alone is worth nothing, and it is all of this that ever goes to the daemon; the key stays
// with the client. Whoever has the text has the session: keep it like a password.
#include <kj/memory.h>
#include <kj/string.h>

#include "protocol/proof.h"
#include "protocol/token.h"
#include "secret-text.h"

namespace waas::client {

struct Proof {
  uint64_t time = 0;  // Unix milliseconds
  Hash mac{};
};

// A resource: neither copied nor moved, since the key is wiped where it lies.
class SessionToken {
 public:
  // Reads the text form. Null when it is malformed; says nothing about whether the session still holds.
  static kj::Maybe<kj::Own<SessionToken>> parse(kj::ArrayPtr<const char> text);

  // Takes up a token that the vault made for this key. Null when the JWT is malformed.
  static kj::Maybe<kj::Own<SessionToken>> make(kj::StringPtr jwt, const Secret<32>& key);

  // The text form.
  SecretText text() const;

  kj::StringPtr jwt() const { return token; }
  const Id& tokenId() const { return id; }
  const Secret<32>& key() const { return sessionKey; }

  // Proves possession of the key for one call, at this time, over these fields (protocol/proof.h says which) (L3).
  Proof prove(Call call, uint64_t time, kj::ArrayPtr<const Bytes> fields) const;

  // Use parse or make.
  SessionToken(kj::StringPtr jwt, const Id& id) : token(kj::str(jwt)), id(id) {}
  KJ_DISALLOW_COPY(SessionToken);

 private:
  kj::String token;
  Id id;
  Secret<32> sessionKey;
};

}  // namespace waas::client
