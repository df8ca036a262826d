#pragma once
// How people come in: challenge, sign-up, sign-in.
#include "daemon/vault/service.h"

namespace waas::vault {

Refusal challenge(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// Makes account and first wallet, with ids of the vault's own making (V10).
Refusal signUp(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// The same work and the same answer, whether there is such an account or not (V8).
Refusal signIn(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// The plaintext of an answer, sealed under the session key: protocol/login-box.h.
constexpr size_t LOGIN_ANSWER_BYTES = LOGIN_ANSWER_OVERHEAD + 16 + 8 + TOKEN_BYTES;

// Completes and mints a token (its id, its times, its key's envelope) and seals it for the client. `token` says user,
// generation, session and when that began; `bound` is what the answer is bound to: the challenge, or the old token's
// id.
[[nodiscard]] bool sealAnswer(Context& context, SessionToken& token, const Secret<32>& sessionKey, Bytes bound,
                              std::span<uint8_t, LOGIN_ANSWER_BYTES> out);

}  // namespace waas::vault
