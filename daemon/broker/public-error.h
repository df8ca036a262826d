#pragma once
// The one place where faults become what a client may see: a stable code, its sentence from error.capnp, and a detail
// that is a literal of ours or of the vault's.
#include <protocol/signer.capnp.h>
#include <protocol/vault.capnp.h>

#include "fault.h"

namespace waas::broker {

// The sentence of a code, from the annotations of error.capnp. Lives as long as the program.
kj::StringPtr sentenceOf(protocol::ErrorCode code);

void refuse(protocol::Refusal::Builder out, protocol::ErrorCode code, kj::StringPtr detail = nullptr,
            uint8_t share = 0);

// Passes on a refusal of the vault's. A code that is not known here becomes `unknown`.
void refuse(protocol::Refusal::Builder out, protocol::vault::Refusal::Reader refusal);

// Turns an exception into a refusal. One that carries no code is logged (where, not what) and becomes `unknown`.
void refuse(protocol::Refusal::Builder out, const kj::Exception& exception);

// Throws the vault's refusal as a Fault, for who goes on only with an answer.
[[noreturn]] void throwRefusal(protocol::vault::Refusal::Reader refusal);

}  // namespace waas::broker
