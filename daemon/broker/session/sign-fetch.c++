#include "sign-fetch.h"

#include <kj/debug.h>

#include <cstring>

#include "../lifecycle/refresh.h"
#include "../lifecycle/share-keeper.h"
#include "../log.h"
#include "../public-error.h"

namespace waas::broker {
namespace {

using protocol::ErrorCode;
using protocol::Selector;

bool sameSelector(Selector::Reader a, Selector::Reader b) {
  if (a.which() != b.which()) return false;
  switch (a.which()) {
    case Selector::FIRST: return true;
    case Selector::ID: return a.getId() == b.getId();
    case Selector::NAME: return a.getName() == b.getName();
    case Selector::PUBLIC_KEY: return a.getPublicKey() == b.getPublicKey();
  }
  return false;
}

}  // namespace

uint32_t SignFetch::add(Selector::Reader selector) {
  for (uint32_t i = 0; i < wallets.size(); i++) {
    if (sameSelector(wallets[i]->selector, selector)) return i;
  }
  auto& wallet = *wallets.add(kj::heap<Wallet>());
  wallet.selector = selector;
  return static_cast<uint32_t>(wallets.size() - 1);
}

void SignFetch::begin() {
  waiting = 1;  // so that nothing is taken for complete before everything was asked for
  fetchAccount();
  for (auto& wallet : wallets) fetch(*wallet);
  if (--waiting == 0) listener.fetched();
}

void SignFetch::again(kj::ArrayPtr<const uint32_t> numbers) {
  waiting = 1;
  for (uint32_t number : numbers) readAgain(*wallets[number]);
  if (--waiting == 0) listener.fetched();
}

const AccountRow* SignFetch::account() const {
  KJ_IF_MAYBE (row, accountRow) return row;
  return nullptr;
}

template <typename T, typename Take>
void SignFetch::await(kj::Promise<T> promise, Wallet* wallet, uint8_t share, Take take) {
  waiting++;
  if (wallet != nullptr) wallet->waiting++;
  fetches.add(promise
                  .then(
                      [this, wallet, take](T&& value) {
                        take(kj::mv(value));
                        arrived(wallet);
                      },
                      [this, wallet, share](kj::Exception&& exception) {
                        Fault fault = faultOf(exception);
                        if (fault.code == ErrorCode::UNKNOWN) logFault("B5101", "a store failed", exception);
                        if (fault.code == ErrorCode::REDIS_UNREACHABLE && wallet != nullptr && share >= 2) {
                          wallet->unreachable |= static_cast<uint8_t>(1u << (share - 1));
                          return arrived(wallet);
                        }
                        // What has not the form of shares is as good as none.
                        if (fault.code == ErrorCode::RECORD_REFUSED && wallet != nullptr && share >= 2 &&
                            !wallet->recovered) {
                          wallet->shares[share - 2] = ShareHash();
                          return arrived(wallet);
                        }
                        uint8_t which = fault.code == ErrorCode::RECORD_REFUSED ? share : 0;
                        auto& place = wallet != nullptr ? wallet->problem : accountProblem;
                        place = SignProblem{fault.code, kj::heapString(fault.detail), which};
                        arrived(wallet);
                      })
                  .eagerlyEvaluate(nullptr));
}

void SignFetch::fetchAccount() {
  if (!owner.isPerson()) return;
  await(owner.account(), nullptr, 0, [this](kj::Maybe<AccountRow>&& row) { accountRow = kj::mv(row); });
}

void SignFetch::fetch(Wallet& wallet) {
  if (wallet.selector.isId()) {
    memcpy(wallet.id.data(), wallet.selector.getId().begin(), wallet.id.size());
  } else {
    KJ_IF_MAYBE (id, owner.selectors.find(wallet.selector)) {
      wallet.id = *id;
      wallet.hinted = true;
    } else {
      return fetchBySelector(wallet);
    }
  }
  await(parts.wallets.wallet(wallet.id), &wallet, 1,
        [&wallet](kj::Maybe<WalletRow>&& row) { wallet.row = kj::mv(row); });
  fetchShares(wallet);
}

// Not known which wallet it is: one more round trip, once in a session.
void SignFetch::fetchBySelector(Wallet& wallet) {
  wallet.hinted = false;
  await(parts.wallets.walletBy(owner.id, storeSelector(wallet.selector)), &wallet, 1,
        [this, &wallet](kj::Maybe<WalletRow>&& row) {
          wallet.row = kj::mv(row);
          KJ_IF_MAYBE (found, wallet.row) {
            wallet.id = found->walletId;
            fetchShares(wallet);
          }
        });
}

void SignFetch::fetchShares(Wallet& wallet) {
  await(parts.redis1.shares(wallet.id), &wallet, 2, [&wallet](ShareHash&& found) { wallet.shares[0] = kj::mv(found); });
  await(parts.redis2.shares(wallet.id), &wallet, 3, [&wallet](ShareHash&& found) { wallet.shares[1] = kj::mv(found); });
}

void SignFetch::arrived(Wallet* wallet) {
  if (wallet != nullptr && --wallet->waiting == 0) settle(*wallet);
  if (--waiting == 0) listener.fetched();
}

// Everything about a wallet is there: judges it, or asks again.
void SignFetch::settle(Wallet& wallet) {
  if (wallet.problem != nullptr) return;
  KJ_IF_MAYBE (row, wallet.row) {
    Certificate certificate;
    if (matches(*row, owner.id, wallet.selector, certificate)) {
      if (row->deleted) {
        wallet.problem = SignProblem{ErrorCode::WALLET_DELETED, nullptr, 0};
        return;
      }
      if (wallet.unreachable != 0) return degrade(wallet);
      if (!holdsShares(wallet)) return;
      if (!wallet.selector.isId() && !wallet.hinted) owner.selectors.remember(wallet.selector, wallet.id);
      if (isDue(parts, row->expiresAt)) parts.keeper.noticeDue(wallet.id);
      return;
    }
    if (!row->readCertificate(certificate)) {
      wallet.problem = SignProblem{ErrorCode::RECORD_REFUSED, kj::str("the wallet's certificate can't be read"), 0};
      return;
    }
  }
  if (wallet.hinted) {
    owner.selectors.forget(wallet.selector);
    return fetchBySelector(wallet);
  }
  wallet.problem = SignProblem{ErrorCode::UNKNOWN_WALLET, nullptr, 0};
}

void SignFetch::readAgain(Wallet& wallet) {
  wallet.reads++;
  await(parts.wallets.wallet(wallet.id), &wallet, 1,
        [&wallet](kj::Maybe<WalletRow>&& now) { wallet.row = kj::mv(now); });
  fetchShares(wallet);
}

// Whether both Redis have the version that PostgreSQL names. If not, everything is read once more; then the share is
// missing, and the wallet is recovered.
bool SignFetch::holdsShares(Wallet& wallet) {
  constexpr uint8_t READS_AT_ONCE = 2, MOST_READS = 5;
  auto& row = KJ_ASSERT_NONNULL(wallet.row);
  for (uint8_t i = 0; i < 2; i++) {
    if (findVersion(wallet.shares[i].fields, row.version) != nullptr) continue;
    uint8_t share = static_cast<uint8_t>(i + 2);
    if (wallet.reads < READS_AT_ONCE) {
      readAgain(wallet);
    } else if (!wallet.recovered) {
      recover(wallet, share);
    } else if (wallet.reads < MOST_READS) {
      readAgain(wallet);  // the next rotation has passed by
    } else {
      wallet.problem = SignProblem{ErrorCode::SHARE_MISSING, nullptr, share};
    }
    return false;
  }
  return true;
}

void SignFetch::recover(Wallet& wallet, uint8_t share) {
  wallet.recovered = true;
  parts.keeper.noticeMissing();
  await(parts.keeper.recover(wallet.id, Wanted::BROKEN).then([]() { return true; }), &wallet, share,
        [this, &wallet](bool) { readAgain(wallet); });
}

// Shows the vault the recovery envelope in the place of a Redis that does not answer.
void SignFetch::degrade(Wallet& wallet) {
  if (KJ_ASSERT_NONNULL(wallet.row).recovery.size() > 0) return;
  parts.keeper.noticeDegraded(wallet.id, wallet.unreachable & 2 ? 1 : 2);
  await(parts.wallets.walletWithRecovery(wallet.id), &wallet, 1,
        [&wallet](kj::Maybe<WalletRow>&& now) { wallet.row = kj::mv(now); });
}

}  // namespace waas::broker
