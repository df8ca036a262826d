#pragma once
// Every request that the vault knows, one row each: who may, when, with what, and what it costs. What has no row is
// refused; nothing else dispatches.
#include "daemon/vault/caller.h"

namespace waas::vault {

// In which state of the link a request is allowed.
enum class When : uint8_t { BEFORE_HELLO, AFTER_HELLO };

// What else may be in its Record.
enum class Company : uint8_t { ANY, ALONE, ALONE_WITH_DESCRIPTOR };

struct Row {
  rpc::Request::Which which;
  When when;
  Who who;
  Company company;
  Covered covered;  // by a person's proof; the call of `authorize` is the one in the request
  Refusal (*handler)(Context&, const Caller&, rpc::Request::Reader, rpc::Answer::Builder);
  uint8_t events;       // audit records that it makes at most; `sign`: per item
  uint16_t replyBytes;  // size of its answer at most; `sign`: per item, without the text of messages
};

// The row of a request; null when there is none.
const Row* rowOf(rpc::Request::Which which);

}  // namespace waas::vault
