#include "advance.h"

#include <kj/debug.h>

#include "../log.h"
#include "share-keeper.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

kj::Duration lifeOf(const Parts& parts) { return parts.settings.shareDays * kj::DAYS; }

// Waits for both, and then throws what failed: never goes on while one of them may still be written.
kj::Promise<void> both(kj::Promise<void> first, kj::Promise<void> second) {
  auto promises = kj::heapArrayBuilder<kj::Promise<void>>(2);
  promises.add(kj::mv(first));
  promises.add(kj::mv(second));
  return kj::joinPromises(promises.finish());
}

// What is only tidied up may fail: the next advance does it again.
kj::Promise<void> bestEffort(kj::Promise<void> work) {
  return work.catch_([](kj::Exception&& exception) {
    if (faultOf(exception).code == ErrorCode::UNKNOWN) logFault("B6001", "Redis was not tidied up", exception);
  });
}

// Deletes the fields of a version that does not count.
kj::Promise<void> takeBack(Parts& parts, const Id& walletId, const WalletVersion& version) {
  return both(bestEffort(parts.writers[0].remove(walletId, version)),
              bestEffort(parts.writers[1].remove(walletId, version)));
}

// Step 2.
kj::Promise<void> writeShares(Parts& parts, const NewWallet& next) {
  auto& row = next.row;
  return both(parts.writers[0].put(row.walletId, row.version, next.share2, lifeOf(parts)),
              parts.writers[1].put(row.walletId, row.version, next.share3, lifeOf(parts)));
}

// Step 3.
kj::Promise<Commit> commit(Parts& parts, Step& step) {
  auto row = step.next.row.clone();
  KJ_IF_MAYBE (from, step.from) return parts.wallets.advanceWallet(kj::mv(row), *from);
  KJ_IF_MAYBE (account, step.account) return parts.wallets.insertAccountWithWallet(kj::mv(*account), kj::mv(row));
  return parts.wallets.insertWallet(kj::mv(row));
}

// Step 4, in one Redis.
kj::Promise<void> settleIn(ShareStore& store, const Step& step, kj::ArrayPtr<const WalletVersion> seen,
                           kj::Duration life) {
  auto& id = step.next.row.walletId;
  kj::Vector<kj::Promise<void>> work(seen.size() + 1);
  if (step.next.floor.size() > 0) work.add(bestEffort(store.putFloor(id, step.next.floor, life)));
  for (auto& version : seen) {
    if (version.epoch < step.next.row.version.epoch) work.add(bestEffort(store.remove(id, version)));
  }
  return kj::joinPromises(work.releaseAsArray());
}

kj::Promise<void> settle(Parts& parts, const Step& step) {
  return both(settleIn(parts.writers[0], step, step.seen[0], lifeOf(parts)),
              settleIn(parts.writers[1], step, step.seen[1], lifeOf(parts)));
}

// Another version stands there: then ours is nobody's. If that can't be seen, everything stays.
kj::Promise<void> yield(Parts& parts, const NewWallet& next) {
  return parts.wallets.wallet(next.row.walletId)
      .then(
          [&parts, &next](kj::Maybe<WalletRow>&& now) -> kj::Promise<void> {
            KJ_IF_MAYBE (row, now) {
              if (row->version == next.row.version) return kj::READY_NOW;
            }
            return takeBack(parts, next.row.walletId, next.row.version);
          },
          [](kj::Exception&&) -> kj::Promise<void> { return kj::READY_NOW; });
}

}  // namespace

uint64_t shareExpiry(const Parts& parts) { return parts.keeper.now() + parts.settings.shareDays * 86'400'000ull; }

// The order of writes:
//
//   1. The caller has fetched what stands, and the vault has made the new envelopes from it and checked them: fresh
//      sharing of zero, every envelope opened again, a new recovery envelope, an epoch above all that were seen.
//   2. Redis 1 and 2, side by side: the field of the new version and the time to live in one MULTI/EXEC, acknowledged
//   by
//      both, and by replicas where that is configured. The expiry that PostgreSQL gets was computed before, so it is
//      never later than theirs.
//   3. PostgreSQL, one statement: the new row where the version is still the one that was read (or no row is). This is
//      the commit point. Before it, the old version is whole and the only one that counts; from it on, the new one is.
//   4. Redis 1 and 2: the floor of the new version is put beside it, fields of lower epochs are deleted; never those of
//      an equal or higher one, because another host may already prepare the next. Best effort, and waited for: what
//      depends on the new version is released after its floor.
//
// If 2 fails, or 3 has not happened for sure (refused, or never sent), our own fields are deleted, best effort. If 3
// says that another version stands there, it is read again, and our own fields are deleted when that is so. If the
// outcome of 3 is unknown (the connection was lost), everything is left as it is: a later reader sees which version
// won, and the next advance cleans up. A crash anywhere before 3 leaves the old version, anywhere after it the new one.
kj::Promise<Commit> advance(Parts& parts, Step given) {
  auto owned = kj::heap<Step>(kj::mv(given));
  auto& step = *owned;
  return writeShares(parts, step.next)
      .then([&parts, &step]() { return commit(parts, step); })
      .then(
          [&parts, &step](Commit outcome) {
            auto after = outcome == Commit::DONE ? settle(parts, step) : yield(parts, step.next);
            return after.then([outcome]() { return outcome; });
          },
          [&parts, &step](kj::Exception&& exception) -> kj::Promise<Commit> {
            if (faultOf(exception).code == ErrorCode::OUTCOME_UNKNOWN) return kj::mv(exception);
            return takeBack(parts, step.next.row.walletId, step.next.row.version)
                .then([exception = kj::mv(exception)]() mutable -> kj::Promise<Commit> { return kj::mv(exception); });
          })
      .attach(kj::mv(owned));
}

// The other way round: PostgreSQL first, so that no reader takes a wallet whose shares are being deleted for one that
// has lost them. Then everything in both Redis goes, and the tombstone's floor stays there, longer than any back-up.
// What a Redis that is away still holds is found by the rotation runs.
kj::Promise<Commit> bury(Parts& parts, NewWallet tombstone, const WalletVersion& from) {
  auto owned = kj::heap<NewWallet>(kj::mv(tombstone));
  auto& dead = *owned;
  return parts.wallets.deleteWallet(dead.row.clone(), from)
      .then([&parts, &dead](Commit outcome) -> kj::Promise<Commit> {
        if (outcome != Commit::DONE) return outcome;
        auto eraseIn = [&dead](ShareStore& store) {
          auto& id = dead.row.walletId;
          return bestEffort(store.erase(id)).then([&store, &dead, &id]() -> kj::Promise<void> {
            if (dead.floor.size() == 0) return kj::READY_NOW;
            return bestEffort(store.putFloor(id, dead.floor, limits::TOMBSTONE_LIFE));
          });
        };
        return both(eraseIn(parts.writers[0]), eraseIn(parts.writers[1])).then([outcome]() { return outcome; });
      })
      .attach(kj::mv(owned));
}

}  // namespace waas::broker
