#include "new-wallet.h"

#include <kj/debug.h>

#include "log.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;

// Deletes the fields of a wallet that was not committed.
void takeBack(Parts& parts, const Id& walletId, const WalletVersion& version) {
  auto ignore = [](kj::Exception&& exception) {
    logFault("B6001", "shares of a wallet that was not made stay", exception);
  };
  parts.background.add(parts.redis1.remove(walletId, version).catch_(ignore));
  parts.background.add(parts.redis2.remove(walletId, version).catch_(ignore));
}

// Waits for both, and then throws what failed: never goes on while one of them may still be written.
kj::Promise<void> both(kj::Promise<void> first, kj::Promise<void> second) {
  auto promises = kj::heapArrayBuilder<kj::Promise<void>>(2);
  promises.add(kj::mv(first));
  promises.add(kj::mv(second));
  return kj::joinPromises(promises.finish());
}

}  // namespace

uint64_t shareExpiry(const Parts& parts) { return parts.now() + parts.settings.shareDays * 86'400'000ull; }

kj::Promise<Commit> storeNewWallet(Parts& parts, NewWallet wallet, kj::Maybe<AccountRow> account) {
  Id id = wallet.row.walletId;
  WalletVersion version = wallet.row.version;
  auto life = parts.settings.shareDays * kj::DAYS;
  auto shares =
      both(parts.redis1.put(id, version, wallet.share2, life), parts.redis2.put(id, version, wallet.share3, life));
  return shares
      .then([&parts, row = kj::mv(wallet.row), account = kj::mv(account)]() mutable {
        KJ_IF_MAYBE (user, account) return parts.wallets.insertAccountWithWallet(kj::mv(*user), kj::mv(row));
        return parts.wallets.insertWallet(kj::mv(row));
      })
      .then(
          [&parts, id, version](Commit commit) -> kj::Promise<Commit> {
            if (commit != Commit::DONE) takeBack(parts, id, version);
            return commit;
          },
          [&parts, id, version](kj::Exception&& exception) -> kj::Promise<Commit> {
            if (faultOf(exception).code != ErrorCode::OUTCOME_UNKNOWN) takeBack(parts, id, version);
            return kj::mv(exception);
          });
}

}  // namespace waas::broker
