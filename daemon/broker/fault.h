#pragma once
// A fault with one of the stable codes, carried by a kj::Exception through promise chains.
//
// Expected outcomes are return values; a Fault is for what makes a step impossible (a store that does not answer, a
// deadline). Its detail is a literal of ours and may be shown; what a server or a library said is never put into it.
#include <kj/exception.h>
#include <kj/string.h>
#include <protocol/error.capnp.h>

namespace waas::broker {

struct Fault {
  protocol::ErrorCode code;
  kj::StringPtr detail;     // lives as long as the program, or as the exception that it was read from
  uint32_t retryAfter = 0;  // milliseconds; 0 = not said
  uint8_t share = 0;        // which share is meant (1..3); 0 = none
  // deniedByPolicy: the rule, at most MAX_RULE_CHARS of it, and the instruction counted from 1.
  kj::ArrayPtr<const char> rule = nullptr;
  uint16_t instruction = 0;

  static constexpr size_t MAX_RULE_CHARS = 256;
};

// Makes the exception for a promise or a throw. `detail` must be a literal.
kj::Exception makeFault(protocol::ErrorCode code, kj::StringPtr detail = nullptr);
kj::Exception makeFault(const Fault& fault);

// Reads back what makeFault made. Any other exception is `unknown` without detail: its text may hold anything.
Fault faultOf(const kj::Exception& exception);

}  // namespace waas::broker
