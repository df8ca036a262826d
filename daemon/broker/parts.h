#pragma once
// What the sessions of all connections share, made once in main().
#include <kj/async.h>
#include <kj/time.h>
#include <kj/timer.h>

#include "admission.h"
#include "audit-writer.h"
#include "deadline-queue.h"
#include "settings.h"
#include "share-store.h"
#include "vault-link.h"
#include "wallet-store.h"

namespace waas::broker {

class HealthReport;
class LimitTurns;
class PolicyKeeper;
class ShareKeeper;

// Both Redis, by number.
struct ShareStores {
  ShareStore* stores[2];
  ShareStore& operator[](size_t i) const { return *stores[i]; }
};

struct Parts {
  const Settings& settings;
  kj::Timer& timer;
  const kj::Clock& clock;
  Admission& admission;
  DeadlineQueue& deadlines;
  WalletStore& wallets;
  ShareStore& redis1;
  ShareStore& redis2;
  VaultLink& vault;
  AuditWriter& audit;
  HealthReport& health;

  ShareKeeper& keeper;

  LimitTurns& limitTurns;
  PolicyKeeper& policies;

  // The two Redis for the life of shares: connections of their own where replicas must acknowledge, because that blocks
  // what is sent behind; otherwise the same.
  ShareStores writers;

  // Work that goes on when the call that began it has been answered: the rest of a write, cleaning up.
  kj::TaskSet& background;

  // Unix milliseconds.
  uint64_t now() const { return static_cast<uint64_t>((clock.now() - kj::UNIX_EPOCH) / kj::MILLISECONDS); }
};

}  // namespace waas::broker
