#pragma once
// The broker's care for wallets' shares: rotation, recovery, wrapping anew.
#include "daemon/vault/service.h"
#include "protocol/proof.h"

namespace waas::vault {

// Makes the next version of a wallet's shares. `above` in the request is the highest epoch that the broker saw, the
// next one is above it, the row's own, and every floor.
//
//   why due, requested, rewrap   every share must be there and authentic: shareMissing, recordRefused (share) otherwise
//   why missing                  shares 2 and 3 that are not there come from the recovery envelope
//   why damaged                  those that are not authentic, too
//
// Refusals besides: recordRefused "recovery envelope"; keyVersionUnknown, also with "… its key was retired", which no
// `why` repairs; recoveryKeyAbsent; walletDeleted; rolledBack, unless an operator asks (who has put a store back and
// knows it); invalidRequest when `above` is further above the row than MAX_EPOCH_STEP. With no caller (peer 0) it is
// the broker's housekeeping; a person proves ROTATE; a local service asks for wallets of its own.
Refusal advance(Context& context, const Caller& caller, rpc::Request::Reader request, rpc::Answer::Builder answer);

// What a person's proof covers.
void advanceFields(rpc::Request::Reader request, ProofBuilder& proof);

}  // namespace waas::vault
