#pragma once
// Walks every path once before the system call filter is in place.
#include "daemon/vault/record-handler.h"

namespace waas::vault {

// Runs requests of every kind, good and bad ones, through a RecordHandler of its own: sign-up, sign-in, refresh, a new
// wallet, signatures, a failing tag, bytes that make Cap'n Proto throw. Whatever a library prepares on first use (the
// unwinder's tables, lazily chosen code, stack pages) is ready then. Uses a Service of its own, so that no trace is
// left in the real one. For each worker, on its secret stack. False when an honest request did not come out as it
// should: a vault that can't do that must not start.
bool warmUp(const Config& config, const Keyring& keyring, WorkerScratch& scratch);

}  // namespace waas::vault
