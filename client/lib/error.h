#pragma once
// How a call fails: the stable codes of protocol/error.capnp and what they mean to a person, to HTTP and to a shell.
//
// A call that is refused, or that can't be made, comes back as a broken promise whose kj::Exception carries a code;
// `failureOf` reads it. So a chain of calls stops by itself at the first refusal. Where several things succeed or fail
// one by one (the items of `Wallets::sign`) the failures are values instead.
#include <kj/exception.h>
#include <kj/string.h>
#include <protocol/error.capnp.h>
#include <protocol/signer.capnp.h>

namespace waas::client {

using protocol::ErrorCode;

// What error.capnp says about one code, read from the schema's annotations.
struct ErrorInfo {
  kj::String name;     // snake_case, stable: "session_invalid"
  kj::StringPtr says;  // one sentence for people; lives as long as the program
  uint16_t httpStatus = 0;
  uint8_t exitCode = 0;    // 1 refused or failed, 2 usage, 3 not reachable, 4 not allowed
  bool retryable = false;  // nothing was changed, and the same call may succeed later
};

// Describes a code. One that this library is too old to know is described as `unknown`.
ErrorInfo describe(ErrorCode code);

// Why a call failed.
struct Failure {
  ErrorCode code = ErrorCode::UNKNOWN;
  kj::String detail{};       // what exactly, or empty; safe to show and to log
  uint32_t retryAfter = 0;   // milliseconds; 0 = not said
  uint8_t share = 0;         // shareMissing, recordRefused: which share (1..3); 0 = none
  kj::String rule{};         // deniedByPolicy: the rule that decided, or empty
  uint16_t instruction = 0;  // deniedByPolicy: which instruction it is about, counted from 1; 0 = the whole
};

// Reads a refusal off the wire. Text from the daemon is cut to 200 bytes, and control characters in it are replaced, so
// that it can be written to a terminal.
Failure failureOf(protocol::Refusal::Reader refusal);

// Reads the failure out of an exception of a call. An exception that carries no code is `signerUnreachable` when the
// connection broke, `overloaded` when something was full, else `unknown` without detail: its text may hold anything.
Failure failureOf(const kj::Exception& exception);

// Makes the exception for a broken promise or a throw.
kj::Exception makeFailure(const Failure& failure);
kj::Exception makeFailure(ErrorCode code, kj::StringPtr detail = nullptr);

}  // namespace waas::client
